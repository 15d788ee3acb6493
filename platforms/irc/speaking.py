"""A message becomes what goes on the wire, as short as the server lets it pass. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from attrs import frozen

from actors.messages import Outbound, Reply
from platforms.base import Rejected, Unit
from platforms.base.forms import cut_text
from platforms.irc import wire

REPLY_TAG: Final = "+draft/reply"
LABEL: Final = "label"
"""The tag by which we find the answer to a line; so a bot may not set it."""


class Saying(msgspec.Struct, frozen=True):
    """One line to be said, and how its answer will be told."""

    command: str
    params: tuple[str, ...]
    tags: Mapping[str, str]
    ref: str

    @property
    def target(self) -> str:
        """What a refusal of this line will name: its first parameter, or the command."""
        return self.params[0] if self.params else self.command

    def lines(self, *, labelled: bool, most: int = wire.MAX_LINE_BYTES) -> list[str]:
        """Return what goes out: with a label, or with a PING behind it.

        Args:
            labelled: The server's answer will carry our label.
            most: Bytes of a line with its end, without its tags.

        Raises:
            Rejected: it would be another line than it was meant to be.
        """
        tags = {LABEL: self.ref, **self.tags} if labelled else self.tags
        try:
            line = wire.write(self.command, self.params, tags, most)
        except wire.Unwritable as error:
            raise Rejected(str(error)) from error
        return [line] if labelled else [line, wire.write("PING", [self.ref])]


@frozen
class Sign:
    """A reaction."""

    text: str
    removed: bool = False


def saying(out: Outbound, known: wire.Known) -> list[Saying]:
    """Return the lines that say *out*: one, or several where the server's prefix is long.

    Raises:
        Rejected: IRC cannot say it.
    """
    target = _target(out, known)
    try:
        text = wire.words_of(out.body)
    except wire.Unsendable as error:
        raise Rejected(str(error)) from error
    most = wire.room(target, known.nick, known.mask, known.support)
    texts = [text] if len(text.encode()) <= most else cut_text(text, most, Unit.BYTES)
    replied = next((part.message for part in out.body if isinstance(part, Reply)), "")
    named = replied and not replied.startswith(wire.NO_MSGID)
    tags = {REPLY_TAG: replied} if named and known.capabilities.tags else {}
    return [
        Saying("PRIVMSG", (target, text), {} if number else tags, _ref(out.key, number))
        for number, text in enumerate(texts)
    ]


def reacting(out: Outbound, known: wire.Known, message: str, sign: Sign) -> Saying:
    """Return the line that puts a sign below *message*, or takes it away.

    Raises:
        Rejected: the server carries no tags, or there is no such target.
    """
    if not known.capabilities.tags:
        msg = "this server carries no reactions (it has no message-tags)"
        raise Rejected(msg)
    _must_be_named(message)
    tag = "+draft/unreact" if sign.removed else "+draft/react"
    tags = {tag: sign.text, REPLY_TAG: message}
    return Saying("TAGMSG", (_target(out, known),), tags, out.key)


def redacting(out: Outbound, known: wire.Known, message: str) -> Saying:
    """Return the line that takes *message* back.

    Raises:
        Rejected: the server cannot, or there is no such target.
    """
    if not known.capabilities.redaction:
        msg = "this server takes nothing back (it has no draft/message-redaction)"
        raise Rejected(msg)
    _must_be_named(message)
    return Saying("REDACT", (_target(out, known), message), {}, out.key)


def calling(action: str, params: object, tags: object, ref: str) -> Saying:
    """Return the line of a command that a bot calls by its name.

    Raises:
        Rejected: it is none.
    """
    words = tuple(params) if isinstance(params, Sequence) else ()
    if isinstance(params, str) or not all(isinstance(word, str) for word in words):
        msg = "params must be a list of texts, such as params=['#chan', 'a topic']"
        raise Rejected(msg)
    if not isinstance(tags, Mapping) or not all(
        isinstance(part, str) for pair in tags.items() for part in pair
    ):
        msg = "tags must be texts by their names, such as {'+draft/react': '👍'}"
        raise Rejected(msg)
    if any(name.lower() == LABEL for name in tags):
        msg = "tags must hold no label: by ours the answer is found"
        raise Rejected(msg)
    if not (action.isascii() and action.isalpha()):
        msg = f"a command of IRC must be letters, such as TOPIC (got {action!r})"
        raise Rejected(msg)
    return Saying(action.upper(), words, dict(tags), ref)


def _must_be_named(message: str) -> None:
    if message.startswith(wire.NO_MSGID):
        msg = "that message has no msgid, so nobody could know which one is meant"
        raise Rejected(msg)


def _target(out: Outbound, known: wire.Known) -> str:
    try:
        return wire.target_of(out.chat, known.support)
    except wire.Unsendable as error:
        raise Rejected(str(error)) from error


def _ref(key: str, number: int) -> str:
    return f"{key}.{number}" if number else key
