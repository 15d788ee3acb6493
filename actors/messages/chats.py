"""Where something is said: a chat, and its address in this host."""

from __future__ import annotations

from contextlib import suppress
from enum import StrEnum
from typing import Self
from urllib.parse import quote, unquote

import msgspec
from attrs import frozen


class ChatKind(StrEnum):
    """What sort of chat it is; the same four words for every platform."""

    PRIVATE = "private"
    GROUP = "group"
    CHANNEL = "channel"
    THREAD = "thread"


_KINDS = tuple(kind.value for kind in ChatKind)


class Chat(msgspec.Struct, frozen=True):
    """A room or a private talk, as its platform names it.

    A struct, as `Sender` is: one is made for every frame, in a quarter of the time, and
    compared wherever a chat has its turn.
    """

    kind: ChatKind
    id: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `KIND:CHAT`, what `str` of a chat gives.

        Raises:
            ValueError: *text* is no chat; the message says what one looks like.
        """
        kind, _, chat = text.partition(":")
        if chat and kind in _KINDS:
            return cls(ChatKind(kind), unquote(chat))
        msg = f"a chat must look like KIND:CHAT with KIND {'|'.join(_KINDS)}, such as group:42 (got {text!r})"
        raise ValueError(msg)

    def __str__(self) -> str:
        return f"{self.kind.value}:{_encode(self.id)}"


@frozen
class ChatAddress:
    """`PLATFORM/ACCOUNT/KIND:CHAT`: one chat, as one of our accounts sees it.

    PLATFORM is the id given in the configuration. Parts are percent-encoded where
    they hold `/`, `:` or `%`.
    """

    platform: str
    account: str
    chat: Chat

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an address as a person writes it.

        Raises:
            ValueError: *text* is no address; the message says what one looks like.
        """
        match text.split("/"):
            case [platform, account, room] if platform and account:
                with suppress(ValueError):
                    return cls(unquote(platform), unquote(account), Chat.parse(room))
        msg = f"an address must look like PLATFORM/ACCOUNT/KIND:CHAT with KIND {'|'.join(_KINDS)}, such as qq/10001/group:42 (got {text!r})"
        raise ValueError(msg)

    def __str__(self) -> str:
        return f"{_encode(self.platform)}/{_encode(self.account)}/{self.chat}"


def _encode(part: str) -> str:
    return quote(part, safe=_SAFE) if _ENCODED & set(part) else part


_ENCODED = frozenset("/:%")
# Everything printable but the three: an address stays readable in a log line.
_SAFE = "".join(chr(c) for c in range(32, 127) if chr(c) not in _ENCODED)
