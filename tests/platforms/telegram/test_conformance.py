"""Telegram stands what every platform has to stand, and nothing of it is excused."""

from rookery.testing.lab import Conformance
from tests.platforms.telegram.lab_peer import TelegramPeer, WebhookPeer


class TestTelegram(Conformance):
    peer = TelegramPeer


class TestWebhook(Conformance):
    peer = WebhookPeer


def test_nothing_is_declared_impossible() -> None:
    """An offset that is journalled, ids of messages, and a wait that is told."""
    assert TelegramPeer.cannot == WebhookPeer.cannot == {}
