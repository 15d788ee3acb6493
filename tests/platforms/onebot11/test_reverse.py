"""Peers that dial us, over real sockets and under the platform's own supervisor."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
from attrs import evolve, frozen
from structlog.testing import capture_logs
from trio.testing import MockClock

from actors.kernel import Shutdown, System
from actors.messages import File
from actors.sender import OutcomeUnknown
from platforms.base import Secret, platform_tree
from platforms.onebot11 import OneBot11, OneBot11Config
from platforms.transport import Dial, DialRefused, SocketClosed, WebSocket, dial
from tests.platforms.base.hosts import FakeHost, saying
from tests.platforms.onebot11.test_session import message, ok

TOKEN = "t0k"


@frozen
class Listening:
    host: FakeHost
    system: System
    port: int

    def dials(
        self,
        account: str = "10001",
        role: str | None = "Universal",
        path: str = "/onebot/v11/ws",
        **more: str,
    ) -> "Dialled":
        headers = {"X-Self-ID": account, "Authorization": f"Bearer {TOKEN}"}
        if role is not None:
            headers["X-Client-Role"] = role
        headers |= {name.replace("_", "-"): value for name, value in more.items()}
        return Dialled(self.port, path, headers)


@frozen
class Dialled:
    port: int
    path: str
    headers: dict[str, str]

    def __call__(self) -> Dial:
        shown = [(name, value) for name, value in self.headers.items() if value]
        return dial(f"ws://127.0.0.1:{self.port}{self.path}", headers=shown)

    async def refused(self) -> int:
        with pytest.raises(DialRefused) as caught:
            async with self():
                pass
        return caught.value.status


@asynccontextmanager
async def listening(
    listen: str = "127.0.0.1:0", token: str | None = TOKEN
) -> AsyncIterator[Listening]:
    host = FakeHost()
    secret = None if token is None else Secret(token)
    platform = OneBot11(OneBot11Config(listen=listen, access_token=secret))
    with trio.fail_after(30):
        async with System(platform_tree("qq", platform, host.host()).actor) as system:
            while not (state := str(host.states.get(("qq", "")))).startswith("up"):
                await host.changed.wait()
            yield Listening(host, system, int(state.rstrip(")").rpartition(":")[2]))


async def say(socket: WebSocket, frame: dict[str, object]) -> None:
    await socket.send(json.dumps(frame))


async def answer_all(socket: WebSocket) -> None:
    """Be an implementation that sends whatever it is asked to."""
    try:
        while True:
            asked = json.loads(await socket.receive())
            await say(socket, ok(asked, {"message_id": 1}))
    except SocketClosed:
        pass


async def test_any_path_and_the_token_in_the_query_will_do() -> None:
    async with listening() as here:
        by_query = here.dials(
            "10002", None, f"/x?access_token={TOKEN}", Authorization=""
        )
        async with here.dials("10001", path="/")() as one, by_query() as two:
            await here.host.state("10001", "up")
            await here.host.state("10002", "up")
            await say(one, message(1, "a"))
            await say(two, message(1, "b"))
            await here.host.accepts(2)
            assert sorted(here.host.journal.texts()) == ["a", "b"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"Authorization": ""}, 401),
        ({"Authorization": "Bearer wrong"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"X_Self_ID": "../etc"}, 400),
        ({"X_Self_ID": ""}, 400),
        ({"X_Client_Role": "Emperor"}, 400),
    ],
)
async def test_who_is_refused_at_the_handshake(
    change: dict[str, str], status: int
) -> None:
    async with listening() as here:
        assert await here.dials(**change).refused() == status
        assert set(here.host.states) == {("qq", "")}, "no account came of it"


async def test_a_reply_goes_out_on_the_line() -> None:
    async with listening() as here, here.dials()() as socket, trio.open_nursery() as n:
        n.start_soon(answer_all, socket)
        line = await here.host.line("10001")
        assert (await line.send(saying("pong"))).id == "1"
        n.cancel_scope.cancel()


async def test_the_newest_connection_wins_and_the_old_one_is_closed() -> None:
    async with listening() as here, here.dials()() as old:
        await here.host.state("10001", "up")
        async with here.dials()() as new, trio.open_nursery() as nursery:
            with pytest.raises(SocketClosed) as closed:
                await old.receive()
            assert "newer connection" in closed.value.reason
            nursery.start_soon(answer_all, new)
            line = await here.host.line("10001")
            await line.send(saying("to the new one"))
            nursery.cancel_scope.cancel()


async def test_a_peer_that_comes_back_is_up_again_at_once() -> None:
    """Eight times in a row: by then a backoff would be minutes."""
    async with listening() as here:
        for n in range(1, 9):
            with trio.fail_after(20):
                async with here.dials()() as socket:
                    await say(socket, message(n))
                    await here.host.accepts(n)
        assert len(here.host.journal.accepted) == 8


async def test_a_crash_of_one_account_is_not_the_others_business() -> None:
    async with listening() as here, here.dials("10002")() as other:
        async with here.dials("10001")() as socket:
            await say(socket, message(1))
            await here.host.accepts(1)
            await socket.close(1011)
        await say(other, message(2))
        await here.host.accepts(2)
        assert str(here.host.states["qq", "10002"]) == "up"


async def test_a_frame_over_the_limit_ends_its_connection_with_1009() -> None:
    async with listening() as here, here.dials("10002")() as other:
        async with here.dials("10001")() as socket:
            await here.host.state("10001", "up")
            await socket.send("x" * (4 * 2**20 + 1))
            with pytest.raises(SocketClosed) as closed:
                await socket.receive()
            assert closed.value.code == 1009
        await say(other, message(2))
        await here.host.accepts(1)


async def test_two_hundred_at_once() -> None:
    async with listening() as here:
        everybody = trio.Event()
        up = 0

        async def live(n: int) -> None:
            nonlocal up
            async with here.dials(str(20_000 + n))() as socket:
                await say(socket, message(n))
                up += 1
                if up == 200:
                    everybody.set()
                await everybody.wait()
                await here.host.accepts(200)

        async with trio.open_nursery() as nursery:
            for n in range(1, 201):
                nursery.start_soon(live, n)
        assert len(here.host.journal.accepted) == 200


async def test_a_peer_that_never_reads_is_its_own_problem(
    mock_clock: MockClock,
) -> None:
    """Its sends end as unknown; the others do not notice."""
    async with listening() as here:
        stream = await trio.open_tcp_stream("127.0.0.1", here.port)
        async with stream, here.dials("10002")() as other, trio.open_nursery() as n:
            await stream.send_all(
                b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                b"X-Self-ID: 10001\r\nAuthorization: Bearer t0k\r\n\r\n"
            )
            n.start_soon(answer_all, other)
            mute = await here.host.line("10001")
            unknown = trio.Event()

            async def speak_to_the_wall() -> None:
                with pytest.raises(OutcomeUnknown):
                    await mute.send(evolve(saying("x"), body=(File(b"x" * 10**7),)))
                unknown.set()

            n.start_soon(speak_to_the_wall)
            line = await here.host.line("10002")
            for k in range(20):
                await line.send(saying("hi", key=f"k{k}"))
            assert not unknown.is_set()
            mock_clock.jump(10.5)
            await unknown.wait()
            await line.send(saying("still there", key="k"))
            n.cancel_scope.cancel()


async def test_a_taken_port_is_waited_for() -> None:
    host = FakeHost()
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listener.socket.getsockname()[1]
    platform = OneBot11(OneBot11Config(listen=f"127.0.0.1:{port}"))
    async with System(platform_tree("qq", platform, host.host()).actor):
        await host.state("", f"backing_off (port taken: 127.0.0.1:{port})")
        await listener.aclose()
        await host.state("", f"up (listens on 127.0.0.1:{port})")


async def test_leaving_says_goodbye_and_leaves_nothing_open() -> None:
    with capture_logs() as logs:
        async with listening() as here, here.dials()() as socket:
            await here.host.state("10001", "up")

            async def wait_for_the_end() -> None:
                with pytest.raises(SocketClosed) as closed:
                    await socket.receive()
                assert closed.value.polite

            async with trio.open_nursery() as nursery:
                nursery.start_soon(wait_for_the_end)
                await here.system.stop(Shutdown("test"))
            assert here.host.lines == {}
            assert str(here.host.states["qq", "10001"]) == "stopped"
    assert not [log for log in logs if log["log_level"] == "error"]
