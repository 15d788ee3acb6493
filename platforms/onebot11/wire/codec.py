"""One frame from the wire becomes one value. Never raises, whatever arrives."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

import msgspec
from attrs import frozen

from platforms.objects import MAX_NESTING, deeper_than, read_json
from platforms.onebot11.wire.answers import Answer, read_answer
from platforms.onebot11.wire.events import Event
from platforms.onebot11.wire.lenient import JsonObject
from platforms.onebot11.wire.reading import read_event

EXCERPT_CHARS = 200


class FaultKind(StrEnum):
    NOT_JSON = "not JSON"
    TOO_DEEP = "too deep"
    NOT_AN_OBJECT = "not an object"
    UNRECOGNISED = "neither event nor answer"


@frozen
class Fault:
    """A frame that means nothing to us; the connection goes on."""

    kind: FaultKind
    why: str
    excerpt: str
    """Its beginning, for the log."""


Decoded: TypeAlias = Event | Answer | Fault

_decode = msgspec.json.Decoder().decode


def decode(frame: bytes | str) -> Decoded:
    """Return what *frame*, the content of a text or binary message, means."""
    try:
        value = _decode(frame)
    except (msgspec.MsgspecError, UnicodeError):
        # JavaScript writes what strict JSON refuses: a nickname cut in the middle of a
        # surrogate pair must not cost the message.
        try:
            value = read_json(frame)
        except ValueError as error:
            return _fault(FaultKind.NOT_JSON, f"a frame must be JSON ({error})", frame)
    except RecursionError:
        return _too_deep(frame)
    if type(value) is not dict:
        why = f"a frame must be a JSON object (got {type(value).__name__})"
        return _fault(FaultKind.NOT_AN_OBJECT, why, frame)
    if _may_be_deep(frame) and deeper_than(value, MAX_NESTING):
        return _too_deep(frame)
    # Events first: some implementations put an `echo` or a `status` into events.
    if isinstance(value.get("post_type"), str):
        return read_event(value)
    return _answer(value, frame)


def answer_of(decoded: Decoded) -> Answer | None:
    """Return the answer to one of our requests, if that is what it is."""
    if isinstance(decoded, Answer) and decoded.key:
        return decoded
    return None


def _answer(value: JsonObject, frame: bytes | str) -> Answer | Fault:
    if "retcode" in value or "echo" in value or isinstance(value.get("status"), str):
        return read_answer(value)
    names = ", ".join(map(repr, list(value)[:8]))
    why = f"a frame must have a post_type (an event) or a retcode (an answer); it has {names or 'nothing'}"
    return _fault(FaultKind.UNRECOGNISED, why[:400], frame)


def _may_be_deep(frame: bytes | str) -> bool:
    """Say whether there are brackets enough for it: to count them costs next to nothing."""
    if isinstance(frame, str):
        return frame.count("[") + frame.count("{") > MAX_NESTING
    return frame.count(b"[") + frame.count(b"{") > MAX_NESTING


def _too_deep(frame: bytes | str) -> Fault:
    why = f"a frame must not be nested deeper than {MAX_NESTING}"
    return _fault(FaultKind.TOO_DEEP, why, frame)


def _fault(kind: FaultKind, why: str, frame: bytes | str) -> Fault:
    head = frame[:EXCERPT_CHARS]
    text = head if isinstance(head, str) else head.decode("utf-8", "replace")
    return Fault(kind, why, text)
