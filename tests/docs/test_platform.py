"""The platform on the front page: it really talks to a TinyChat, over a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from actors.kernel import System
from actors.messages import Chat, ChatAddress, ChatKind, Image, Outbound, Text
from actors.sender import OutcomeUnknown
from platforms.base import platform_tree
from rookery.config import ConfigRefused, read_settings
from rookery.host.kinds import build
from rookery.kinds import Kinds
from tests.docs.pages import READMES, blocks
from tests.fakes.tinychat.server import TinyServer
from tests.platforms.base.hosts import FakeHost, saying

CONFIG = """
[platforms.tiny]
use = "tinychat.py:TinyChat"
url = "ws://127.0.0.1:{port}/"
token = {{ env = "TINY_TOKEN" }}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder where somebody has saved what stands in the README."""
    [code] = [
        block.text
        for block in blocks(READMES[0], "python")
        if "(Platform[" in block.text
    ]
    (tmp_path / "tinychat.py").write_text(code)
    return tmp_path


@asynccontextmanager
async def living(
    folder: Path, server: TinyServer, token: str = "right"
) -> AsyncIterator[FakeHost]:
    """The platform as a configuration would have it, in a tree of its own."""
    settings = read_settings(
        CONFIG.format(port=server.port),
        name="rookery.toml",
        kinds=Kinds(),
        env={"TINY_TOKEN": token},
        folder=folder,
    ).platforms["tiny"]
    host = FakeHost()
    with trio.fail_after(30):
        tree = platform_tree("tiny", build(settings), host.host())
        async with System(tree.actor, seed=1):
            yield host


async def test_it_hears_acknowledges_and_says(folder: Path) -> None:
    async with TinyServer().serving() as server, living(folder, server) as host:
        line = await host.line("rook", "tiny")
        await server.says("hello there")
        [heard] = await host.accepts(1)
        assert (heard.id, heard.text) == ("m1", "hello there")
        assert heard.chat == Chat(ChatKind.GROUP, "den")
        assert heard.sender is not None
        assert heard.sender.id == "ann"
        await server.until(lambda: server.seen == [1])

        sent = await line.send(saying("hello", "group:den", "key-1"))
        assert sent.id == "s-key-1"
        assert server.said["key-1"]["text"] == "hello"


async def test_what_it_cannot_carry_is_told_in_words(folder: Path) -> None:
    address = ChatAddress("tiny", "rook", Chat(ChatKind.GROUP, "den"))
    picture = Image(b"...", alt="a rook")
    async with TinyServer().serving() as server, living(folder, server) as host:
        line = await host.line("rook", "tiny")
        sent = await line.send(
            Outbound(key="k", to=address, body=(Text("look: "), picture))
        )
        assert server.said["k"]["text"] == "look: [image a rook]"
        assert sent.degraded == "image as text"


async def test_a_lost_answer_is_unknown_and_it_goes_on_where_it_was(
    folder: Path,
) -> None:
    server = TinyServer(acks=False)
    async with server.serving(), living(folder, server) as host:
        line = await host.line("rook", "tiny")
        await server.says("one")
        await host.accepts(1)
        async with trio.open_nursery() as nursery:

            async def say() -> None:
                with pytest.raises(OutcomeUnknown):
                    await line.send(saying("goodbye"))

            nursery.start_soon(say)
            await server.until(lambda: server.attempts)
            await server.cut()
        await server.says("two")
        assert [event.text for event in await host.accepts(2)] == ["one", "two"]
        assert [hello["since"] for hello in server.hellos] == [None, "1"]


async def test_a_wrong_token_needs_an_operator(folder: Path) -> None:
    async with (
        TinyServer().serving() as server,
        living(folder, server, "wrong") as host,
    ):
        url = f"ws://127.0.0.1:{server.port}/"
        why = f"{url} refused the WebSocket with HTTP status 401; check the token"
        await host.state("", f"needs_operator ({why})", "tiny")
    assert server.dialled == 1


def test_its_configuration_is_read_like_any_other(folder: Path) -> None:
    with pytest.raises(ConfigRefused) as refused:
        read_settings(
            '[platforms.tiny]\nuse = "tinychat.py:TinyChat"\nurl = 5\n',
            name="rookery.toml",
            kinds=Kinds(),
            env={},
            folder=folder,
        )
    assert {fault.path for fault in refused.value.faults} == {
        "platforms.tiny.url",
        "platforms.tiny.token",
    }
