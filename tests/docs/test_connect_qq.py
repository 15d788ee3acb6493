"""The page about QQ, followed to the letter: a real host and a real-looking peer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from tests.docs.pages import ROOT, blocks
from tests.e2e.conftest import HostProcess, free_port
from tests.fakes.onebot import FakeOneBot, text_of

PAGE = ROOT / "docs/how-to/connect-qq.md"
REVERSE, FORWARD = (block.text for block in blocks(PAGE, "toml"))
[_, LISTED] = (block.text for block in blocks(PAGE, "console"))


@pytest.fixture
def host(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[HostProcess]:
    """A host that runs the configuration of the test's parameter."""
    (tmp_path / "rookery.toml").write_text(request.param)
    host = HostProcess(tmp_path, env={"QQ_TOKEN": "from the page"})
    yield host
    host.end()


async def platforms(host: HostProcess) -> list[str]:
    done = await host.rookery("platforms")
    assert done.returncode == 0, done.stderr
    return [line.rstrip() for line in done.stdout.splitlines()]


async def shows(host: HostProcess, words: str) -> None:
    """Look again and again until *words* are in the list of platforms."""
    for _ in range(300):
        if any(words in line for line in await platforms(host)):
            return
        await trio.sleep(0.1)
    raise AssertionError(f"never saw {words!r} in {await platforms(host)}")


PORT = free_port()


@pytest.mark.parametrize(
    "host", [REVERSE.replace("6700", str(PORT))], ids=["reverse"], indirect=True
)
async def test_a_peer_that_dials_us_is_listed_and_answered(host: HostProcess) -> None:
    url = f"ws://127.0.0.1:{PORT}/onebot/v11/ws"
    await host.until("listener.opened")
    stranger, peer = FakeOneBot(token="a guess"), FakeOneBot(token="from the page")

    async with stranger.dialling(url, redial_seconds=60.0):
        refused = await host.until("websocket.refused")
    async with peer.dialling(url):
        await peer.says("/ping")
        assert text_of(await peer.hears("send_private_msg")) == "pong"
        listed = await platforms(host)

    assert (refused["status"], refused["why"]) == (403, "the access token is wrong")
    assert listed == [
        line.replace("6700", str(PORT)) for line in LISTED.splitlines()[1:]
    ]
    await shows(host, "connecting (waits for the peer to connect)")


OTHER = free_port()


@pytest.mark.parametrize(
    "host", [FORWARD.replace("3001", str(OTHER))], ids=["forward"], indirect=True
)
async def test_a_peer_that_listens_is_found_as_soon_as_it_is_there(
    host: HostProcess,
) -> None:
    await host.until("session.ended")
    [_, row] = await platforms(host)
    assert "backing_off (cannot connect to" in row

    peer = FakeOneBot(token="from the page")
    async with peer.serving(OTHER):
        await shows(host, "qq        10001    onebot11  up")
        sent = await host.rookery("send", "qq/10001/group:42", "good morning")
        said = await peer.hears("send_group_msg")

    assert sent.stdout.startswith("sent, message ")
    assert text_of(said) == "good morning"
