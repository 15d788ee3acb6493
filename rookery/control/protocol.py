"""What is said over the control socket: a JSON object per line, an answer per request. Pure.

{"op": "send", "address": "qq/1/group:42", "text": "hello"}
{"ok": true, "result": {...}}
{"ok": false, "error": {"kind": ..., "message": ...}}
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import inf
from typing import TypeAlias

import msgspec
from attrs import asdict, frozen

from actors.messages import ChatAddress
from rookery.control.messages import (
    MESSAGE_OPERATIONS,
    MESSAGE_REQUESTS,
    MessageRequest,
    as_message_request,
)

MAX_LINE_BYTES = 256 * 1024
SOCKET_NAME = "control.sock"


@frozen
class Tree:
    """The supervision tree, as it stands: what is at *path*, and below."""

    path: str = "/"
    all: bool = False
    """Every actor, however many there are; else most of a crowd is counted only."""


@frozen
class Platforms:
    """The connections, and how they are."""


@frozen
class Schedules:
    """What is run without a message, and when."""


@frozen
class Lanes:
    """What each platform has brought, what waits, and what became of it."""


@frozen
class Send:
    """Say *text* at an address, and wait a while for what becomes of it."""

    address: str
    text: str


@frozen
class Reload:
    """Read the configuration again, and apply it."""


@frozen
class BeginChaos:
    """Put a chaos plan in force, on a host that allows it; to ask again changes nothing."""

    campaign: str
    """A name for it, made up by whoever begins it."""
    plan: str
    """TOML, as in a plan's file."""
    seconds: float | None = None
    """How long; `None` is as long as the plan says, else a minute."""


@frozen
class LookAtChaos:
    """How does that campaign stand? One that nobody looks at for 10 s is healed."""

    campaign: str


@frozen
class HealChaos:
    """End that campaign now."""

    campaign: str


@frozen
class Journal:
    """How the journal is, and how much is in it."""


@frozen
class CompactJournal:
    """Give the unused space of the journal's file back to the disk."""


_Plain: TypeAlias = (
    Tree
    | Platforms
    | Schedules
    | Lanes
    | Send
    | Reload
    | BeginChaos
    | LookAtChaos
    | HealChaos
    | Journal
    | CompactJournal
)
Request: TypeAlias = _Plain | MessageRequest

_OPERATIONS: dict[str, type[_Plain]] = {
    "tree": Tree,
    "platforms": Platforms,
    "schedules": Schedules,
    "lanes": Lanes,
    "send": Send,
    "reload": Reload,
    "chaos": BeginChaos,
    "chaos_look": LookAtChaos,
    "chaos_heal": HealChaos,
    "journal": Journal,
    "compact_journal": CompactJournal,
}


@frozen
class Refused(Exception):
    """The request cannot be done; *kind* is for programs, *message* for people."""

    kind: str
    message: str

    def __str__(self) -> str:
        return self.message


def encode_request(request: Request) -> bytes:
    """Return *request* as a line."""
    if isinstance(request, MESSAGE_REQUESTS):
        return msgspec.json.encode(request) + b"\n"
    [op] = [name for name, kind in _OPERATIONS.items() if isinstance(request, kind)]
    return msgspec.json.encode({"op": op, **asdict(request)}) + b"\n"


def decode_request(line: bytes) -> Request:
    """Read one line.

    Raises:
        Refused: `bad_request`, with what would have been a good one.
    """
    try:
        fields = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        msg = f"a request must be one JSON object on one line (got: {error})"
        raise Refused(kind="bad_request", message=msg) from None
    match fields:
        case {"op": str(op)} if op in MESSAGE_OPERATIONS:
            return _about_messages(op, fields)
        case {"op": "tree", **rest} if rest.keys() <= {"path", "all"}:
            match {"path": "/", "all": False, **rest}:
                case {"path": str(path), "all": bool(everybody)}:
                    return Tree(path, everybody)
                case _:
                    msg = "path must be a text, and all true or false"
                    raise Refused(kind="bad_request", message=msg)
        case {"op": "platforms", **rest} if not rest:
            return Platforms()
        case {"op": "schedules", **rest} if not rest:
            return Schedules()
        case {"op": "lanes", **rest} if not rest:
            return Lanes()
        case {"op": "reload", **rest} if not rest:
            return Reload()
        case {
            "op": "chaos",
            "campaign": str(campaign),
            "plan": str(plan),
            "seconds": seconds,
            **rest,
        } if not rest:
            return BeginChaos(campaign, plan, _duration(seconds))
        case {"op": "chaos_look", "campaign": str(campaign), **rest} if not rest:
            return LookAtChaos(campaign)
        case {"op": "chaos_heal", "campaign": str(campaign), **rest} if not rest:
            return HealChaos(campaign)
        case {"op": "journal", **rest} if not rest:
            return Journal()
        case {"op": "compact_journal", **rest} if not rest:
            return CompactJournal()
        case {"op": "send", "address": str(address), "text": str(text), **rest} if (
            not rest
        ):
            if not text:
                raise Refused(kind="bad_request", message="there must be a text to say")
            return Send(_checked(address), text)
        case _:
            names = ", ".join([*_OPERATIONS, *sorted(MESSAGE_OPERATIONS)])
            msg = (
                f'a request must be {{"op": NAME}} with NAME one of {names}; '
                'send also has the texts "address" and "text", tree may have a text '
                '"path" and a truth "all", chaos, chaos_look and chaos_heal have the '
                'text "campaign", chaos also the text "plan" and "seconds" (a number '
                "or null), and nothing else; what the outbox and dead letters "
                "take, they say themselves"
            )
            raise Refused(kind="bad_request", message=msg)


def _about_messages(op: str, fields: object) -> MessageRequest:
    try:
        return as_message_request(fields)
    except msgspec.ValidationError as error:
        msg = f"{op} must be asked for in its own words ({error})"
        raise Refused(kind="bad_request", message=msg) from None


def _duration(value: object) -> float | None:
    match value:
        case None:
            return None
        case int() | float() if 0 < value < inf and value is not True:
            return float(value)
        case _:
            msg = f"seconds must be a number above 0, or null (got {value!r})"
            raise Refused(kind="bad_request", message=msg)


def _checked(address: str) -> str:
    try:
        ChatAddress.parse(address)
    except ValueError as error:
        raise Refused(kind="bad_request", message=str(error)) from None
    return address


def encode_result(result: Mapping[str, object]) -> bytes:
    """Return what was asked for as a line. What JSON has no form for becomes its text."""
    return _line({"ok": True, "result": result})


def encode_refusal(refused: Refused) -> bytes:
    """Return a refusal as a line."""
    return _line({"ok": False, "error": asdict(refused)})


def _line(answer: Mapping[str, object]) -> bytes:
    try:
        return msgspec.json.encode(answer, enc_hook=str) + b"\n"
    except UnicodeEncodeError:
        # Half a surrogate pair, in what an author's error says of itself.
        text = json.dumps(answer, default=str, ensure_ascii=False)
        return text.encode("utf-8", "replace") + b"\n"


def decode_answer(line: bytes) -> dict[str, object]:
    """Return the result in *line*.

    Raises:
        Refused: the host said no, or what came is no answer.
    """
    try:
        answer = msgspec.json.decode(line)
    except msgspec.DecodeError:
        answer = None
    match answer:
        case {"ok": True, "result": dict() as result}:
            return result
        case {"ok": False, "error": {"kind": str(kind), "message": str(message)}}:
            raise Refused(kind, message)
        case _:
            msg = "the host answered something that is no answer"
            raise Refused(kind="bad_answer", message=msg)
