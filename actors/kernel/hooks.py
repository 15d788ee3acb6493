"""The named points in every life at which a hook may break something: values and Protocols.

A `System` is built with hooks or without. Without, nothing of this exists: no flag is
looked at, no call is made. With hooks it makes the cells and lives of `hooked` instead,
which call the hook at each point.

    RESTART, START ─ BEFORE_HANDLE ─ AFTER_HANDLE ─ ... ─ STOP     an actor stands still there
    SEND ─ DELIVER   TIMER   REPLY                                 a message passes there

What keeps a tree together is out of reach: stop requests, exits, `Down`s, and the timers
of supervisors pass no point.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Protocol, TypeAlias

from attrs import frozen

from actors.kernel.reasons import ExitReason

if TYPE_CHECKING:
    from actors.kernel.cell import Cell


class Point(Enum):
    """Where a hook is called."""

    RESTART = "restart"
    """Before `START`, in every incarnation but the first."""
    START = "start"
    """Before the actor's `start`."""
    BEFORE_HANDLE = "before_handle"
    AFTER_HANDLE = "after_handle"
    STOP = "stop"
    """Before the actor's `stop`: after a crash, too, but not at a kill."""
    SEND = "send"
    """A message leaves an actor; the place is the sender's."""
    DELIVER = "deliver"
    """A message comes to a mailbox; the place is the receiver's."""
    TIMER = "timer"
    """A tick comes to the one who set the timer."""
    REPLY = "reply"
    """An answer leaves; the message is the question."""


class Passage(Enum):
    """What becomes of a message at SEND, DELIVER, TIMER or REPLY."""

    GO = "go"
    HELD = "held"
    """The hook lets it go on later: at least once."""
    LOST = "lost"
    """It is a dead letter. Who asked waits until the deadline, as for any lost letter."""


class Hooks(Protocol):
    """What a system calls at each point; see `supervision.chaos.ChaosHooks`.

    What `reach` raises, the actor at that point raises; as long as it waits, that waits.
    """

    async def reach(self, point: Point, place: Cell, message: object) -> None:
        """Somebody is about to go on: at RESTART, START, BEFORE_, AFTER_HANDLE or STOP.

        *message* is what is in hand, `None` for the others.
        """
        ...

    def carry(
        self, point: Point, place: Cell, message: object, go: Callable[[], None]
    ) -> Passage:
        """Say what becomes of *message*. Each call of *go*, now or later, lets one copy go on.

        At SEND and DELIVER it may raise what `tell` and `send` may raise.
        """
        ...


@frozen
class LifeBegan:
    """An incarnation was launched."""

    path: str
    incarnation: int


@frozen
class LifeUp:
    """Its `start` is over: it is up."""

    path: str
    incarnation: int


@frozen
class LifeEnded:
    """It is over, for this reason."""

    path: str
    incarnation: int
    reason: ExitReason


Witness: TypeAlias = Callable[[object], None]
"""Called with what happens, as it happens: the `Life...` values here, and the decisions of
supervisors (`supervision.Decided`). Must not raise."""
