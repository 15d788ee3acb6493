"""The protocol between a page and us: JSON objects with an `op`. Pure.

    page: hello ────────▶ who I am, and up to where I have heard
          ◀──────── welcome, then every event after that: {"op": "event", "seq": 7,
                    "at": ..., "what": {"kind": "message", "by": "bot", "body": [...]}}
    page: ack ──────────▶ up to where it has shown them: no more than 64 are under way
    page: say, edit, delete, react ─▶ each with an id of its own
          ◀──────── kept: it is written down and will not be lost; the same id again is
                    the same thing. later: again in so many seconds. refused: never

Events are numbered without a gap for each person. Whoever comes back says the last number
it has seen; whoever has seen nothing says 0. Each side says something every 20 s.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta, Struct

MAX_TEXT_CHARS: Final = 8000
MAX_PARTS: Final = 10
MAX_FRAME_BYTES: Final = 64 * 1024
LONGEST_ACCESS: Final = 200
"""Characters of what lets people in."""

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")
Token: TypeAlias = Annotated[str, Meta(pattern=rf"\A{_TOKEN.pattern}\Z")]
"""256 random bits that a browser has made. Whoever shows them is that person."""
Id: TypeAlias = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_-]{8,64}\Z")]
Seq: TypeAlias = Annotated[int, Meta(ge=0, le=2**53)]
Words: TypeAlias = Annotated[str, Meta(max_length=MAX_TEXT_CHARS)]
Short: TypeAlias = Annotated[str, Meta(max_length=LONGEST_ACCESS)]


class Part(Struct, frozen=True, omit_defaults=True):
    """A text, or a file that was uploaded before."""

    text: Words = ""
    file: Annotated[str, Meta(max_length=64)] = ""
    alt: Short = ""


Body: TypeAlias = Annotated[tuple[Part, ...], Meta(min_length=1, max_length=MAX_PARTS)]


class _Frame(Struct, tag_field="op"):
    pass


class Hello(_Frame, tag="hello"):
    token: Token
    since: Seq = 0
    epoch: Short = ""
    access: Short = ""


class Say(_Frame, tag="say"):
    id: Id
    body: Body
    reply: Short = ""


class Edit(_Frame, tag="edit"):
    id: Id
    message: Id
    text: Words


class Delete(_Frame, tag="delete"):
    id: Id
    message: Id


class React(_Frame, tag="react"):
    id: Id
    message: Id
    emoji: Annotated[str, Meta(min_length=1, max_length=16)]
    remove: bool = False


class Ack(_Frame, tag="ack"):
    seq: Seq


class Tock(_Frame, tag="tock"):
    pass


Deed: TypeAlias = Say | Edit | Delete | React
"""What a person asks for; answered with `kept`, `later` or `refused`."""
Frame: TypeAlias = Hello | Deed | Ack | Tock

_decoder: Final[msgspec.json.Decoder[Frame]] = msgspec.json.Decoder(Frame)


class Unfit(ValueError):
    """What came is no frame of this protocol."""


def read(raw: str | bytes) -> Frame:
    """Return the frame that *raw* holds. Raises Unfit."""
    try:
        frame: Frame = _decoder.decode(raw)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise Unfit(str(error)) from None
    if isinstance(frame, Say):
        for part in frame.body:
            if bool(part.text) == bool(part.file):
                msg = "a part must be either a text or a file"
                raise Unfit(msg)
    return frame


def welcome(person: str, epoch: str, first: int, last: int) -> str:
    """Say who somebody is here, and which events there are."""
    return _text(
        {"op": "welcome", "me": person, "epoch": epoch, "first": first, "last": last}
    )


def event(seq: int, at: float, what: msgspec.Raw) -> str:
    """Tell what has happened, *at* seconds since 1970."""
    return _text({"op": "event", "seq": seq, "at": round(at, 3), "what": what})


def gap(seq: int) -> str:
    """Tell that what has happened up to *seq* is forgotten."""
    return event(seq, 0.0, GAP)


def kept(id_: str, seq: int) -> str:
    """Say that a deed is written down."""
    return _text({"op": "kept", "id": id_, "seq": seq})


def later(id_: str, seconds: float) -> str:
    """Say that a deed may be tried again then."""
    return _text({"op": "later", "id": id_, "seconds": round(seconds, 3)})


def refused(id_: str, why: str) -> str:
    """Say that a deed will never be taken."""
    return _text({"op": "refused", "id": id_, "why": why})


def uploaded(file: str, kind: str) -> bytes:
    """Say by which id a file is known."""
    return msgspec.json.encode({"file": file, "kind": kind})


def written(what: Mapping[str, object]) -> bytes:
    """Return *what* has happened as JSON; half of an emoji in it becomes a `?`."""
    try:
        return msgspec.json.encode(what)
    except UnicodeEncodeError:  # a text that was cut somewhere
        return json.dumps(what, ensure_ascii=False).encode("utf-8", "replace")


def is_token(text: str) -> bool:
    """Say whether *text* can be a person's token."""
    return _TOKEN.fullmatch(text) is not None


GAP: Final = msgspec.Raw(b'{"kind":"gap","by":"bot"}')
TICK: Final = '{"op":"tick"}'


def _text(frame: dict[str, object]) -> str:
    return msgspec.json.encode(frame).decode()
