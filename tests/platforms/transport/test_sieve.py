"""With the sieve before it the library must say what it says without."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage
from wsproto.utilities import RemoteProtocolError

from platforms.transport.frames import masked, text_frame
from platforms.transport.sieve import Sieve

ASKS = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
AGREES = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"
NOT_UTF8 = 1007
MASK = b"\x01\x80\xff\x7f"


class Library:
    """wsproto after the handshake; collects what it says, in order."""

    def __init__(self, *, we_dial: bool) -> None:
        side = ConnectionType.CLIENT if we_dial else ConnectionType.SERVER
        self._wire = Connection(side)
        self._parts: list[Any] = []
        self.says: list[object] = []
        self.messages: list[str | bytes] = []
        self.failed = False

    def hears(self, data: bytes) -> None:
        if self.failed or not data:
            return
        try:
            self._wire.receive_data(data)
            for event in self._wire.events():
                match event:
                    case TextMessage(data=part) | BytesMessage(data=part):
                        self._parts.append(part)
                        if event.message_finished:
                            whole: Any = type(part)().join(self._parts)
                            self.messages.append(whole)
                            self._parts = []
                    case Ping(payload=payload) | Pong(payload=payload):
                        self.says.append((type(event), bytes(payload)))
                    case CloseConnection(code=code, reason=reason):
                        # The words of a decoding error depend on how the bytes came.
                        words = None if code == NOT_UTF8 else reason or None
                        self.says.append((code, words))
                    case _:
                        raise AssertionError(event)
        except RemoteProtocolError as error:
            self.failed = True
            self.says.append(str(error.event_hint))
        except Exception as error:  # both must fail alike
            self.failed = True
            self.says.append(type(error))


def bare(chunks: Iterable[bytes], *, we_dial: bool) -> Library:
    library = Library(we_dial=we_dial)
    for chunk in chunks:
        library.hears(chunk)
    return library


def sifted(
    chunks: Iterable[bytes], *, we_dial: bool
) -> tuple[list[str | bytes], Library]:
    library, sieve = Library(we_dial=we_dial), Sieve(masked=not we_dial)
    found, rest = sieve.sift(AGREES if we_dial else ASKS)
    assert found == []
    assert rest == (AGREES if we_dial else ASKS)
    for chunk in chunks:
        more, rest = sieve.sift(chunk)
        found += more
        library.hears(rest)
    messages: list[str | bytes] = []
    theirs = iter(library.messages)
    for message in found:
        whole = next(theirs, None) if message is None else message
        if whole is None:  # it never finished
            break
        messages.append(whole)
    assert next(theirs, None) is None
    return messages, library


def frame(first: int, payload: bytes, mask: bytes, wide: int | None = None) -> bytes:
    size = len(payload)
    if wide is None:
        wide = 0 if size < 126 else 2 if size < 1 << 16 else 8
    length = {0: size, 2: 126, 8: 127}[wide] & 0x7F
    head = bytes((first, (0x80 if mask else 0) | length))
    return (
        head + size.to_bytes(8)[8 - wide :] + mask + masked(payload, mask or bytes(4))
    )


PAYLOADS = st.one_of(
    st.text(max_size=40).map(str.encode),
    st.binary(max_size=130),
    st.builds(bytes.__mul__, st.just("鸦".encode()), st.integers(0, 200)),
    st.sampled_from([b"x" * 125, b"x" * 126, b"x" * 65_535, b"x" * 65_536]),
)
FIRSTS = st.sampled_from(
    [0x81] * 8 + [0x01, 0x00, 0x80, 0x82, 0x02, 0x89, 0x8A, 0x88, 0x09, 0xC1, 0x83]
)


@st.composite
def traffic(draw: st.DrawFn) -> tuple[bool, list[bytes]]:
    """Who dialled, and the bytes of the other side in pieces."""
    we_dial = draw(st.booleans())
    right = b"" if we_dial else MASK
    wire = b""
    for _ in range(draw(st.integers(0, 8))):
        mask = right
        if draw(st.integers(0, 30)) == 0:
            mask = MASK if we_dial else b""
        wide = draw(st.sampled_from([None] * 30 + [2, 8]))
        payload = draw(PAYLOADS)
        wire += frame(
            draw(FIRSTS),
            payload,
            mask,
            wide if wide and len(payload) < 65_536 else None,
        )
    wire += draw(st.just(b"") | st.binary(max_size=12))
    cuts = sorted(draw(st.lists(st.integers(0, len(wire)), max_size=12)))
    return we_dial, [
        wire[a:b] for a, b in zip([0, *cuts], [*cuts, len(wire)], strict=True)
    ]


@given(traffic())
@example((False, [frame(0x81, b"\xff", MASK), frame(0x81, b"late", MASK)]))
@example(
    (
        False,
        [frame(0x01, b"a", MASK) + frame(0x89, b"p", MASK), frame(0x80, b"b", MASK)],
    )
)
@example((True, [frame(0x82, b"x" * 70_000, b"") + frame(0x81, b"behind", b"")]))
@example((False, [frame(0x88, b"\x03\xe8", MASK) + frame(0x81, b"behind", MASK)]))
@example((False, [frame(0x81, b"short", MASK, 2)]))
@example((True, [frame(0x01, b"a", b"") + frame(0x81, b"between", b"")]))
def test_nothing_changes_but_the_reader(case: tuple[bool, list[bytes]]) -> None:
    we_dial, chunks = case
    without = bare(chunks, we_dial=we_dial)

    messages, library = sifted(chunks, we_dial=we_dial)

    assert messages == without.messages
    assert library.says == without.says


@given(st.lists(st.text(max_size=300), max_size=6), st.integers(1, 40), st.booleans())
def test_short_text_never_reaches_the_library(
    texts: list[str], step: int, we_dial: bool
) -> None:
    wire = b"".join(text_frame(t.encode(), b"" if we_dial else MASK) for t in texts)
    sieve, found = Sieve(masked=not we_dial), []
    whole = (AGREES if we_dial else ASKS) + wire
    passed = b""
    for at in range(0, len(whole), step):
        more, rest = sieve.sift(whole[at : at + step])
        found += more
        passed += rest

    assert found == texts
    assert passed == whole[: len(whole) - len(wire)]


@pytest.mark.parametrize("head", [b"GET / HTTP/1.1\nHost: x\n\n", ASKS])
def test_any_end_of_the_handshake_is_seen(head: bytes) -> None:
    found, rest = Sieve(masked=True).sift(head + frame(0x81, b"hello", MASK))

    assert found == ["hello"]
    assert rest == head


def test_the_page_of_a_refusal_is_no_message() -> None:
    page = b"HTTP/1.1 403 Forbidden\r\n\r\n" + frame(0x81, b"no", b"")

    assert Sieve(masked=False).sift(page) == ([], page)


def test_a_handshake_without_end_is_passed_on_and_not_kept() -> None:
    sieve = Sieve(masked=True)
    for _ in range(40):
        assert sieve.sift(b"x" * 4096) == ([], b"x" * 4096)

    assert sieve.sift(ASKS + frame(0x81, b"hello", MASK))[0] == []
