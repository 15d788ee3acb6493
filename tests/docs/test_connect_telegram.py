"""The page about Telegram, followed to the letter: a real host and a real-looking server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from tests.docs.pages import ROOT, blocks
from tests.e2e.conftest import HostProcess, free_port
from tests.fakes.telegram import FakeTelegram
from tests.fakes.telegram.methods import TERMINATED

PAGE = ROOT / "docs/how-to/connect-telegram.md"
USUAL, HOOK, OWN = (block.text for block in blocks(PAGE, "toml"))
[_, LISTED] = (block.text for block in blocks(PAGE, "console"))


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[list[HostProcess]]:
    found: list[HostProcess] = []
    yield found
    for host in found:
        host.end()


def begin(folder: Path, config: str, hosts: list[HostProcess]) -> HostProcess:
    (folder / "rookery.toml").write_text(config)
    host = HostProcess(folder, env={"TELEGRAM_TOKEN": FakeTelegram().token})
    hosts.append(host)
    return host


async def test_a_bot_is_listed_and_answers(
    tmp_path: Path, hosts: list[HostProcess]
) -> None:
    fake = FakeTelegram()
    async with fake.serving() as url:
        config = USUAL.replace(
            'type = "telegram"', f'type = "telegram"\nbase_url = "{url}"'
        )
        host = begin(tmp_path, config, hosts)
        fake.says("/ping")
        assert (await fake.hears()).text == "pong"
        done = await host.rookery("platforms")
        rows = [line.rstrip() for line in done.stdout.splitlines()]
        assert rows == LISTED.splitlines()[1:]

        sent = await host.rookery("send", "tg/4242/group:-1001234", "good morning")
        assert sent.stdout.startswith("sent, message ")
        asked = await fake.hears()
        assert (asked.chat, asked.text) == (-1001234, "good morning")


async def test_a_server_of_ones_own_is_asked_and_a_conflict_is_shown(
    tmp_path: Path, hosts: list[HostProcess]
) -> None:
    fake = FakeTelegram()
    fake.on("getUpdates", TERMINATED)
    async with fake.serving() as url:
        host = begin(tmp_path, OWN.replace("http://127.0.0.1:8081", url), hosts)
        await fake.hears("getUpdates")
        state = ""
        while "degraded" not in state:
            with trio.fail_after(30):
                state = (await host.rookery("platforms")).stdout
        assert "degraded (conflict: Conflict: terminated by other getUpdates" in state


async def test_a_webhook_is_pushed_to(tmp_path: Path, hosts: list[HostProcess]) -> None:
    fake, port = FakeTelegram(), free_port()
    async with fake.serving() as url:
        config = HOOK.replace("8643", str(port)).replace(
            'public_url = "https://bots.example.org"',
            f'public_url = "http://127.0.0.1:{port}"\nbase_url = "{url}"',
        )
        begin(tmp_path, f'{config}\n[bots.demo]\nuse = "rookery.demo:bot"\n', hosts)
        fake.says("/ping")
        assert (await fake.hears()).text == "pong"
        assert fake.webhook.url == f"http://127.0.0.1:{port}/tg/"
