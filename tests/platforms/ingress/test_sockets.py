"""WebSockets on the shared port: the handshake is read twice, and nobody notices."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked
from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Event,
    RejectConnection,
    RejectData,
    TextMessage,
)
from wsproto.events import Request as Upgrade

from platforms.ingress import Ingress, Request, Response
from platforms.transport import Gate, Handshake, WebSocket
from tests.platforms.ingress.clients import Client, connect
from tests.platforms.ingress.conftest import World


async def echo(socket: WebSocket) -> None:
    async for frame in socket:
        await socket.send(str(frame))


class Caller:
    """A WebSocket client on a connection that may have asked for pages before."""

    def __init__(self, client: Client) -> None:
        self.stream = client.stream
        self.ws = WSConnection(ConnectionType.CLIENT)
        self._events: list[Event] = []

    def handshake(self, path: str, **headers: str) -> bytes:
        extra = [(name.encode(), value.encode()) for name, value in headers.items()]
        return self.ws.send(
            Upgrade(host="127.0.0.1:8643", target=path, extra_headers=extra)
        )

    async def says(self, text: str) -> None:
        await self.stream.send_all(self.ws.send(TextMessage(data=text)))

    async def hears(self) -> Event:
        with trio.fail_after(60):
            while not self._events:
                self.ws.receive_data(
                    bytes(await self.stream.receive_some(65536)) or None
                )
                self._events += self.ws.events()
        return self._events.pop(0)

    async def hears_text(self) -> str:
        event = await self.hears()
        assert isinstance(event, TextMessage), event
        return event.data


async def dialled(client: Client, path: str = "/web/ws", **headers: str) -> Caller:
    caller = Caller(client)
    await caller.stream.send_all(caller.handshake(path, **headers))
    return caller


async def accepted(client: Client, path: str = "/web/ws", **headers: str) -> Caller:
    caller = await dialled(client, path, **headers)
    assert isinstance(await caller.hears(), AcceptConnection)
    return caller


async def test_many_join_one_platform(world: World) -> None:
    world.entrance.sockets("ws", echo)
    callers = [await accepted(world.client()) for _ in range(5)]

    for number, caller in enumerate(callers):
        await caller.says(f"{number} 你好")

    assert [await each.hears_text() for each in callers] == [
        f"{number} 你好" for number in range(5)
    ]


async def test_a_handshake_may_come_byte_by_byte(world: World) -> None:
    world.entrance.sockets("ws", echo)
    caller = Caller(world.client())
    handshake = caller.handshake("/web/ws")
    frame = bytes([0x81, 0x82, 0, 0, 0, 0]) + b"hi"

    for byte in handshake:  # one at a time: nothing hangs on how it is cut
        await caller.stream.send_all(bytes([byte]))
    await caller.stream.send_all(frame)

    assert isinstance(await caller.hears(), AcceptConnection)
    assert await caller.hears_text() == "hi"


async def test_a_frame_right_behind_the_handshake_is_heard(world: World) -> None:
    world.entrance.sockets("ws", echo)
    caller = Caller(world.client())
    frame = bytes([0x81, 0x82, 0, 0, 0, 0]) + b"hi"

    await caller.stream.send_all(caller.handshake("/web/ws") + frame)

    assert isinstance(await caller.hears(), AcceptConnection)
    assert await caller.hears_text() == "hi"


async def test_a_socket_may_come_on_a_line_that_was_used_before(world: World) -> None:
    async def page(_: Request) -> Response:
        return Response()

    world.entrance.page("", page)
    world.entrance.sockets("ws", echo)
    client = world.client()
    assert (await client.asks("/web/")).status == 200

    caller = await accepted(client)
    await caller.says("hello")

    assert await caller.hears_text() == "hello"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/web/ws", {"Origin": "http://evil.example"}, 403),
        ("/web/nothing", {}, 404),
        ("/nobody/ws", {}, 404),
        ("/ws", {}, 404),
    ],
)
async def test_who_may_not_come_in_is_told_before_the_upgrade(
    world: World, path: str, headers: dict[str, str], status: int
) -> None:
    world.entrance.sockets("ws", echo)
    caller = await dialled(world.client(), path, **headers)

    refused = await caller.hears()

    assert isinstance(refused, RejectConnection)
    assert refused.status_code == status
    assert isinstance(await caller.hears(), RejectData)


async def test_an_origin_that_is_listed_comes_in(world: World) -> None:
    gate = Gate(origins=frozenset({"https://chat.example"}))
    world.entrance.sockets("ws", echo, admit=gate)

    await accepted(world.client(), Origin="https://chat.example")


async def test_who_decides_sees_by_which_name_we_were_reached(world: World) -> None:
    seen: list[str | None] = []

    def admit(handshake: Handshake) -> None:
        seen.append(handshake.first("host"))

    world.entrance.sockets("ws", echo, admit=admit)
    await accepted(world.client())

    assert seen == ["127.0.0.1:8643"]


async def test_a_handler_that_raises_costs_its_own_socket(world: World) -> None:
    async def raises(socket: WebSocket) -> None:
        if await socket.receive() == "raise":
            raise RuntimeError
        await echo(socket)

    world.entrance.sockets("ws", raises)
    one, other = [await accepted(world.client()) for _ in range(2)]
    await other.says("live")
    await one.says("raise")

    end = await one.hears()
    assert isinstance(end, CloseConnection)
    assert end.code == 1011
    await other.says("on")
    assert await other.hears_text() == "on"


async def test_a_message_has_a_size(world: World) -> None:
    world.entrance.sockets("ws", echo, max_message_bytes=64 * 1024)
    caller = await accepted(world.client())

    await caller.says("x" * 70_000)

    end = await caller.hears()
    assert isinstance(end, CloseConnection)
    assert end.code == 1009


async def test_the_end_of_a_session_is_said(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    ingress = Ingress()
    async with ingress.entrance("web") as entrance:
        entrance.sockets("ws", echo)
        caller = await accepted(connect(ingress, nursery))
        await wait_all_tasks_blocked()

        async def answers() -> None:
            end = await caller.hears()
            assert isinstance(end, CloseConnection)
            assert end.code == 1001
            assert caller.ws.state is ConnectionState.REMOTE_CLOSING
            await caller.stream.send_all(caller.ws.send(end.response()))

        nursery.start_soon(answers)
