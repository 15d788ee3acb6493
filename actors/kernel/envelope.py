"""What travels: a message with its trace, its deadline and the slot for its answer.

Not an attrs value: one is made for every message, and a struct made in C costs half of a
slotted class. Nobody outside the kernel gets to see it.
"""

from __future__ import annotations

from collections.abc import Hashable
from math import inf
from typing import TYPE_CHECKING

import msgspec
import outcome
import trio

from actors.kernel.errors import AskTimeout, MailboxFull

if TYPE_CHECKING:
    from actors.kernel.admission import Admission
    from actors.kernel.alarms import Wheel
    from actors.kernel.turn import Turn


class Envelope(msgspec.Struct, eq=False, repr_omit_defaults=True):
    """One message under way."""

    body: object
    trace: str = ""
    deadline: float = inf
    """Instant of the system's clock after which nobody wants it handled any more."""
    reply: ReplySlot | None = None
    origin: Slot | None = None
    """The reserved slot through which the kernel sent it; `None` for people's mail."""
    attempt: int = 1
    """1 at first; counts up with each life that crashed with it in hand (`Poison.retry`)."""

    def again(self) -> Envelope:
        """Return a copy for the next life to try again; an answer given is not owed again."""
        reply = None if self.reply is None or self.reply.done else self.reply
        return Envelope(
            self.body, self.trace, self.deadline, reply, None, self.attempt + 1
        )


class Slot:
    """A reserved place on a system lane, of whoever will put a notice there one day.

    A `Watch` and a `Timer` are slots; that of a child is held by its cell.
    """

    __slots__ = ()

    def taken(self) -> None:
        """The actor took its message from the lane; the place is free again."""


NO_SLOT = Slot()
"""Marks a notice whose slot is none of its own: that of a child, which its cell holds for
as long as it exists."""


class ReplySlot:
    """Where the answer to one `ask` goes: straight to the task that waits for it."""

    __slots__ = (
        "answered",
        "bucket",
        "cell",
        "done",
        "question",
        "task",
        "wheel",
        "within",
    )

    def __init__(
        self,
        task: trio.lowlevel.Task,
        wheel: Wheel,
        cell: Admission,
        question: object,
        within: float,
    ) -> None:
        self.task = task
        self.wheel = wheel
        self.cell = cell
        self.question = question
        self.within = within
        self.bucket = 0
        self.done = False
        """Nobody waits any more: answered, failed, too late or abandoned."""
        self.answered = False

    def settle(self, value: object) -> None:
        if not self.done:
            self.done = True
            self.wheel.discard(self)
            trio.lowlevel.reschedule(self.task, outcome.Value(value))

    def fail(self, error: Exception) -> None:
        """End the wait with *error*: never a `BaseException`, see `ForeignCancelled`."""
        if not self.done:
            self.done = True
            self.wheel.discard(self)
            trio.lowlevel.reschedule(self.task, outcome.Error(error))

    def expire(self) -> None:
        cell = self.cell
        name = type(self.question).__name__
        self.fail(AskTimeout(cell.path, name, self.within, cell.depth))

    def abandon(self, _: object) -> trio.lowlevel.Abort:
        """The asker was cancelled; an answer goes nowhere."""
        self.done = True
        self.wheel.discard(self)
        return trio.lowlevel.Abort.SUCCEEDED


class Place:
    """A place in the queue before a full mailbox: of a `send`, or of a question.

    A question's asker sleeps on the answer, so its place has no task to wake.
    """

    __slots__ = (
        "bucket",
        "cell",
        "done",
        "envelope",
        "key",
        "sender",
        "task",
        "wheel",
        "within",
    )

    def __init__(
        self,
        envelope: Envelope,
        cell: Admission,
        task: trio.lowlevel.Task | None = None,
        within: float = inf,
        sender: Turn | None = None,
    ) -> None:
        self.envelope = envelope
        self.cell = cell
        self.wheel = cell.system.wheel
        self.task = task
        self.within = within
        self.sender = sender
        self.key: Hashable = None
        """By which it is conflated, where the mailbox does that."""
        self.bucket = 0
        self.done = False

    @property
    def stale(self) -> bool:
        """It holds a question whose asker is gone, or its sender is a zombie by now."""
        reply = self.envelope.reply
        if reply is not None and reply.done:
            return True
        return self.sender is not None and self.sender.fenced

    def admitted(self) -> None:
        self._end(None)

    def refused(self, error: Exception) -> None:
        self._end(error)

    def expire(self) -> None:
        cell = self.cell
        cell.unqueue(self)
        self._end(
            MailboxFull(cell.path, cell.capacity, self.envelope.body, self.within)
        )

    def abandon(self, _: object) -> trio.lowlevel.Abort:
        """The sender was cancelled; its message never was in the mailbox."""
        self.done = True
        self.wheel.discard(self)
        self.cell.unqueue(self)
        return trio.lowlevel.Abort.SUCCEEDED

    def _end(self, error: Exception | None) -> None:
        if self.done:
            return
        self.done = True
        if self.task is not None:
            self.wheel.discard(self)
            trio.lowlevel.reschedule(
                self.task,
                outcome.Value(None) if error is None else outcome.Error(error),
            )
