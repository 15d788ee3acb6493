"""Bells: how those who hold work wake the actor that pulls it, from wherever they are."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from typing import TypeVar

from actors.kernel import Address, MailboxFull, Query

M = TypeVar("M")


def bell(address: Address[M], message: M) -> Callable[[], None]:
    """Return a plain function that tells *message* to *address*. Never raises.

    It rings outside of the caller's turn: the trace and the deadline of whoever happens
    to bring work are not those of the one who pulls it.
    """
    nowhere = Context()

    def ring() -> None:
        # A full mailbox is as good as a ring: an actor that pulls does so after
        # whatever it handles.
        with suppress(MailboxFull):
            nowhere.run(address.tell, message)

    return ring


def wakes(message: object) -> int | str:
    """Recognise messages for `Overflow.conflate`: one wake-up of a kind is enough.

    Questions are never put together: each of them wants an answer.
    """
    if isinstance(message, Query):
        return id(message)
    return type(message).__qualname__
