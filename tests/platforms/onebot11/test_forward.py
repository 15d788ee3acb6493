"""We dial the peer, on one socket or on two, under the platform's own supervisor."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from attrs import define, field

from actors.kernel import System
from actors.monitor import Phase
from platforms.base import Secret, platform_tree
from platforms.onebot11 import OneBot11, OneBot11Config
from platforms.transport import Gate, WebSocket, listen
from tests.platforms.base.hosts import FakeHost, saying
from tests.platforms.onebot11.test_session import message, ok

CONNECTED: dict[str, object] = {
    "post_type": "meta_event",
    "meta_event_type": "lifecycle",
    "sub_type": "connect",
    "time": 1_700_000_000,
    "self_id": 10001,
}


@define
class Implementation:
    """A OneBot implementation that is dialled; answers whatever it is asked."""

    port: int = 0
    greets: tuple[dict[str, object], ...] = (CONNECTED,)
    sockets: dict[str, WebSocket] = field(factory=dict)
    asked: list[tuple[str, str]] = field(factory=list)
    dialled: int = 0
    changed: trio.Event = field(factory=trio.Event)

    async def serve(self, socket: WebSocket) -> None:
        self.dialled += 1
        self.sockets[socket.path] = socket
        self._change()
        if not socket.path.endswith("/api"):
            for frame in self.greets:
                await socket.send(json.dumps(frame))
        async for raw in socket:
            frame = json.loads(raw)
            self.asked.append((socket.path, frame["action"]))
            self._change()
            data = {"user_id": 10001, "nickname": "rook", "message_id": 5}
            await socket.send(json.dumps(ok(frame, data)))

    async def says(self, frame: dict[str, object], path: str = "/") -> None:
        await self.sockets[path].send(json.dumps(frame))

    async def is_dialled(self, times: int) -> None:
        with trio.fail_after(60):
            while self.dialled < times:
                await self.changed.wait()

    def _change(self) -> None:
        self.changed.set()
        self.changed = trio.Event()


@asynccontextmanager
async def implementation(
    *greets: dict[str, object], token: str | None = None
) -> AsyncIterator[Implementation]:
    peer = Implementation(greets=greets)
    async with listen("127.0.0.1", 0, Gate(token), peer.serve) as listener:
        peer.port = listener.address[1]
        yield peer


@asynccontextmanager
async def dialling(url: str, token: str | None = None) -> AsyncIterator[FakeHost]:
    host = FakeHost()
    secret = None if token is None else Secret(token)
    config = OneBot11Config("forward", url=url, access_token=secret)
    tree = platform_tree("qq", OneBot11(config), host.host())
    async with System(tree.actor):
        yield host


async def test_one_socket_for_everything() -> None:
    async with (
        implementation(CONNECTED, token="t0k") as peer,
        dialling(f"ws://127.0.0.1:{peer.port}/", "t0k") as host,
    ):
        await host.state("10001", "up")
        await peer.says(message(1, "hello"))
        (event,) = await host.accepts(1)
        assert event.text == "hello"
        assert (await (await host.line("10001")).send(saying("x"))).id == "5"
        assert peer.asked == [("/", "send_group_msg")]
        assert ("qq", "") not in host.states, "it goes under its account now"


@pytest.mark.parametrize("end", ["api", "event"])
async def test_two_sockets_one_for_each_role(end: str) -> None:
    async with (
        implementation(CONNECTED) as peer,
        dialling(f"ws://127.0.0.1:{peer.port}/v11/{end}") as host,
    ):
        await host.state("10001", "up")
        await peer.says(message(1), "/v11/event")
        await host.accepts(1)
        assert (await (await host.line("10001")).send(saying("x"))).id == "5"
        assert peer.asked == [("/v11/api", "send_group_msg")]


async def test_one_of_two_lost_is_dialled_again_with_the_other() -> None:
    async with (
        implementation(CONNECTED) as peer,
        dialling(f"ws://127.0.0.1:{peer.port}/api") as host,
    ):
        await host.state("10001", "up")
        await peer.sockets["/event"].close(1011, "out of memory")
        await peer.is_dialled(4)
        await host.state("10001", "up")
        assert any("backing_off" in state for _, _, state in host.told)


async def test_who_we_are_is_asked_when_nobody_says_it() -> None:
    async with (
        implementation() as peer,
        dialling(f"ws://127.0.0.1:{peer.port}/") as host,
    ):
        await host.state("10001", "up")
        assert peer.asked == [("/", "get_login_info")]


async def test_any_event_says_who_we_are_and_is_not_lost_for_it() -> None:
    async with (
        implementation(message(7, "first words")) as peer,
        dialling(f"ws://127.0.0.1:{peer.port}/") as host,
    ):
        await host.accepts(1)
        assert host.journal.texts() == ["first words"]
        assert str(host.states["qq", "10001"]) == "up"
        assert peer.asked == []


@pytest.mark.parametrize("token", [None, "wrong"])
async def test_a_refused_token_needs_a_person(token: str | None) -> None:
    async with (
        implementation(token="t0k") as peer,
        dialling(f"ws://127.0.0.1:{peer.port}/", token) as host,
    ):
        await until(host, Phase.NEEDS_OPERATOR)
        assert "check the token" in host.states["qq", ""].why
        assert "wrong" not in host.states["qq", ""].why


async def test_a_token_refused_in_a_frame_needs_a_person_too() -> None:
    refusal: dict[str, object] = {
        "status": "failed",
        "retcode": 1403,
        "data": None,
        "message": "token is wrong",
        "echo": None,
    }
    async with (
        implementation(refusal) as peer,
        dialling(f"ws://127.0.0.1:{peer.port}/") as host,
    ):
        await until(host, Phase.NEEDS_OPERATOR)
        assert "token is wrong" in host.states["qq", ""].why


async def test_nobody_there_is_tried_again_until_somebody_is() -> None:
    host = FakeHost()
    (probe,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = probe.socket.getsockname()[1]
    await probe.aclose()
    config = OneBot11Config("forward", url=f"ws://127.0.0.1:{port}/")
    async with System(platform_tree("qq", OneBot11(config), host.host()).actor):
        await until(host, Phase.BACKING_OFF)
        said = f"cannot connect to ws://127.0.0.1:{port}/: Connection refused"
        assert host.states["qq", ""].why == said
        peer = Implementation()
        async with listen("127.0.0.1", port, Gate(), peer.serve):
            await host.state("10001", "up")


async def test_after_a_drop_it_is_dialled_again() -> None:
    async with (
        implementation(CONNECTED) as peer,
        dialling(f"ws://127.0.0.1:{peer.port}/") as host,
    ):
        await host.state("10001", "up")
        await peer.sockets["/"].close(1001)
        await peer.is_dialled(2)
        await host.state("10001", "up")
        await peer.says(message(1))
        await host.accepts(1)


async def until(host: FakeHost, phase: Phase) -> None:
    with trio.fail_after(60):
        while phase not in [state.phase for state in host.states.values()]:
            await host.changed.wait()
