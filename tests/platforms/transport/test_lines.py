"""Lines over TCP: whole, bounded, never torn, and over when they are over."""

from __future__ import annotations

import random
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
import trio
import trio.lowlevel
from hypothesis import given
from hypothesis import strategies as st

from platforms.transport import DialFailed, SocketClosed, dial_lines
from platforms.transport.lines import LineSplitter, TooLong, line_of

texts = st.text(
    st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), min_size=1
)


@given(st.lists(texts), st.lists(st.integers(0, 300)), st.booleans())
def test_lines_are_read_as_they_were_written_however_they_arrive(
    lines: list[str], cuts: list[int], bare: bool
) -> None:
    wire = b"".join(map(line_of, lines))
    if bare:
        wire = wire.replace(b"\r\n", b"\n")
    splitter, found, at = LineSplitter(), list[str](), 0
    for cut in [*sorted(cut for cut in cuts if cut <= len(wire)), len(wire)]:
        found += splitter.feed(wire[at:cut])
        at = cut
    assert found == lines


@given(st.binary(max_size=300))
def test_whatever_comes_is_text_or_too_long(data: bytes) -> None:
    splitter = LineSplitter(100)
    with suppress(TooLong):
        for line in splitter.feed(data + b"\n"):
            assert line
            assert "\n" not in line
            line.encode()
    assert len(splitter._rest) <= 300


def test_what_is_no_utf8_is_shown_and_kept() -> None:
    assert LineSplitter().feed(b"caf\xe9 au lait\r\nnext\n") == [
        "caf\ufffd au lait",
        "next",
    ]


def test_who_dials_may_know_better_what_is_no_utf8() -> None:
    splitter = LineSplitter(100, lambda line: line.decode("latin-1"))
    assert splitter.feed(b"caf\xe9\r\n") == ["caf\u00e9"]


def test_a_line_has_an_end() -> None:
    """A peer that never sends one must not eat the memory."""
    splitter = LineSplitter(10)
    assert splitter.feed(b"0123456789\r\n0123456789") == ["0123456789"]
    assert splitter.feed(b"\r") == []
    assert splitter.feed(b"\n") == ["0123456789"]
    with pytest.raises(TooLong, match="10 bytes at most"):
        splitter.feed(b"0123456789a")
    with pytest.raises(TooLong):
        LineSplitter(10).feed(b"0123456789a\n")


@pytest.mark.parametrize("text", ["a\nb", "a\rQUIT", "a\0b", "\n"])
def test_nobody_can_slip_a_second_line_in(text: str) -> None:
    """What a person says must never become a command of the protocol."""
    with pytest.raises(ValueError, match="no end of line"):
        line_of(text)


# --- over sockets ---------------------------------------------------------------------

Serve = Callable[[trio.abc.Stream], Awaitable[None]]


@asynccontextmanager
async def serving(
    serve: Serve, tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    async def handle(stream: trio.abc.Stream) -> None:
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            await serve(stream)

    async with trio.open_nursery() as nursery:
        if tls is None:
            listeners: list[trio.abc.Listener[trio.abc.Stream]] = [
                *await trio.open_tcp_listeners(0, host="127.0.0.1")
            ]
        else:
            listeners = [
                *await trio.open_ssl_over_tcp_listeners(0, tls, host="127.0.0.1")
            ]
        plain = listeners[0]
        if isinstance(plain, trio.SSLListener):
            plain = plain.transport_listener
        assert isinstance(plain, trio.SocketListener)
        nursery.start_soon(trio.serve_listeners, handle, listeners)
        yield plain.socket.getsockname()[1]
        nursery.cancel_scope.cancel()


async def echo(stream: trio.abc.Stream) -> None:
    while data := await stream.receive_some(65536):
        await stream.send_all(data)


async def test_lines_go_both_ways() -> None:
    async with (
        serving(echo) as port,
        dial_lines("127.0.0.1", port, tls=False) as socket,
    ):
        await socket.send("NICK rook")
        await socket.send("PRIVMSG #den :你好")
        assert await socket.receive() == "NICK rook"
        assert await socket.receive() == "PRIVMSG #den :你好"
        assert socket.closed is None


async def test_what_was_said_last_arrives_though_we_are_cancelled() -> None:
    heard = bytearray()
    over = trio.Event()

    async def listen(stream: trio.abc.Stream) -> None:
        while data := await stream.receive_some(65536):
            heard.extend(data)
        over.set()

    async with serving(listen) as port:
        with trio.CancelScope() as scope:
            async with dial_lines("127.0.0.1", port, tls=False) as socket:
                await socket.send("QUIT :leaving")
                scope.cancel()
                await trio.sleep_forever()
        with trio.fail_after(60):
            await over.wait()
    assert heard == b"QUIT :leaving\r\n"


async def test_the_end_of_the_peer_is_a_goodbye() -> None:
    async def leave(stream: trio.abc.Stream) -> None:
        await stream.send_all(b"ERROR :bye\r\n")
        await stream.aclose()

    async with (
        serving(leave) as port,
        dial_lines("127.0.0.1", port, tls=False) as socket,
    ):
        assert [line async for line in socket] == ["ERROR :bye"]
        with pytest.raises(SocketClosed, match="the peer closed the connection"):
            await socket.send("too late")


async def test_a_line_without_an_end_is_the_end() -> None:
    async def flood(stream: trio.abc.Stream) -> None:
        while True:
            await stream.send_all(b"x" * 4096)

    async with (
        serving(flood) as port,
        dial_lines("127.0.0.1", port, tls=False, max_line_bytes=10_000) as socket,
    ):
        with pytest.raises(SocketClosed, match="10,000 bytes at most") as ended:
            await socket.receive()
        assert not ended.value.polite


async def test_a_cancelled_send_tears_no_line() -> None:
    """One writer for each socket; who sends only hands over."""
    heard = bytearray()

    async def slowly(stream: trio.abc.Stream) -> None:
        while data := await stream.receive_some(10_000):
            heard.extend(data)
            await trio.lowlevel.checkpoint()

    chance = random.Random(7)
    sent: list[str] = []
    async with serving(slowly) as port:
        async with dial_lines("127.0.0.1", port, tls=False) as socket:
            for number in range(200):
                text = f"{number} " + "x" * chance.choice([1, 1_000, 100_000])
                with trio.move_on_after(chance.choice([0, 0.0005, 10])) as scope:
                    await socket.send(text)
                if not scope.cancelled_caught:
                    sent.append(text)
        whole = bytes(heard).decode().split("\r\n")
    assert whole.pop() == ""
    assert set(sent) <= set(whole)
    for line in whole:
        which, _, rest = line.partition(" ")
        assert which.isdigit()
        assert set(rest) == {"x"}


@pytest.mark.parametrize("trusted", [True, False])
async def test_tls_is_checked(*, trusted: bool) -> None:
    pem = Path(__file__).with_name("localhost.pem")
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_side.load_cert_chain(pem)
    client_side = ssl.create_default_context(cafile=pem if trusted else None)
    dial = partial(dial_lines, "localhost", tls=client_side)
    async with serving(echo, server_side) as port:
        if trusted:
            async with dial(port) as socket:
                await socket.send("你好" * 2_000)
                assert await socket.receive() == "你好" * 2_000
        else:
            with pytest.raises(DialFailed, match="certificate verify failed"):
                await dial(port).__aenter__()


async def test_who_is_not_there_is_said() -> None:
    async with serving(echo) as port:
        pass
    with pytest.raises(DialFailed, match=f"tcp://127.0.0.1:{port}: "):
        await dial_lines("127.0.0.1", port, tls=False).__aenter__()


async def test_a_mute_peer_does_not_hold_up_a_handshake() -> None:
    async def mute(stream: trio.abc.Stream) -> None:
        await trio.sleep_forever()

    async with serving(mute) as port:
        with pytest.raises(DialFailed, match=r"no answer within 0\.1 s"):
            await dial_lines("localhost", port, tls=True, within=0.1).__aenter__()
