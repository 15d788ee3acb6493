"""How much room an event or a body takes, in bytes. Pure.

An estimate; but no peer can bring events that are much larger than they count.
"""

from __future__ import annotations

from typing import Final

import msgspec

from actors.messages import Forward, Inbound, Raw, Segment, Text

ROW_BYTES: Final = 1024
"""What a row costs besides its content."""
UNREADABLE_BYTES: Final = 65_536
"""Assumed for a raw frame that cannot be measured."""

_encoder = msgspec.json.Encoder(enc_hook=str)
_scratch = bytearray()


def size_of(event: Inbound) -> int:
    """Return about how many bytes *event* takes: its raw frame as JSON, and its media."""
    size = size_of_body(event.body)
    if event.raw:
        size += _encoded(event.raw)
    if event.facts:
        size += _encoded(event.facts)
    return size


def size_of_body(body: tuple[Segment, ...]) -> int:
    """Return about how many bytes a row with *body* takes."""
    size = ROW_BYTES
    for part in body:
        size += _content(part)
    return size


def _content(part: Segment) -> int:
    if type(part) is Text:  # nearly always, and asked twice of each message
        return len(part.text)
    if isinstance(part, Forward):
        return 64 + sum(size_of_body(node.body) for node in part.messages)
    if isinstance(part, Raw):
        return 64 + _encoded(part.data)
    text = getattr(part, "text", None)
    if isinstance(text, str):
        return len(text)
    source = getattr(part, "source", b"")
    return 64 + (len(source) if isinstance(source, bytes | str) else 0)


def _encoded(value: object) -> int:
    # In C, into a buffer that is used again and again: half a microsecond for a frame.
    try:
        _encoder.encode_into(value, _scratch)
    except (TypeError, ValueError, OverflowError, RecursionError):
        return UNREADABLE_BYTES
    size = len(_scratch)
    if size > UNREADABLE_BYTES:
        _scratch.clear()
    return size
