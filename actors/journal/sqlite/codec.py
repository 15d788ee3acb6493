"""Events and bodies as bytes, and back. Pure.

msgpack, because it is small and quick; tuples come back as lists inside a platform's raw
frame, everything else as it was. What msgpack cannot hold (whole numbers beyond 64 bits,
half a surrogate pair, a path) has a form of its own; what nothing can hold, some object
of a platform's own making, is kept as its text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Final, TypeAlias, assert_never

import msgspec
from attrs import frozen

from actors.messages import (
    ALL,
    Audio,
    Change,
    Chat,
    ChatKind,
    Delete,
    Edit,
    Emoji,
    File,
    Forward,
    Image,
    Inbound,
    Markdown,
    Mention,
    Node,
    Ours,
    Raw,
    React,
    Reply,
    Role,
    Segment,
    Sender,
    Target,
    Text,
    Video,
)

Body: TypeAlias = tuple[Segment, ...]

_BIG, _TORN, _PATH = 1, 2, 3
_MAX_DEPTH: Final = 200
"""Deeper nesting is kept as text; a platform lets far less in."""


@frozen
class Unreadable(Exception):
    """Bytes that are no row of ours, or one of a later version."""

    why: str

    def __str__(self) -> str:
        return f"its content cannot be read: {self.why}"


def encode_event(event: Inbound) -> bytes:
    """Return *event* as bytes. Never fails: what cannot be kept is kept as text."""
    chat, sender = event.chat, event.sender
    return _encoded(
        (
            event.id,
            event.event,
            None if chat is None else (chat.kind, chat.id),
            None
            if sender is None
            else (sender.id, sender.name, sender.role, sender.is_bot),
            [_packed(part) for part in event.body],
            event.facts,
            event.raw,
            event.edit,
            event.sent_at_utc,
            event.from_self,
            event.dedup_seconds,
        )
    )


def decode_event(data: bytes) -> Inbound:
    """Return the event in *data*.

    Raises:
        Unreadable: there is none.
    """
    try:
        id_, name, chat, sender, body, facts, raw, edit, at, own, dedup = _decode(data)
        return Inbound(
            id_,
            event=name,
            chat=None if chat is None else Chat(ChatKind(chat[0]), chat[1]),
            sender=None
            if sender is None
            else Sender(sender[0], sender[1], Role(sender[2]), sender[3]),
            body=tuple(map(_unpacked, body)),
            facts=facts,
            raw=raw,
            edit=edit,
            sent_at_utc=at,
            from_self=own,
            dedup_seconds=dedup,
        )
    except (msgspec.DecodeError, ValueError, TypeError, LookupError) as error:
        raise Unreadable(str(error)) from error


def encode_body(body: Body) -> bytes:
    """Return what is to be said as bytes; equal bodies give equal bytes."""
    return _encoded([_packed(part) for part in body])


def decode_body(data: bytes) -> Body:
    """Return the body in *data*.

    Raises:
        Unreadable: there is none.
    """
    try:
        return tuple(map(_unpacked, _decode(data)))
    except (msgspec.DecodeError, ValueError, TypeError, LookupError) as error:
        raise Unreadable(str(error)) from error


def encode_change(change: Change) -> bytes:
    """Return what is done to a message as bytes; equal changes give equal bytes."""
    match change:
        case Edit(target):
            return _encoded(("e", *_packed_target(target)))
        case Delete(target):
            return _encoded(("d", *_packed_target(target)))
        case React(target, emoji, remove):
            own = emoji.id if isinstance(emoji, Emoji) else None
            sign = None if isinstance(emoji, Emoji) else emoji
            return _encoded(("r", *_packed_target(target), sign, own, remove))
        case _:
            assert_never(change)


def decode_change(data: bytes | None) -> Change | None:
    """Return what *data* does to a message; `None`: nothing, it says a new one.

    Raises:
        Unreadable: nobody can tell.
    """
    if data is None:
        return None
    try:
        match _decode(data):
            case ["e", id_, key, parts]:
                return Edit(_target(id_, key, parts))
            case ["d", id_, key, parts]:
                return Delete(_target(id_, key, parts))
            case ["r", id_, key, parts, sign, own, remove]:
                emoji = sign if own is None else Emoji(own)
                return React(_target(id_, key, parts), emoji, remove)
            case packed:
                msg = f"there is no such change: {packed!r:.80}"
                raise Unreadable(msg)
    except (msgspec.DecodeError, ValueError, TypeError) as error:
        raise Unreadable(str(error)) from error


def _packed_target(target: Target) -> Sequence[object]:
    if isinstance(target, Ours):
        return (None, target.key, target.parts)
    return (target, None, 1)


def _target(id_: str | None, key: str, parts: int) -> Target:
    return Ours(key, parts) if id_ is None else id_


def digest(*parts: str | bytes) -> bytes:
    """Return 16 bytes that stand for *parts*, whatever is in them."""
    # repr() keeps the parts apart whatever is in them.
    data = parts[0] if len(parts) == 1 else repr(parts)
    if isinstance(data, str):
        data = data.encode("utf-8", "surrogatepass")
    return blake2b(data, digest_size=16).digest()


def clean(text: str) -> str:
    """Return *text* as SQLite can hold it: half a surrogate pair becomes a mark.

    What is no text, by a mistake of a bot or platform, is told as one: it would cost
    everybody whose rows are written together with it.
    """
    if type(text) is not str:
        text = str(text)
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def cleaned(*texts: str) -> tuple[str, ...]:
    """The same for several at once: nearly always there is nothing to do."""
    with suppress(TypeError):
        if "".join(texts).isascii():
            return texts
    return tuple(map(clean, texts))


# --- segments --------------------------------------------------------------------------


def _packed(part: Segment) -> Sequence[object]:
    match part:
        case Text(text, was):
            return ("t", text, was) if was else ("t", text)
        case Mention(user, name):
            return ("m", None if user is ALL else user, name)
        case Reply(message):
            return ("r", message)
        case Image(source, alt):
            return ("i", source, alt)
        case Audio(source):
            return ("a", source)
        case Video(source):
            return ("v", source)
        case File(source, name):
            return ("f", source, name)
        case Emoji(id_):
            return ("e", id_)
        case Markdown(text):
            return ("d", text)
        case Forward(messages, id_):
            return ("w", [_packed_node(node) for node in messages], id_)
        case Raw(platform, data):
            return ("x", platform, data)
        case _:
            assert_never(part)


def _packed_node(node: Node) -> Sequence[object]:
    return (node.id, node.user, node.name, [_packed(part) for part in node.body])


def _unpacked(packed: list) -> Segment:  # type: ignore[type-arg]  # as it was decoded
    match packed:
        case ["t", text]:
            return Text(text)
        case ["t", text, was]:
            return Text(text, was)
        case ["m", user, name]:
            return Mention(ALL if user is None else user, name)
        case ["r", message]:
            return Reply(message)
        case ["i", source, alt]:
            return Image(source, alt)
        case ["a", source]:
            return Audio(source)
        case ["v", source]:
            return Video(source)
        case ["f", source, name]:
            return File(source, name)
        case ["e", id_]:
            return Emoji(id_)
        case ["d", text]:
            return Markdown(text)
        case ["w", nodes, id_]:
            return Forward(tuple(map(_unpacked_node, nodes)), id_)
        case ["x", platform, data]:
            return Raw(platform, data)
        case _:
            msg = f"there is no such segment: {packed!r:.80}"
            raise ValueError(msg)


def _unpacked_node(packed: list) -> Node:  # type: ignore[type-arg]  # as it was decoded
    id_, user, name, body = packed
    return Node(id_, user, name, tuple(map(_unpacked, body)))


# --- bytes -----------------------------------------------------------------------------


def _encoded(value: object) -> bytes:
    try:
        return _encoder.encode(value)
    except (OverflowError, UnicodeEncodeError, RecursionError, TypeError, ValueError):
        return _encoder.encode(_tame(value, 0))


def _strange(value: object) -> object:
    """What msgspec asks about a value that it does not know."""
    if isinstance(value, Path):
        return msgspec.msgpack.Ext(_PATH, str(value).encode("utf-8", "surrogateescape"))
    if isinstance(value, Mapping):
        return dict(value)
    return repr(value)


def _tame(value: object, depth: int) -> object:
    """Return a copy of *value* that can be encoded; only for what could not be."""
    match value:
        case str():
            try:
                value.encode()
            except UnicodeEncodeError:
                torn = value.encode("utf-8", "surrogatepass")
                return msgspec.msgpack.Ext(_TORN, torn)
            return value
        case None | bool() | float() | bytes() | Path():
            return value
        case int():
            fits = -(2**63) <= value < 2**64
            return value if fits else msgspec.msgpack.Ext(_BIG, hex(value).encode())
        case _ if depth > _MAX_DEPTH:
            return "(nested too deeply)"
        case Mapping():
            return {_key(key): _tame(each, depth + 1) for key, each in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_tame(each, depth + 1) for each in value]
        case _:
            return _tame(repr(value), depth)


def _key(key: object) -> object:
    return clean(key) if isinstance(key, str) else repr(key)


def _extension(code: int, data: memoryview) -> object:
    match code:
        case 1:
            return int(bytes(data), 16)
        case 2:
            return bytes(data).decode("utf-8", "surrogatepass")
        case 3:
            return Path(bytes(data).decode("utf-8", "surrogateescape"))
        case _:
            msg = f"there is no extension {code}"
            raise ValueError(msg)


_encoder = msgspec.msgpack.Encoder(enc_hook=_strange)
_decode = msgspec.msgpack.Decoder(ext_hook=_extension).decode
