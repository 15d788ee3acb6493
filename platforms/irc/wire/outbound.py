"""What the host wants said becomes words and a target of IRC. Pure.

The 512 bytes of a line (RFC 1459, 2.3) hold what the server puts before it when it is
relayed, `:nick!user@host `: what is longer is cut there without a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from actors.messages import ALL, Chat, ChatKind, Mention, Segment, Text
from platforms.irc.wire.support import Support
from platforms.irc.wire.text import sayable

USER_BYTES: Final = 11
HOST_BYTES: Final = 63
"""The most that servers have of them; taken until ours are known."""
LEAST_ROOM: Final = 100
_NO_TARGET: Final = re.compile(r"[\s,\0\x07]|^:|^$")


class Unsendable(ValueError):
    """The message cannot be said on IRC."""


def room(target: str, nick: str, mask: str, support: Support) -> int:
    """Return how many bytes of text fit into one line to *target*.

    Args:
        target: A nick or a channel.
        nick: Ours.
        mask: Our `user@host` as others see it; empty while it is not known.
        support: What the server said of itself.
    """
    us = len(mask.encode()) if mask else USER_BYTES + 1 + HOST_BYTES
    frame = len(f":{nick}! PRIVMSG {target} :\r\n".encode())
    return max(support.line_bytes - us - frame, LEAST_ROOM)


def words_of(body: Iterable[Segment]) -> str:
    """Return *body* as one line of text; who is addressed first is addressed as usual there.

    Raises:
        Unsendable: nothing is said in it.
    """
    said = ""
    for part in body:
        match part:
            case Text(text):
                # `ann: ` has its blank already.
                said += text.lstrip() if said.endswith(": ") else text
            case Mention():
                said += _called(part) if said.strip() else _address(part)
            case _:
                pass
    text = sayable(said).rstrip()
    if not text.strip():
        msg = "a message must say something (got an empty body)"
        raise Unsendable(msg)
    return text


def _called(mention: Mention) -> str:
    if mention.user is ALL:
        return "@all"
    return mention.name or mention.user.partition("!")[0]


def _address(mention: Mention) -> str:
    called = _called(mention)
    return called if mention.user is ALL else f"{called}: "


def target_of(chat: Chat, support: Support) -> str:
    """Return where *chat* is on the wire.

    Raises:
        Unsendable: what it names would be another parameter, or several targets.
    """
    if _NO_TARGET.search(chat.id) is None:
        channel = support.is_channel(chat.id)
        if chat.kind is ChatKind.GROUP and channel:
            return chat.id
        if chat.kind is ChatKind.PRIVATE and not channel:
            return chat.id
    msg = f"IRC has private:NICK and group:#CHANNEL (got {chat})"
    raise Unsendable(msg)
