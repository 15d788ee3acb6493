"""The platform that the documents show runs as it is written, from a file of its own."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
from structlog.testing import capture_logs

from actors.kernel import System
from actors.messages import Chat, ChatKind, Sender
from actors.sender import OutcomeUnknown, Retry
from platforms.base import keys_of, platform_tree
from rookery.config import read_settings
from rookery.host.kinds import build
from rookery.kinds import Kinds
from tests.fakes.tinychat.server import SOURCE, TinyServer
from tests.platforms.base.hosts import FakeHost, saying

CONFIG = """
[platforms.tiny]
use = "tinychat.py:TinyChat"
url = "ws://127.0.0.1:{port}/"
token = {{ env = "TINY_TOKEN" }}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the platform in it, as an author has it."""
    shutil.copy(SOURCE, tmp_path / "tinychat.py")
    return tmp_path


@asynccontextmanager
async def living(
    folder: Path, server: TinyServer, token: str = "right", host: FakeHost | None = None
) -> AsyncIterator[FakeHost]:
    """The platform as a configuration would have it, in a tree of its own."""
    settings = read_settings(
        CONFIG.format(port=server.port),
        name="rookery.toml",
        kinds=Kinds(),
        env={"TINY_TOKEN": token},
        folder=folder,
    ).platforms["tiny"]
    host = host or FakeHost()
    with trio.fail_after(60):
        tree = platform_tree("tiny", build(settings), host.host())
        async with System(tree.actor, seed=1):
            yield host


async def test_it_hears_acknowledges_and_says(folder: Path) -> None:
    async with TinyServer().serving() as server, living(folder, server) as host:
        line = await host.line("rook", "tiny")
        await server.says("hello")
        [heard] = await host.accepts(1)
        assert (heard.id, heard.text) == ("m1", "hello")
        assert heard.chat == Chat(ChatKind.GROUP, "den")
        assert heard.sender == Sender("ann")
        await server.until(lambda: server.seen == [1])

        sent = await line.send(saying("hi", "group:den", "key-1"))
        assert sent.id == "s-key-1"
        assert server.said["key-1"] == {
            "op": "say",
            "ref": "key-1",
            "chat": "group:den",
            "text": "hi",
        }


async def test_nothing_is_acknowledged_before_it_is_journalled(folder: Path) -> None:
    async with TinyServer().serving() as server, living(folder, server) as host:
        line = await host.line("rook", "tiny")
        host.journal.held = trio.Event()
        await server.says("hello")
        # An answer overtakes the event that waits: what it proves is not a matter of time.
        assert (await line.send(saying("hi"))).id == "s-k1"
        assert host.journal.accepted == []
        assert server.seen == []
        host.journal.held.set()
        await server.until(lambda: server.seen == [1])


async def test_it_goes_on_where_it_was_after_a_drop(folder: Path) -> None:
    async with TinyServer().serving() as server, living(folder, server) as host:
        await host.line("rook", "tiny")
        await server.says("one")
        await host.accepts(1)
        await server.cut()
        await server.says("two")
        await server.until(lambda: len(server.hellos) == 2)
        await host.accepts(2)
        assert [hello["since"] for hello in server.hellos] == [None, "1"]
        assert host.journal.texts() == ["one", "two"]


async def test_it_goes_on_where_it_was_after_a_restart(folder: Path) -> None:
    """The host does not know yet whose login it is, and knows the cursor all the same."""
    host = FakeHost()
    async with TinyServer().serving() as server:
        async with living(folder, server, host=host):
            await server.until(lambda: server.hellos)
            await server.says("one")
            await host.accepts(1)
        await server.says("two")
        async with living(folder, server, host=host):
            await host.accepts(2)
    assert [hello["since"] for hello in server.hellos] == [None, "1"]
    assert host.journal.texts() == ["one", "two"]


async def test_a_request_ends_as_unknown_when_the_line_is_cut(folder: Path) -> None:
    server = TinyServer(acks=False)
    async with server.serving(), living(folder, server) as host:
        line = await host.line("rook", "tiny")
        async with trio.open_nursery() as nursery:

            async def say() -> None:
                with pytest.raises(OutcomeUnknown):
                    await line.send(saying("hi"))

            nursery.start_soon(say)
            await server.until(lambda: server.attempts)
            await server.cut()
        # The old way is closed, the new one is open, and the key is the same.
        with pytest.raises(Retry):
            await line.send(saying("hi"))
        server.acks = True
        await server.until(lambda: len(server.hellos) == 2)
        again = await host.line("rook", "tiny")
        assert again is not line
        assert (await again.send(saying("hi"))).id == "s-k1"
        assert server.attempts == ["k1", "k1"]
        assert len(server.said) == 1


async def test_a_token_that_is_refused_needs_an_operator(folder: Path) -> None:
    async with (
        TinyServer().serving() as server,
        living(folder, server, token="wrong") as host,
    ):
        address = f"ws://127.0.0.1:{server.port}/"
        why = f"{address} refused the WebSocket with HTTP status 401; check the token"
        await host.state("", f"needs_operator ({why})", "tiny")
    assert server.dialled == 1


async def test_its_beat_keeps_it_alive_and_a_silent_server_is_left(
    folder: Path,
) -> None:
    """B10: liveness is a deadline on receiving; what is sent meanwhile proves nothing."""
    server = TinyServer(interval=0.1)
    async with server.serving(), living(folder, server) as host:
        await server.until(lambda: server.pings > 1)
        await server.until(lambda: len(server.hellos) == 2)
        assert any("of silence, a heartbeat" in state for _, _, state in host.told)


async def test_rubbish_costs_itself_only(folder: Path) -> None:
    async with TinyServer().serving() as server:
        with capture_logs() as logs:
            async with living(folder, server) as host:
                line = await host.line("rook", "tiny")
                for text in (
                    "rubbish",
                    "[]",
                    '{"no": "op"}',
                    '{"op": "ack"}',
                    '{"op": "ack", "ref": "nobody", "id": "x"}',
                    f'{{"op": "x", "deep": {"[" * 70}{"]" * 70}}}',
                    '{"op": "unheard of"}',
                ):
                    await server.shout(text)
                await server.says("hello")
                await host.accepts(1)
                assert (await line.send(saying("hi"))).id == "s-k1"
        assert len(server.hellos) == 1
        assert [log["why"] for log in logs if log["event"] == "frame.refused"]


def test_its_table_is_described(folder: Path) -> None:
    kind = Kinds().used("tinychat.py:TinyChat", folder)
    assert [
        (k.name, k.type, k.required) for k in keys_of(kind.platform.config_type)
    ] == [
        ("url", "text", True),
        ("token", "secret", True),
    ]
