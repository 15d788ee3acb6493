"""Nothing compressed is spoken: a small frame or answer never becomes a large one."""

from __future__ import annotations

import gzip
import hashlib
import re
import zlib
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
import trio

from platforms.transport import DialFailed, HttpClient, SocketClosed, dial
from tests.platforms.media.servers import response, says, serving
from tests.platforms.transport.peers import Peer, listening

DEFLATE = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"
UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)
_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CODE = (1009).to_bytes(2)
BOMB = zlib.compress(bytes(50_000_000), 9)[2:-4]


def frame(first: int, payload: bytes, mask: bytes = b"") -> bytes:
    """One frame that begins with *first* (0xC1: a text with the bit of RFC 7692), its
    length written as it must be: else that would be what it is refused for.
    """
    size, masked = len(payload), 0x80 if mask else 0
    if size < 126:
        length = bytes([masked | size])
    elif size < 65_536:
        length = bytes([masked | 126]) + size.to_bytes(2, "big")
    else:
        length = bytes([masked | 127]) + size.to_bytes(8, "big")
    return bytes([first]) + length + mask + payload


async def test_an_offer_to_compress_is_not_taken() -> None:
    async with listening() as listener:
        stream = await trio.open_tcp_stream(*listener.address)
        await stream.send_all(UPGRADE + DEFLATE + b"\r\n")
        answer = bytes(await stream.receive_some(4096))
        await stream.aclose()
        assert answer.startswith(b"HTTP/1.1 101")
        assert b"extensions" not in answer.lower()


@pytest.mark.parametrize("size", [5, 200, 70_000])
async def test_a_frame_that_is_compressed_all_the_same_ends_its_connection(
    size: int,
) -> None:
    """Small ones are read by us, large ones by the library: both see the bit."""
    async with listening() as listener:
        fine = await Peer.in_by(listener)
        await fine.stream.send_all(frame(0x81, b"x" * size, bytes(4)))
        assert await fine.hears() == "x" * size, "but for the bit, it is a message"

        peer = await Peer.in_by(listener)
        await peer.stream.send_all(frame(0xC1, b"x" * size, bytes(4)))
        assert await peer.hears() in (None, 1002)
        other = await Peer.in_by(listener)
        await other.text("still here")
        assert await other.hears() == "still here"


async def test_fragments_without_an_end_have_one() -> None:
    """Endless text in small pieces: 1009 once it is larger than a message may be."""
    piece = b"\xfe\xff\xff" + bytes(4) + b"x" * 65_535
    async with listening() as listener:
        peer = await Peer.in_by(listener)
        heard = b""

        async def endless() -> None:
            await peer.stream.send_all(b"\x01" + piece)
            with suppress(trio.BrokenResourceError):
                while True:
                    await peer.stream.send_all(b"\x00" + piece)

        with trio.fail_after(60):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(endless)
                while CODE not in heard:
                    more = await peer.stream.receive_some(4096)
                    assert more
                    heard += more
                nursery.cancel_scope.cancel()
        assert CODE in heard


def accept_of(request: bytes) -> bytes:
    """What a server must say to the key in *request* (RFC 6455, section 4.2.2)."""
    key = re.search(rb"Sec-WebSocket-Key: *(\S+)\r\n", request, re.IGNORECASE)
    assert key
    return b64encode(hashlib.sha1(key[1] + _MAGIC).digest())


@asynccontextmanager
async def answering(extensions: bytes, *frames: bytes) -> AsyncIterator[str]:
    """A server that shakes hands as it must but for *extensions*, and says *frames*."""

    async def answers(stream: trio.SocketStream) -> None:
        async with stream:
            request = bytes(await stream.receive_some(4096))
            assert b"extensions" not in request.lower(), "we ask for none"
            head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            accept = b"Sec-WebSocket-Accept: " + accept_of(request) + b"\r\n"
            await stream.send_all(head + accept + extensions + b"\r\n")
            with suppress(trio.BrokenResourceError):
                for frame in frames:
                    await stream.send_all(frame)
                await stream.send_eof()
                while await stream.receive_some(4096):
                    pass

    async with trio.open_nursery() as nursery:
        [listener] = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(trio.serve_listeners, answers, [listener])
        yield f"ws://127.0.0.1:{listener.socket.getsockname()[1]}/"
        nursery.cancel_scope.cancel()


async def test_a_server_that_keeps_to_what_we_asked_for_is_heard() -> None:
    """So that the refusals below are for nothing else."""
    async with answering(b"", b"\x81\x05hello") as url, dial(url) as socket:
        assert await socket.receive() == "hello"


async def test_a_server_that_takes_what_we_did_not_offer_is_no_websocket() -> None:
    async with answering(DEFLATE, b"\x81\x05hello") as url:
        with pytest.raises(DialFailed, match="unrecognized extension"):
            async with dial(url):
                pass


@pytest.mark.parametrize(
    "refused",
    [
        frame(0xC1, zlib.compress(b"hello", 9)[2:-4]),
        frame(0xC1, BOMB),
        frame(0xC1, BOMB + BOMB),
        frame(0xC2, BOMB),
        b"\xc9\x00",  # a ping
        b"\x91\x05hello",  # the other bits mean nothing at all
        b"\xa1\x05hello",
    ],
)
async def test_a_server_that_compresses_unasked_is_not_heard(refused: bytes) -> None:
    """The bit of a frame says so, though nothing was agreed: the line ends, with 1002."""
    before = b"\x81\x05first"
    async with answering(b"", before + refused + b"\x81\x04last") as url:
        async with dial(url) as socket:
            assert await socket.receive() == "first"
            with trio.fail_after(60), pytest.raises(SocketClosed) as closed:
                await socket.receive()
        told = closed.value.code, closed.value.reason
        assert told == (1002, "Reserved bit set unexpectedly")


async def test_an_answer_that_is_compressed_unasked_stays_as_it_came() -> None:
    """We ask for none (`identity`): its few bytes are judged, and not unpacked."""
    bomb = gzip.compress(bytes(20_000_000), 9)
    answers = {"/x": says(response(bomb, "Content-Encoding: gzip"))}
    async with serving(answers) as server:
        async with HttpClient(f"http://127.0.0.1:{server.port}") as client:
            answer = await client.request("GET", "x", max_bytes=len(bomb))
        assert answer.body == bomb
        assert b"accept-encoding: identity\r\n" in server.requests[0].lower()
