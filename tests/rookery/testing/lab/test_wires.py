"""The far ends of a lab's wires, met by the transport that platforms use."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest
import trio
from trio.testing import MockClock

from platforms.transport import (
    DialRefused,
    HttpClient,
    HttpFailed,
    SocketClosed,
    dial,
    dial_lines,
)
from rookery.testing.lab.network import LabNetwork, Line
from rookery.testing.lab.wires import Gone, Lines, asked, met, requests

Serve = Callable[[trio.abc.Stream], Awaitable[None]]


@asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[LabNetwork]:
    async def answer(line: Line) -> None:
        with suppress(Gone):
            await serve(line.theirs)
        await line.theirs.aclose()

    async with trio.open_nursery() as nursery:
        yield LabNetwork(answer, nursery, lambda _: None)
        nursery.cancel_scope.cancel()


async def test_requests_come_one_after_the_other_on_one_connection() -> None:
    seen: list[object] = []

    async def serve(stream: trio.abc.Stream) -> None:
        async for request in requests(stream):
            seen.append((request.method, request.path, request.query, request.body))
            if request.path == "/bot/wait":
                await request.answer(429, b"slow", [("Retry-After", "7")])
            else:
                await request.answer(200, {"you": request.json["me"]})
        seen.append("closed")

    async with serving(serve) as network:
        async with HttpClient("https://x.test/bot", network=network) as http:
            answer = await http.request("POST", "say?to=a%20b&x=", body=b'{"me": 1}')
            assert (answer.status, answer.body) == (200, b'{"you": 1}')
            answer = await http.request("GET", "/wait")
            assert (answer.status, answer.retry_after, answer.body) == (429, 7, b"slow")
        with trio.fail_after(60):
            while seen[-1] != "closed":
                await trio.lowlevel.checkpoint()
    assert seen[:2] == [
        ("POST", "/bot/say", {"to": "a b", "x": ""}, b'{"me": 1}'),
        ("GET", "/bot/wait", {}, b""),
    ]
    assert len(network.dials) == 1


async def test_a_server_that_posts_reads_each_answer() -> None:
    ours, theirs = trio.testing.memory_stream_pair()

    async def answer() -> None:
        async for request in requests(theirs):
            assert (request.method, request.path) == ("POST", "/lab/")
            await request.answer(413 if len(request.body) > 5 else 200, {"n": 1})

    async with trio.open_nursery() as nursery:
        nursery.start_soon(answer)
        for body, status in ((b"a", 200), (b"too long", 413), (b"b", 200)):
            answered = await asked(ours, "POST", "/lab/", body, [("X-Token", "t")])
            assert (answered.status, answered.body) == (status, b'{"n": 1}')
        await theirs.aclose()
        with pytest.raises(Gone):
            await asked(ours, "POST", "/lab/")


async def test_a_server_that_leaves_gives_no_answer(autojump_clock: MockClock) -> None:
    async def serve(stream: trio.abc.Stream) -> None:
        async for _ in requests(stream):
            return

    async with (
        serving(serve) as network,
        HttpClient("http://x.test", network=network) as http,
    ):
        with pytest.raises(HttpFailed) as failed:
            await http.request("GET", "/")
    assert failed.value.went_out


async def test_a_websocket_is_refused_with_a_status() -> None:
    async def serve(stream: trio.abc.Stream) -> None:
        ws = await met(stream)
        assert (ws.path, ws.headers["x-self-id"]) == ("/v1?x=1", "7")
        await ws.refuse(403)

    headers = [("X-Self-ID", "7")]
    async with serving(serve) as network:
        with pytest.raises(DialRefused) as refused:
            async with dial("ws://x.test/v1?x=1", headers=headers, network=network):
                pass
    assert refused.value.status == 403


@pytest.mark.parametrize("size", [10, 200, 70_000])
async def test_frames_of_any_size_go_both_ways(size: int) -> None:
    heard: list[object] = []

    async def serve(stream: trio.abc.Stream) -> None:
        ws = await met(stream)
        await ws.accept()
        async for frame in ws:
            heard.append(frame)
            await ws.send({"back": frame})
        heard.append("over")

    async with serving(serve) as network:
        async with dial("wss://x.test/", network=network) as ws:
            await ws.ping()  # its library answers
            await ws.send(f'"{"x" * size}"')
            assert await ws.receive() == f'{{"back": "{"x" * size}"}}'
        with trio.fail_after(60):
            while heard[-1] != "over":
                await trio.lowlevel.checkpoint()
    assert heard == ["x" * size, "over"]


async def test_a_goodbye_has_a_code_and_a_cut_has_none() -> None:
    async def serve(stream: trio.abc.Stream) -> None:
        ws = await met(stream)
        await ws.accept()
        match await ws.receive():
            case "close":
                await ws.close(4004)
            case "vanish":
                await stream.aclose()
            case _:
                await ws.raw(b"\xff\xfe")

    codes = {}
    async with serving(serve) as network:
        for wish in ("close", "vanish", "rubbish"):
            async with dial("ws://x.test/", network=network) as ws:
                await ws.send(f'"{wish}"')
                with pytest.raises(SocketClosed) as closed:
                    await ws.receive()
                codes[wish] = closed.value.code
    assert codes == {"close": 4004, "vanish": 1006, "rubbish": 1007}


async def test_who_does_not_speak_websocket_is_gone() -> None:
    ends: list[type[BaseException]] = []

    async def serve(stream: trio.abc.Stream) -> None:
        try:
            await met(stream)
        except Gone:
            ends.append(Gone)

    async with serving(serve) as network:
        for word in (
            b"",
            b"PRIVMSG #x :hello\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        ):
            async with await network.connect("x.test", 80) as line:
                await line.send_all(word)
                assert isinstance(line, trio.abc.HalfCloseableStream)
                await line.send_eof()
                assert not await line.receive_some()
    assert ends == [Gone] * 3


async def test_lines_end_as_they_are_told_to(autojump_clock: MockClock) -> None:
    heard: list[str] = []

    async def serve(stream: trio.abc.Stream) -> None:
        line = Lines(stream, end=b"\n")
        await line.send("hello")
        await line.raw(b"caf\xe9")
        heard.extend([text async for text in line])

    async with serving(serve) as network:
        at = dial_lines("x.test", 6697, network=network)
        async with at as line:
            assert await line.receive() == "hello"
            assert await line.receive() == "caf\ufffd"
            await line.send("one")
            await line.send("two")
        await trio.sleep(1)
    assert heard == ["one", "two"]
