"""What an author writes: an actor, its questions, and what comes to it from the kernel."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, ClassVar, Generic, NoReturn, Self, TypeAlias, TypeVar

from attrs import frozen

from actors.kernel.mailbox import Mailbox, Poison

if TYPE_CHECKING:
    from actors.kernel.address import Address
    from actors.kernel.context import ActorContext
    from actors.kernel.reasons import ExitReason

M = TypeVar("M", contravariant=True)
R = TypeVar("R")


class Ignore(Enum):
    """The type of `IGNORE`."""

    IGNORE = "ignore"


IGNORE = Ignore.IGNORE
"""What `start` returns to say: I am not needed here, go on without me (OTP's `ignore`)."""


class Query(Generic[R]):
    """A question whose answer is an `R`. The answer's type lives in the question.

    `ask` accepts a question only if the actor's alphabet holds it: a type checker
    reads that off `asked_of`, which nobody ever calls.
    """

    __slots__ = ()

    def asked_of(self, address: Address[Self], /) -> R:
        msg = f"use `await address.ask(question, within=...)` (got a direct call with {address})"
        raise TypeError(msg)


@frozen
class Down:
    """A watched actor's incarnation ended. Comes once for each `ctx.watch`."""

    address: Address[NoReturn]
    reason: ExitReason


class Actor(Generic[M]):
    """Handles one message at a time. Each incarnation is a fresh instance.

    `M` is its whole alphabet, usually a union of message types; a type checker refuses
    to send it anything else.
    """

    mailbox: ClassVar[Mailbox] = Mailbox()
    poison: ClassVar[Poison] = Poison.DROP

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name, kind in (("mailbox", Mailbox), ("poison", Poison)):
            declared = getattr(cls, name)
            if not isinstance(declared, kind):
                msg = f"{cls.__qualname__}.{name} must be a {kind.__name__} (got {declared!r})"
                raise TypeError(msg)

    async def start(self, ctx: ActorContext) -> Ignore | None:
        """Get ready. No network I/O here: a dead peer must not keep a host from booting.

        Raising is a failed start. Returning `IGNORE` ends it without a fault.
        """

    async def handle(self, ctx: ActorContext, message: M) -> None:
        """Handle one message. Raising ends this incarnation; the mailbox survives."""
        raise NotImplementedError

    async def stop(self, ctx: ActorContext, reason: ExitReason) -> None:
        """Leave in order. Shielded, until the deadline of the stop. Not called on a kill."""


AnyActor: TypeAlias = Actor[NoReturn]
"""Any actor at all. `Actor` is contravariant in its messages, so every actor is one that
takes no message at all: whoever holds an `AnyActor` can start and stop it, not tell it
anything."""


@frozen
class StopRequested:
    """To an actor with an ordered mailbox: end, once the mail before this is handled.

    An actor with an ordinary mailbox never sees one: there a stop overtakes the mail.
    """

    reason: ExitReason
