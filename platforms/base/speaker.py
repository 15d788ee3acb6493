"""What a session makes to say things with, where `Platform.send` has not enough in hand.

A session that has learned something (who is in which channel, which of three sockets takes
calls) makes a `Speaker` that knows it, instead of writing it where `Platform` finds it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Final

from actors.messages import Emoji, Outbound
from actors.sender import Leave, Rejected, Sent, Told


class Speaker(ABC):
    """What a session has made to say things with; see `Link.speaks_through`.

    Its methods are those of `Platform` without the link, and mean and raise the same.
    `send` has to be written, and each of the others that `Platform.caps` promises.
    """

    __slots__ = ()

    @abstractmethod
    async def send(self, out: Outbound) -> Sent:
        """Say *out* and return once the platform has answered; see `Platform.send`."""

    def begin(self, out: Outbound, told: Told) -> Leave | None:
        """Say *out* in this very call, if that can be done; see `Platform.begin`."""
        return None

    async def edit(self, out: Outbound, message: str) -> Sent:
        """Say `out.body` in the place of what *message* says; see `Platform.edit`."""
        msg = "what was said cannot be edited here"
        raise Rejected(msg)

    async def delete(self, out: Outbound, message: str) -> Sent:
        """Take *message* back; see `Platform.delete`."""
        msg = "what was said cannot be deleted here"
        raise Rejected(msg)

    async def react(
        self, out: Outbound, message: str, emoji: str | Emoji, *, remove: bool
    ) -> Sent:
        """Put *emoji* below *message*, or take ours away; see `Platform.react`."""
        msg = "there are no reactions here"
        raise Rejected(msg)

    async def call(self, action: str, params: Mapping[str, object]) -> object:
        """Call one of the platform's own actions by name; see `Actions`."""
        msg = f"there is no action {action!r} here"
        raise Rejected(msg)


class _Nobody(Speaker):
    async def send(self, out: Outbound) -> Sent:
        msg = "nobody says anything here but the platform itself"
        raise Rejected(msg)


NOBODY: Final = _Nobody()
"""Speaks for a platform with a `send` of its own: what that does not do, nobody does."""
