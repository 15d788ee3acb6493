"""A real host on a Bot API of ours: killed at the worst moments, and no token anywhere."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from tests.e2e.conftest import HostProcess, Start, free_port
from tests.fakes.telegram import FakeTelegram, Reply

CONFIG = """\
[bots.demo]
use = "rookery.demo:bot"
[platforms.tg]
type = "telegram"
token = {{ env = "TELEGRAM_TOKEN" }}
base_url = "{url}"
"""
WEBHOOK = """\
mode = "webhook"
public_url = "http://127.0.0.1:{port}"
[ingress]
listen = "127.0.0.1:{port}"
"""


@asynccontextmanager
async def telegram(folder: Path) -> AsyncIterator[FakeTelegram]:
    fake = FakeTelegram()
    async with fake.serving() as url:
        (folder / "rookery.toml").write_text(CONFIG.format(url=url))
        yield fake


def contents_of(folder: Path) -> dict[str, bytes]:
    return {
        str(file): file.read_bytes() for file in folder.rglob("*") if file.is_file()
    }


def begin(start: Start, fake: FakeTelegram) -> HostProcess:
    return start(env={"TELEGRAM_TOKEN": fake.token})


async def test_killed_between_the_journal_and_the_next_poll_it_handles_once(
    start: Start, tmp_path: Path
) -> None:
    """B23, B36: what is told again is known again, also by the next process."""
    async with telegram(tmp_path) as fake:
        # The second poll, which would confirm the first, never gets through.
        fake.on("getUpdates", None, Reply(after=3600.0))
        message = fake.says("/ping")
        update = {"update_id": 1, "message": message}
        host = begin(start, fake)
        assert (await fake.hears()).text == "pong"
        assert len(fake.waiting) == 1, "Telegram does not know that we have it"
        await host.leave(signal.SIGKILL)

        fake.on("getUpdates", Reply([update]), None)
        fake.says("/ping", by=15)
        begin(start, fake)
        assert (await fake.hears()).chat == 15
        await trio.sleep(0.5)
        assert [each.chat for each in fake.asked if each.text == "pong"] == [14, 15]
        polls = [each for each in fake.asked if each.method == "getUpdates"]
        assert polls[-1].params["offset"] == "3"


async def test_what_is_said_while_nobody_is_there_is_answered_by_the_next(
    start: Start, tmp_path: Path
) -> None:
    async with telegram(tmp_path) as fake:
        host = begin(start, fake)
        fake.says("/ping")
        await fake.hears()
        await host.leave(signal.SIGKILL)
        for user in (20, 21, 22):
            fake.says("/ping", by=user)
        begin(start, fake)
        assert {(await fake.hears()).chat for _ in range(3)} == {20, 21, 22}


async def test_the_token_stands_nowhere(start: Start, tmp_path: Path) -> None:
    """Not in a log, an error, a row: also where every request fails, and says why."""
    async with telegram(tmp_path) as fake:
        host = begin(start, fake)
        fake.hangs_up |= {"sendMessage", "getFile"}
        fake.does(photo=[{"file_id": "f", "width": 1, "height": 1}], caption="look")
        fake.says("/ping")
        await fake.hears()
        await host.until("delivery.failed")
        fake.on("getUpdates", Reply(code=502, body=b"<html>"))
        fake.says("x")
        await host.until("session.ended")
        listed = await host.rookery("outbox", "list")
        shown = await host.rookery("platforms")
        assert await host.leave() == 0
    secret = fake.token.partition(":")[2]
    written = contents_of(tmp_path)
    assert any(name.endswith(".sqlite") for name in written)
    assert [name for name, data in written.items() if secret.encode() in data] == []
    assert secret not in listed.stdout + shown.stdout
    assert "***/sendMessage" in host.text(), "it is told which request it was"


async def test_what_is_pushed_survives_a_kill_too(start: Start, tmp_path: Path) -> None:
    """What was not answered with 200 is pushed again, to the next process."""
    port = free_port()
    async with telegram(tmp_path) as fake:
        with (tmp_path / "rookery.toml").open("a") as file:
            file.write(WEBHOOK.format(port=port))
        host = begin(start, fake)
        fake.says("/ping")
        assert (await fake.hears()).text == "pong"
        await host.leave(signal.SIGKILL)
        for user in range(20, 40):
            fake.says("/ping", by=user)
        begin(start, fake)
        assert {(await fake.hears()).chat for _ in range(20)} == set(range(20, 40))
        assert len([text for text in fake.texts() if text == "pong"]) == 21
        assert "getUpdates" not in {each.method for each in fake.asked}
