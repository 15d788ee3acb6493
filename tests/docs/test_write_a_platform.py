"""The platforms of the how-to talk to servers that speak as the page says."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from actors.kernel import System
from platforms.base import platform_tree
from platforms.transport import DialRefused, SocketClosed, WebSocket, dial
from rookery.config import read_settings
from rookery.host.kinds import build
from rookery.kinds import Kinds
from rookery.testing.lab import Case, Peer, prove
from tests.docs.pages import ROOT, blocks
from tests.docs.peers import DoorPeer, LinePeer, PollPeer, TicketPeer
from tests.platforms.base.hosts import FakeHost, saying
from tests.platforms.ingress.clients import connect
from tests.platforms.media.servers import Answer, response, serving

PAGE = ROOT / "docs/how-to/write-a-platform.md"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder where somebody has saved what stands on the page."""
    lines, polls, door, hooks, _ticket = blocks(PAGE, "python")
    (tmp_path / "linechat.py").write_text(lines.text)
    (tmp_path / "pollchat.py").write_text(polls.text)
    (tmp_path / "doorchat.py").write_text(door.text)
    (tmp_path / "hookchat.py").write_text(hooks.text)
    return tmp_path


@asynccontextmanager
async def living(folder: Path, table: str) -> AsyncIterator[FakeHost]:
    settings = read_settings(
        f"[platforms.mine]\n{table}",
        name="rookery.toml",
        kinds=Kinds(),
        env={},
        folder=folder,
    ).platforms["mine"]
    host = FakeHost()
    with trio.fail_after(30):
        tree = platform_tree("mine", build(settings), host.host())
        async with System(tree.actor, seed=1):
            yield host


async def test_the_one_that_speaks_in_lines(folder: Path) -> None:
    heard: list[str] = []

    async def serve(stream: trio.SocketStream) -> None:
        rest = b""
        while data := await stream.receive_some():
            *lines, rest = (rest + data).split(b"\r\n")
            for line in map(bytes.decode, lines):
                heard.append(line)
                match line.split(" ", 3):
                    case ["HELLO"]:
                        await stream.send_all(b"WELCOME rook\r\n")
                        await stream.send_all("MSG m1 den ann 你好 there\r\n".encode())
                    case ["SAY", key, _, _]:
                        await stream.send_all(f"OK {key} s1\r\n".encode())
                    case _:
                        pass

    async with trio.open_nursery() as nursery:
        [listener] = await trio.open_tcp_listeners(0, host="127.0.0.1")
        port = listener.socket.getsockname()[1]
        nursery.start_soon(trio.serve_listeners, serve, [listener])
        table = f'use = "linechat.py:LineChat"\nhost = "127.0.0.1"\nport = {port}\ntls = false\n'
        async with living(folder, table) as host:
            line = await host.line("rook", "mine")
            [event] = await host.accepts(1)
            assert (event.id, event.text, str(event.chat)) == (
                "m1",
                "你好 there",
                "group:den",
            )
            assert (await line.send(saying("a\nQUIT", "group:den"))).id == "s1"
            assert heard[-1] == "SAY k1 den a QUIT"
        nursery.cancel_scope.cancel()


async def test_the_one_that_polls(folder: Path) -> None:
    message = {"id": "m1", "number": 7, "room": "den", "who": "ann", "text": "hi"}
    asked = trio.Event()

    async def first(stream: trio.SocketStream, request: bytes) -> None:
        up_before.append(("mine", "me") in host.states)
        await stream.send_all(response(json.dumps([message]).encode()))

    up_before: list[bool] = []

    async def second(stream: trio.SocketStream, request: bytes) -> None:
        asked.set()
        await trio.sleep_forever()

    async def say(stream: trio.SocketStream, request: bytes) -> None:
        await stream.send_all(response(b'{"id": "s1"}'))

    answers: dict[str, Answer] = {
        "/new?after=0&timeout=0": first,
        "/new?after=7&timeout=50": second,
        "/say": say,
    }
    async with serving(answers) as server:
        table = f'use = "pollchat.py:PollChat"\nurl = "http://127.0.0.1:{server.port}"\ntoken = "t"\n'
        async with living(folder, table) as host:
            line = await host.line("me", "mine")
            await asked.wait()
            assert host.journal.texts() == ["hi"]
            assert host.journal.cursors["mine", "me"] == "7"
            assert up_before == [False]  # the server may still refuse us
            assert (await line.send(saying("hello"))).id == "s1"


async def test_the_one_that_is_dialled(folder: Path) -> None:
    """A newer socket of an account takes the place of the older, which is told why."""
    table = 'use = "doorchat.py:DoorChat"\nport = 0\ntoken = "t"\n'
    headers = [("X-Account", "rook"), ("Authorization", "Bearer t")]
    async with living(folder, table) as host:
        url = f"ws://{await listening(host)}/"
        with pytest.raises(DialRefused, match="401"):
            async with dial(url):
                pass
        async with dial(url, headers=headers) as older:
            line = await host.line("rook", "mine")
            message = {"id": "m1", "room": "den", "text": "hi"}
            await older.send(json.dumps(message))
            [event] = await host.accepts(1)
            assert (event.text, str(event.chat)) == ("hi", "group:den")
            async with dial(url, headers=headers) as newer:
                with pytest.raises(SocketClosed, match="took over"):
                    await older.receive()
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(answer, newer)
                    assert (await line.send(saying("hello"))).id == "s1"


async def listening(host: FakeHost) -> str:
    """Wait until the port is open; return where."""
    while True:
        state = host.states.get(("mine", ""))
        if state is not None and state.why.startswith("listens on "):
            return state.why.removeprefix("listens on ")
        await host.changed.wait()


async def answer(socket: WebSocket) -> None:
    asked = json.loads(await socket.receive())
    assert asked["text"] == "hello"
    await socket.send(json.dumps({"ok": asked["key"], "id": "s1"}))


PEERS: dict[str, type[Peer]] = {
    "LineChat": LinePeer,
    "PollChat": PollPeer,
    "DoorChat": DoorPeer,
    "TicketChat": TicketPeer,
}


@pytest.fixture(scope="module", params=PEERS)
def peer(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> type[Peer]:
    """The server of a platform that stands on the page."""
    name: str = request.param
    [block] = [each for each in blocks(PAGE, "python") if f"class {name}(" in each.text]
    file = tmp_path_factory.mktemp("mine") / "mine.py"
    file.write_text(block.text)
    platform = Kinds().used(f"mine.py:{name}", file.parent).platform
    known: type[Peer] = type(f"{name}Peer", (PEERS[name],), {"kind": platform})
    return known


@pytest.mark.parametrize("case", Case, ids=lambda case: case.name.lower())
def test_they_stand_what_every_platform_has_to(peer: type[Peer], case: Case) -> None:
    if excuse := prove(peer, case):
        pytest.skip(excuse)


async def test_the_one_that_is_posted_to(folder: Path, nursery: trio.Nursery) -> None:
    said: list[bytes] = []

    async def say(stream: trio.SocketStream, request: bytes) -> None:
        said.append(request)
        await stream.send_all(response(b"{}"))

    async with serving({"/say": say}) as server:
        table = f'use = "hookchat.py:HookChat"\nurl = "http://127.0.0.1:{server.port}"\nsecret = "s"\n'
        async with living(folder, table) as host:
            host.ingress.opened("memory")
            line = await host.line("me", "mine")
            client = connect(host.ingress, nursery)
            body = b'{"id": "m1", "room": "den", "who": "ann", "text": "hi"}'
            answer = await client.asks("/mine/", body, headers={"X-Secret": "s"})
            assert answer.status == 200
            assert host.journal.texts() == ["hi"]
            assert (await line.send(saying("hello"))).id == "k1"
            assert len(said) == 1
