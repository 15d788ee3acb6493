"""Nothing compressed is spoken: a small frame or answer never becomes a large one."""

from __future__ import annotations

import gzip
import zlib
from contextlib import suppress

import pytest
import trio

from platforms.transport import DialFailed, DialRefused, HttpClient, dial
from tests.platforms.media.servers import response, says, serving
from tests.platforms.transport.peers import Peer, listening

DEFLATE = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"
UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)
CODE = (1009).to_bytes(2)
BOMB = zlib.compress(bytes(50_000_000), 9)[2:-4]


def compressed(payload: bytes) -> bytes:
    """One text frame with the bit of RFC 7692, masked with zeros."""
    return b"\xc1\xff" + len(payload).to_bytes(8, "big") + bytes(4) + payload


async def test_an_offer_to_compress_is_not_taken() -> None:
    async with listening() as listener:
        stream = await trio.open_tcp_stream(*listener.address)
        await stream.send_all(UPGRADE + DEFLATE + b"\r\n")
        answer = bytes(await stream.receive_some(4096))
        await stream.aclose()
        assert answer.startswith(b"HTTP/1.1 101")
        assert b"extensions" not in answer.lower()


async def test_a_frame_that_is_compressed_all_the_same_ends_its_connection() -> None:
    async with listening() as listener:
        peer = await Peer.in_by(listener)
        await peer.stream.send_all(compressed(BOMB))
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

        with trio.fail_after(20):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(endless)
                while CODE not in heard:
                    more = await peer.stream.receive_some(4096)
                    assert more
                    heard += more
                nursery.cancel_scope.cancel()
        assert CODE in heard


async def test_a_server_that_compresses_unasked_is_no_websocket() -> None:
    async def answers(stream: trio.SocketStream) -> None:
        await stream.receive_some(4096)
        await stream.send_all(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: x\r\n" + DEFLATE + b"\r\n"
        )
        await stream.aclose()

    async with trio.open_nursery() as nursery:
        [listener] = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(trio.serve_listeners, answers, [listener])
        port = listener.socket.getsockname()[1]
        with pytest.raises((DialFailed, DialRefused)):
            async with dial(f"ws://127.0.0.1:{port}/"):
                pass
        nursery.cancel_scope.cancel()


async def test_an_answer_that_is_compressed_unasked_stays_as_it_came() -> None:
    """We ask for none (`identity`): its few bytes are judged, and not unpacked."""
    bomb = gzip.compress(bytes(20_000_000), 9)
    answers = {"/x": says(response(bomb, "Content-Encoding: gzip"))}
    async with serving(answers) as server:
        async with HttpClient(f"http://127.0.0.1:{server.port}") as client:
            answer = await client.request("GET", "x", max_bytes=len(bomb))
        assert answer.body == bomb
        assert b"accept-encoding: identity\r\n" in server.requests[0].lower()
