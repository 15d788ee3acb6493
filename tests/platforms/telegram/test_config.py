"""The configuration of a bot: what is wrong with it, and what needs a new connection."""

from __future__ import annotations

from attrs import evolve

from platforms.base import Secret, faults_of, keys_of, needs_reconnect
from platforms.telegram import Telegram, TelegramConfig

GOOD = TelegramConfig(Secret("4242:AAH-b_c"))


def faults(config: TelegramConfig) -> dict[str, str]:
    return {fault.key: fault.message for fault in faults_of(config)}


def test_a_token_is_all_it_takes() -> None:
    assert faults(GOOD) == {}
    assert Telegram.config_type is TelegramConfig
    assert [key.name for key in keys_of(TelegramConfig) if key.required] == ["token"]


def test_every_mistake_is_told_and_no_token() -> None:
    bad = TelegramConfig(Secret("sekrit"), "ftp://x", poll_seconds=0.5)
    found = faults(bad)
    assert set(found) == {"token", "base_url", "poll_seconds"}
    assert "sekrit" not in f"{found}{bad!r}"
    assert "an empty one" in faults(evolve(GOOD, token=Secret("")))["token"]
    assert "base_url" in faults(evolve(GOOD, base_url="https://x/?a=b"))


def test_a_webhook_is_where_telegram_can_push_to() -> None:
    hook = evolve(GOOD, mode="webhook")
    assert "got nothing" in faults(hook)["public_url"]
    assert faults(evolve(hook, public_url="https://bots.example.org/rooks")) == {}
    plain = evolve(hook, public_url="http://bots.example.org")
    assert "https://" in faults(plain)["public_url"]
    assert faults(evolve(plain, base_url="http://127.0.0.1:8081")) == {}
    assert "public_url" in faults(evolve(hook, public_url="bots.example.org"))
    assert "got one" in faults(evolve(GOOD, public_url="https://x.org"))["public_url"]


def test_how_long_a_poll_is_held_changes_without_a_new_connection() -> None:
    assert not needs_reconnect(GOOD, evolve(GOOD, poll_seconds=7.0))
    assert needs_reconnect(GOOD, evolve(GOOD, token=Secret("1:b")))
    assert needs_reconnect(GOOD, evolve(GOOD, base_url="http://127.0.0.1:8081"))
