"""The platform on the front page: it really talks to a TinyChat, over a real socket."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from types import ModuleType
from typing import Any

import pytest
import trio
import trio_websocket
from attrs import define, field

from actors.kernel import System
from actors.messages import Chat, ChatAddress, ChatKind, Image, Outbound, Text
from actors.sender import OutcomeUnknown, Rejected
from platforms.base import platform_tree
from rookery.config import ConfigRefused, PlatformSettings, read_settings
from rookery.kinds import Kinds
from tests.docs.pages import READMES, blocks
from tests.platforms.base.hosts import FakeHost, saying

CONFIG = """
[platforms.tiny]
type = "tinychat"
url = "ws://127.0.0.1:{port}/"
token = {{ env = "TINY_TOKEN" }}
"""


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module that stands in the README."""
    [code] = [
        block.text
        for block in blocks(READMES[0], "python")
        if "(Platform[" in block.text
    ]
    module = ModuleType("tinychat_on_the_front_page")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(code, "README.md", "exec", dont_inherit=True), module.__dict__)
    return module


@define
class TinyServer:
    """Somebody's TinyChat: lets in who knows the token, acknowledges what is said."""

    port: int = 0
    said: list[dict[str, str]] = field(factory=list)
    tokens: list[str] = field(factory=list)
    welcomed: int = 0
    _sockets: list[trio_websocket.WebSocketConnection] = field(factory=list)

    async def serve(self, request: trio_websocket.WebSocketRequest) -> None:
        ws = await request.accept()
        with suppress(trio_websocket.ConnectionClosed):
            await self._talk(ws)

    async def _talk(self, ws: trio_websocket.WebSocketConnection) -> None:
        hello = json.loads(await ws.get_message())
        self.tokens.append(hello["token"])
        if hello != {"op": "hello", "token": "right"}:
            await ws.send_message('{"op": "denied"}')
            await ws.get_message()
        self.welcomed += 1
        self._sockets.append(ws)
        await ws.send_message("this is no frame")
        await ws.send_message('{"op": "welcome", "me": "rook"}')
        await self.tell(ws, f"m{self.welcomed}", "hello there")
        while True:
            say = json.loads(await ws.get_message())
            self.said.append(say)
            ack = {"op": "ack", "ref": say["ref"], "id": f"s{len(self.said)}"}
            if say["text"] == "spam":
                ack["error"] = "not in here"
            if say["text"] == "goodbye":
                await ws.aclose(1000)
            await ws.send_message(json.dumps(ack))

    async def tell(
        self, ws: trio_websocket.WebSocketConnection, id_: str, text: str
    ) -> None:
        frame = {"op": "msg", "id": id_, "in": "den", "by": "ann", "text": text}
        await ws.send_message(json.dumps(frame))


@asynccontextmanager
async def serving() -> AsyncIterator[TinyServer]:
    server = TinyServer()
    async with trio.open_nursery() as nursery:
        opened = await nursery.start(
            trio_websocket.serve_websocket, server.serve, "127.0.0.1", 0, None
        )
        server.port = opened.port
        yield server
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def living(tiny: Any, port: int, token: str) -> AsyncIterator[FakeHost]:
    """The platform as a configuration would have it, in a tree of its own."""
    settings = read_settings(
        CONFIG.format(port=port),
        name="rookery.toml",
        kinds=Kinds.of(tiny.TinyChat),
        env={"TINY_TOKEN": token},
    )
    found: PlatformSettings = settings.platforms["tiny"]
    host = FakeHost()
    platform = tiny.TinyChat(found.config)
    with trio.fail_after(30):
        async with System(platform_tree("tiny", platform, host.host()).actor, seed=1):
            yield host


async def test_it_hears_and_says(tiny: Any) -> None:
    async with serving() as server, living(tiny, server.port, "right") as host:
        line = await host.line("rook", "tiny")
        [heard] = await host.accepts(1)
        assert (heard.id, heard.text) == ("m1", "hello there")
        assert heard.chat == Chat(ChatKind.GROUP, "den")
        assert heard.sender is not None
        assert heard.sender.id == "ann"

        sent = await line.send(saying("hello", "group:den", "key-1"))
        assert sent.id == "s1"
        assert server.said == [
            {"op": "say", "ref": "key-1", "to": "den", "text": "hello"}
        ]
        with pytest.raises(Rejected, match="not in here"):
            await line.send(saying("spam"))


async def test_what_it_cannot_carry_is_told_in_words(tiny: Any) -> None:
    address = ChatAddress("tiny", "rook", Chat(ChatKind.GROUP, "den"))
    picture = Image(b"...", alt="a rook")
    async with serving() as server, living(tiny, server.port, "right") as host:
        line = await host.line("rook", "tiny")
        sent = await line.send(
            Outbound(key="k", to=address, body=(Text("look: "), picture))
        )
        assert server.said[-1]["text"] == "look: [image a rook]"
        assert sent.degraded == "image as text"


async def test_a_lost_answer_is_unknown_and_the_line_comes_back(tiny: Any) -> None:
    async with serving() as server, living(tiny, server.port, "right") as host:
        line = await host.line("rook", "tiny")
        with pytest.raises(OutcomeUnknown):
            await line.send(saying("goodbye"))
        assert [event.id for event in await host.accepts(2)] == ["m1", "m2"]
        assert await host.line("rook", "tiny") is not line


async def test_a_wrong_token_needs_an_operator(tiny: Any) -> None:
    async with serving() as server, living(tiny, server.port, "wrong") as host:
        why = "needs_operator (the server refuses our token)"
        await host.state("", why, "tiny")
        assert server.tokens == ["wrong"]


def test_its_configuration_is_read_like_any_other(tiny: Any) -> None:
    with pytest.raises(ConfigRefused) as refused:
        read_settings(
            '[platforms.tiny]\ntype = "tinychat"\nurl = 5\n',
            name="rookery.toml",
            kinds=Kinds.of(tiny.TinyChat),
            env={},
        )
    assert {fault.path for fault in refused.value.faults} == {
        "platforms.tiny.url",
        "platforms.tiny.token",
    }
