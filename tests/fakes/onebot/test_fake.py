"""The fake does what its script says; seen through our own transport."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio

from platforms.transport import (
    DialRefused,
    Gate,
    SocketClosed,
    WebSocket,
    dial,
    listen,
)
from tests.fakes.onebot import FakeOneBot, Reply, TokenCheck, text_of


class Host:
    """A bot side that only remembers."""

    def __init__(self) -> None:
        self.sockets: dict[str, WebSocket] = {}
        self.frames: list[tuple[str, dict[str, Any]]] = []
        self.news = trio.Event()

    async def handle(self, socket: WebSocket) -> None:
        role = dict(socket.headers)["x-client-role"]
        self.sockets[role] = socket
        try:
            async for frame in socket:
                self.frames.append((role, json.loads(frame)))
                self.news.set()
                self.news = trio.Event()
        except SocketClosed:
            pass

    async def asks(self, role: str, name: str, echo: object = 1, **params: Any) -> None:
        frame = {"action": name, "params": params, "echo": echo}
        await self.sockets[role].send(json.dumps(frame))

    async def until(self, count: int) -> list[tuple[str, dict[str, Any]]]:
        with trio.fail_after(60):
            while len(self.frames) < count:
                await self.news.wait()
        return self.frames


@asynccontextmanager
async def reverse(fake: FakeOneBot, *roles: str) -> AsyncIterator[Host]:
    host = Host()
    async with listen("127.0.0.1", 0, Gate("t"), host.handle) as listener:
        address, port = listener.address
        url = f"ws://{address}:{port}/any?x=1"
        async with fake.dialling(url, roles=roles or ("Universal",)):
            await fake.connected(len(roles) or 1)
            yield host


async def test_each_role_carries_its_own() -> None:
    fake = FakeOneBot(10001, token="t")
    async with reverse(fake, "API", "Event") as host:
        await host.until(1)
        await fake.says("hello", user=14, message_id=-7)
        await host.until(2)
        await host.asks("API", "send_msg", {"any": ["echo"]}, message="hi", user_id=14)
        (_, hello), (event_role, said), (api_role, answer) = await host.until(3)

        assert hello["sub_type"] == "connect"
        assert (event_role, said["message_id"], said["raw_message"]) == (
            "Event",
            -7,
            "hello",
        )
        assert (api_role, answer["echo"]) == ("API", {"any": ["echo"]})
        assert answer["data"]["message_id"] == 1001
        assert text_of(await fake.hears("send_msg")) == "hi"
        assert dict(host.sockets["API"].headers)["x-self-id"] == "10001"


async def test_a_message_may_be_delivered_again_as_it_was() -> None:
    fake = FakeOneBot(token="t", says_hello=False)
    async with reverse(fake) as host:
        event = await fake.says("once", group=42)
        await fake.emit(event)
        await fake.emit(event)

        frames = [frame for _, frame in await host.until(3)]
        assert frames == [event] * 3
        assert event["group_id"] == 42


async def test_answers_come_late_never_or_by_hand() -> None:
    fake = FakeOneBot(token="t", says_hello=False)
    fake.on("late", Reply("late", after=0.02))
    fake.on("never", None)
    fake.on("fails", Reply(None, "failed", 100))
    async with reverse(fake) as host:
        began = trio.current_time()
        for name in ("late", "never", "fails", "unknown"):
            await host.asks("Universal", name, echo=name)
        answers = {a["echo"]: a["retcode"] for _, a in await host.until(3)}

        assert answers == {"fails": 100, "unknown": 1404, "late": 0}
        assert trio.current_time() - began >= 0.02

        held = await fake.hears("never")
        await fake.answers(held, Reply("after all"))
        assert (await host.until(4))[-1][1]["data"] == "after all"


async def test_silence_ends_every_word_but_not_the_line() -> None:
    fake = FakeOneBot(token="t", heartbeat_seconds=0.01)
    async with reverse(fake) as host:
        await host.until(3)
        fake.silent = True
        seen = len(host.frames)
        await host.asks("Universal", "get_status")
        await fake.hears("get_status")
        await trio.sleep(0.05)

        assert len(host.frames) <= seen + 1  # one may have been on its way
        assert host.sockets["Universal"].closed is None


async def test_losing_the_account_is_said_by_heartbeat_and_status() -> None:
    fake = FakeOneBot(token="t", says_hello=False)
    async with reverse(fake) as host:
        await fake.goes(online=False)
        await host.asks("Universal", "get_status")
        (_, beat), (_, status) = await host.until(2)

        assert beat["status"]["online"] is False
        assert status["data"]["online"] is False


async def test_a_cut_line_is_dialled_again() -> None:
    host, fake = Host(), FakeOneBot(token="t")
    async with listen("127.0.0.1", 0, Gate("t"), host.handle) as listener:
        url = f"ws://127.0.0.1:{listener.address[1]}"
        async with fake.dialling(url, redial_seconds=0.01):
            await fake.connected()
            await fake.drops()
            await fake.disconnected()
            await fake.connected()

    assert len(fake.ends) == 2


async def test_a_refused_dial_is_remembered() -> None:
    fake = FakeOneBot(token="wrong")
    async with (
        listen("127.0.0.1", 0, Gate("t"), Host().handle) as listener,
        fake.dialling(f"ws://127.0.0.1:{listener.address[1]}"),
    ):
        await fake.refused()

    assert fake.refusals == [403]


@pytest.mark.parametrize("path", ["/", "/event"])
async def test_it_can_be_dialled(path: str) -> None:
    fake = FakeOneBot(token="t")
    async with fake.serving() as url:
        async with dial(url + path, headers=[("Authorization", "Bearer t")]) as socket:
            assert json.loads(await socket.receive())["sub_type"] == "connect"
            await fake.says("hello")
            assert json.loads(await socket.receive())["raw_message"] == "hello"
        await fake.disconnected()


async def test_the_api_socket_carries_no_events() -> None:
    fake = FakeOneBot(token="t")
    async with fake.serving() as url, dial(f"{url}/api?access_token=t") as socket:
        await fake.connected()
        await fake.beats()
        await socket.send('{"action": "get_login_info", "echo": 9007199254740993}')

        answer = json.loads(await socket.receive())
        assert answer["echo"] == 9007199254740993


async def test_a_wrong_token_is_met_in_both_known_ways() -> None:
    fake = FakeOneBot(token="t")
    async with fake.serving() as url:
        with pytest.raises(DialRefused) as refused:
            async with dial(f"{url}?access_token=x"):
                pass
    async with (
        fake.serving(token_check=TokenCheck.AFTER_UPGRADE) as url,
        dial(f"{url}?access_token=x") as socket,
    ):
        assert json.loads(await socket.receive())["retcode"] == 1403
        with pytest.raises(SocketClosed) as closed:
            await socket.receive()

    assert refused.value.status == 403
    assert closed.value.code == 1008


async def test_what_is_no_action_is_kept_as_nonsense() -> None:
    fake = FakeOneBot()
    async with fake.serving() as url, dial(url) as socket:
        for frame in ("{", "[]", "{}", '{"action": "get_status", "params": null}'):
            await socket.send(frame)
        await fake.hears("get_status")

    assert fake.nonsense == ["{", "[]", "{}"]
