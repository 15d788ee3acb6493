"""What is fuzzed: of each codec, what it starts from, and everything that must hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Final

import trio
from attrs import frozen
from trio.testing import MockClock

from platforms.ingress import Ingress, Request, anybody
from platforms.irc import wire as irc
from platforms.objects import NoObject
from platforms.transport import MAX_LINE_BYTES
from platforms.transport.lines import LineSplitter, TooLong
from platforms.webchat import wire as webchat
from tests.platforms.matrix import test_fuzz as matrix
from tests.platforms.onebot11 import test_fuzz as onebot11
from tests.platforms.telegram import test_fuzz as telegram
from tests.platforms.transport import test_sieve as sieve

_FRAMES: Final = Path(__file__).parents[1] / "platforms"


@frozen
class Target:
    """One codec."""

    survives: Callable[[bytes], None]
    """Does with the bytes all that a session does; raises where something is wrong."""
    seeds: Callable[[], Iterable[bytes]]
    """What real peers have sent."""
    json: bool = True
    """Whether JSON is spoken: it is broken from inside then, too."""


# --- IRC ------------------------------------------------------------------------------


def _irc(data: bytes) -> None:
    """A connection: while it registers, and what is told and asked later."""
    who = irc.Who("rook", "rook", "Rook", "secret", "rook", "secret")
    known = irc.Known("rook", "rook")
    registration, confirming = (
        irc.Registration(who, known, "nonce"),
        irc.Confirming(known),
    )
    registration.begin()
    confirming.asks("k1", "PRIVMSG", "#rookery", labelled=len(data) % 2 == 0)
    try:
        texts = LineSplitter(MAX_LINE_BYTES, irc.decode).feed(data)
    except TooLong:
        return
    for text in texts:
        line = irc.parse(text)
        if line is None:
            continue
        json.dumps(line.raw())
        if registration.done:
            for event in irc.to_inbound(line, known, "fresh"):
                assert event.id
                assert event.event.isprintable()
                assert event.chat is None or event.chat.id
                assert event.sent_at_utc is None or event.sent_at_utc >= 0
                json.dumps(event.raw)
            known.hear(line)
        else:
            try:
                answers = registration.hear(line)
            except irc.Refused:
                return
            for answer in answers:
                assert not set(answer) & set("\r\n\0")
        confirming.hear(line)
    assert irc.room("#rookery", known.nick, known.mask, known.support) > 0


def _irc_seeds() -> list[bytes]:
    lines = [
        json.loads(each)["line"].encode("utf-8", "surrogateescape")
        for each in (_FRAMES / "irc/frames/frames.jsonl")
        .read_text("utf-8")
        .splitlines()
    ]
    told = b":s 001 rook :hi\r\n:s 005 rook CASEMAPPING=ascii NICKLEN=9 :ok\r\n:s 422 rook :-\r\n"
    return [b"\r\n".join((*some, b"")) for some in pairwise(lines)] + [
        told + line + b"\r\n" for line in lines
    ]


# --- the ingress ----------------------------------------------------------------------


def _ingress(data: bytes) -> None:
    """A connection on which *data* comes, in two pieces; another one is served."""
    raised: list[Exception] = []

    async def takes(request: Request) -> None:
        try:
            request.json()
        except NoObject:
            raise
        except Exception as error:  # it would be answered, and logged
            raised.append(error)

    async def main() -> None:
        ingress = Ingress()
        async with ingress.entrance("web") as entrance, trio.open_nursery() as nursery:
            entrance.hook("", takes, admit=anybody)
            ours, theirs = trio.testing.memory_stream_pair()
            nursery.start_soon(ingress.serve, theirs, "test:0")
            half = len(data) // 2
            with suppress(trio.BrokenResourceError):
                for piece in (data[:half], data[half:]):
                    await ours.send_all(piece)
                    await trio.testing.wait_all_tasks_blocked()
                await ours.send_eof()
            with suppress(trio.BrokenResourceError), trio.fail_after(100):
                while answer := await ours.receive_some():
                    assert b"500 Internal" not in answer[:100]
            await trio.aclose_forcefully(ours)
        assert ingress.crowd.size == 0

    trio.run(main, clock=MockClock(autojump_threshold=0))
    assert not raised


def _ingress_seeds() -> list[bytes]:
    update = telegram.batch(telegram.UPDATES[0])
    post = b"POST /web/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    return [
        b"GET /web/hello?a=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"HEAD / HTTP/1.0\r\n\r\n",
        post + b"Content-Length: %d\r\n\r\n" % len(update) + update,
        post + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
        post + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        post + b"Content-Length: 2\r\n\r\n{}" + post + b"Content-Length: 2\r\n\r\n[]",
        (
            b"GET /web/ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
        ),
    ]


# --- web chat, WebSockets -------------------------------------------------------------


def _webchat(data: bytes) -> None:
    try:
        frame = webchat.read(data)
    except webchat.Unfit:
        return
    if isinstance(frame, webchat.Say):
        assert 0 < len(frame.body) <= webchat.MAX_PARTS
        assert all(bool(part.text) != bool(part.file) for part in frame.body)
    if isinstance(frame, webchat.Hello):
        assert webchat.is_token(frame.token)


def _webchat_seeds() -> list[bytes]:
    return (_FRAMES / "webchat/frames.jsonl").read_bytes().splitlines()


def _websocket(data: bytes) -> None:
    """Frames behind a handshake: with the sieve as without, however they are cut."""
    cut = data[0] % 64 if data else 0
    for we_dial in (False, True):
        for chunks in ([data], [data[:cut], data[cut:]]):
            alone = sieve.bare(chunks, we_dial=we_dial)
            messages, library = sieve.sifted(chunks, we_dial=we_dial)
            # Of a frame that has not come whole the library may have said something.
            assert messages == alone.messages
            assert library.says == alone.says[: len(library.says)]
            assert len(alone.says) <= len(library.says) + 1


def _websocket_seeds() -> list[bytes]:
    texts = [frame.encode() for frame in onebot11.FRAMES[:20]]
    firsts = (0x81, 0x81, 0x82, 0x89, 0x8A, 0x88, 0x01, 0xC1)
    return [
        sieve.frame(first, text if first < 0x88 else text[:20], mask)
        for first, text in zip(firsts * 2, texts, strict=False)
        for mask in (b"", sieve.MASK)
    ]


TARGETS: Final = {
    "onebot11": Target(onebot11.survives, lambda: map(str.encode, onebot11.FRAMES)),
    "telegram": Target(
        telegram.survives, lambda: [telegram.batch(each) for each in telegram.UPDATES]
    ),
    "matrix": Target(matrix.survives, lambda: matrix.ANSWERS),
    "irc": Target(_irc, _irc_seeds, json=False),
    "webchat": Target(_webchat, _webchat_seeds),
    "ingress": Target(_ingress, _ingress_seeds, json=False),
    "websocket": Target(_websocket, _websocket_seeds, json=False),
}
