"""The page about Matrix, followed to the letter: a real host and a homeserver of ours."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio

from tests.docs.pages import ROOT, blocks
from tests.e2e.conftest import HostProcess
from tests.fakes.matrix import FakeHomeserver

PAGE = ROOT / "docs/how-to/connect-matrix.md"
[CONFIG] = (block.text for block in blocks(PAGE, "toml"))
[BOT] = (block.text for block in blocks(PAGE, "python"))
CONSOLES = [block.text for block in blocks(PAGE, "console")]
ANN, EVE = "@ann:example.org", "@eve:elsewhere.example"


async def eventually(holds: object) -> None:
    assert callable(holds)
    with trio.fail_after(30):
        while not holds():  # noqa: ASYNC110 - what another process does rings no bell
            await trio.sleep(0.02)


async def test_whoever_may_invite_is_answered(tmp_path: Path) -> None:
    [listed] = [text for text in CONSOLES if text.startswith("$ rookery platforms")]
    server = FakeHomeserver("example.org")
    server.login("rook", "ROOKERY", token="from the page")
    async with server.serving() as url:
        config = CONFIG.replace("https://matrix.example.org", url)
        (tmp_path / "rookery.toml").write_text(config)
        host = HostProcess(tmp_path, env={"MATRIX_TOKEN": "from the page"})
        try:
            room = server.create(ANN, "@rook:example.org", direct=True)
            strange = server.create(EVE, "@rook:example.org")
            await eventually(lambda: room.membership("@rook:example.org") == "join")
            server.say(room.id, ANN, "/ping")
            said = "content", "body"
            await eventually(lambda: room.events[-1][1][said[0]].get(said[1]) == "pong")
            refused = await host.until("room.not_joined")
            assert refused["by"] == EVE
            assert strange.membership("@rook:example.org") == "invite"

            shown = await host.rookery("platforms")
            assert [line.rstrip() for line in shown.stdout.splitlines()] == [
                line.rstrip() for line in listed.splitlines()[1:]
            ]
            server.aliases["#den:example.org"] = room.id
            sends = next(text for text in CONSOLES if "rookery send" in text)
            for command in sends.splitlines():
                _, _, _, address, text = _words(command)
                sent = await host.rookery("send", address, text)
                assert sent.stdout.startswith("sent, message "), sent.stderr
                assert room.events[-1][1]["content"]["body"] == text

            server.log_out()
            ended = await host.until("session.ended")
            assert "the access token is refused" in str(ended["why"])
        finally:
            host.end()


def _words(command: str) -> list[str]:
    import shlex

    return shlex.split(command)


@pytest.mark.parametrize("by", [ANN, EVE])
async def test_a_bot_decides_whom_it_follows(tmp_path: Path, by: str) -> None:
    server = FakeHomeserver("example.org")
    server.login("rook", "ROOKERY", token="t")
    (tmp_path / "doorman.py").write_text(BOT)
    async with server.serving() as url:
        (tmp_path / "rookery.toml").write_text(
            f"""\
[bots.doorman]
use = "doorman.py"
[platforms.mx]
type = "matrix"
homeserver = "{url}"
access_token = "t"
join = "never"
"""
        )
        host = HostProcess(tmp_path)
        try:
            room = server.create(by, "@rook:example.org")
            await host.until("room.not_joined")
            if by == ANN:
                await eventually(lambda: room.membership("@rook:example.org") == "join")
            else:
                await trio.sleep(0.3)
                assert room.membership("@rook:example.org") == "invite"
        finally:
            host.end()
