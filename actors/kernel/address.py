"""The only way to reach an actor: a typed handle that outlives restarts."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Generic, Protocol, Self, TypeVar, cast

import trio

from actors.kernel.envelope import Envelope, Place, ReplySlot
from actors.kernel.errors import ActorDown, MailboxFull
from actors.kernel.graph import LifeAwaited, refuse_cycle, who_waits_here
from actors.kernel.turn import Turn, blocked_by, current

if TYPE_CHECKING:
    from actors.kernel.cell import Cell
    from actors.kernel.incarnation import Incarnation
    from actors.kernel.watches import Watch

M = TypeVar("M", contravariant=True)
A_contra = TypeVar("A_contra", contravariant=True)
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

_NO_NUMBER = "within must be a number of seconds (got nan)"


class Askable(Protocol[A_contra, R_co]):
    """A question that an address of type `A` accepts, and whose answer is an `R`.

    For type checkers only: every `Query` is one, by its `asked_of`.
    """

    def asked_of(self, address: A_contra, /) -> R_co: ...


class Address(Generic[M]):
    """Made by the kernel; found by `find(path, ActorClass)`. Equal only to itself.

    `cell` is the kernel's end of it; leave it alone.
    """

    __slots__ = ("cell",)

    def __init__(self, cell: Cell) -> None:
        self.cell: Cell = cell

    @property
    def path(self) -> str:
        return self.cell.path

    def __repr__(self) -> str:
        return f"<Address {self.cell.path}>"

    def __str__(self) -> str:
        return self.cell.path

    def tell(self, message: M) -> None:
        """Put *message* into the mailbox. Never waits.

        To an actor that is gone for good it becomes a dead letter.

        Raises:
            MailboxFull: there is no room, and the policy is BACKPRESSURE, REJECT or
                CONFLATE.
        """
        cell = self.cell
        turn = current.get()
        envelope = Envelope(message) if turn is None else _inherit(cell, message, turn)
        # The common case, spelled out: a call per message is worth avoiding here.
        if cell.depth < cell.limit:
            cell.put(envelope)
            cell.depth += 1
            incarnation = cell.incarnation
            if incarnation is not None and incarnation.parked is not None:
                incarnation.wake()
        elif cell.resting is not None:
            cell.drop(envelope, "stopped")
        elif not cell.offer(envelope):
            raise MailboxFull(cell.path, cell.capacity, message)

    async def send(self, message: M, *, within: float) -> None:
        """Put *message* into the mailbox; wait for room at most *within* seconds.

        Where there is room it returns at once, and no other task gets to run meanwhile.

        Raises:
            MailboxFull: no room in time, or the policy is REJECT.
            ActorDown: the target is gone for good.
            WouldDeadlock: the target waits for us, perhaps by way of others.
            ValueError: *within* is no number.
        """
        if isnan(within):
            raise ValueError(_NO_NUMBER)
        await trio.lowlevel.checkpoint_if_cancelled()
        cell = self.cell
        turn = current.get()
        envelope = Envelope(message) if turn is None else _inherit(cell, message, turn)
        if cell.resting is not None:
            raise ActorDown(cell.path, str(cell.resting))
        if not cell.offer(envelope):
            await _wait_for_room(cell, envelope, turn, within)

    async def ask(self, question: Askable[Self, R], *, within: float) -> R:
        """Ask, and wait for the answer at most *within* seconds.

        The deadline travels with the question: whatever its handler sends or asks on our
        behalf ends by then, too.

        Raises:
            AskTimeout: no answer in time.
            ActorDown: the target is gone, or went while the question was open.
            HandlerCrashed: the target raised while it handled the question.
            WouldDeadlock: the target waits for us, perhaps by way of others.
            MailboxFull: no room, and the policy is REJECT.
            ValueError: *within* is no number.
        """
        # The answer's type is read off the question, which nothing at run time can see.
        return cast(R, await _ask(self.cell, question, within))

    def watched_by(self, watcher: Incarnation) -> Watch:
        """Used by `ctx.watch`."""
        return self.cell.watch(watcher)


def _inherit(cell: Cell, message: object, turn: Turn) -> Envelope:
    """An envelope with the trace and the deadline of what is being handled."""
    if turn.fenced:
        raise ActorDown(cell.path, "the sender is a fenced zombie")
    in_hand = turn.in_hand
    if in_hand is None:
        return Envelope(message)
    return Envelope(message, in_hand.trace, in_hand.deadline)


async def _ask(cell: Cell, question: object, within: float) -> object:
    if isnan(within):
        raise ValueError(_NO_NUMBER)
    if cell.resting is not None:
        raise ActorDown(cell.path, str(cell.resting))
    system = cell.system
    task = trio.lowlevel.current_task()
    turn = current.get()
    deadline = system.clock() + within
    trace = ""
    waiter: Cell | None = None
    if turn is not None:
        if turn.fenced:
            raise ActorDown(cell.path, "the asker is a fenced zombie")
        if turn.in_hand is not None:
            trace = turn.in_hand.trace
            deadline = min(deadline, turn.in_hand.deadline)
        if turn.task is not None:
            waiter = turn.cell if turn.task is task else blocked_by(turn, task)
    if waiter is not None:
        refuse_cycle(waiter, cell)
    slot = ReplySlot(task, system.wheel, cell, question, within)
    envelope = Envelope(question, trace, deadline, slot)
    if not cell.offer(envelope):
        # No room: the envelope queues, and we sleep on the answer only.
        cell.queue(Place(envelope, cell, sender=turn))
    del turn  # what comes out of the wait holds this frame, and the turn would hold it
    system.wheel.add(slot, deadline)
    if waiter is None:
        return await trio.lowlevel.wait_task_rescheduled(slot.abandon)
    if waiter.waits is None:
        waiter.waits = []
    # The list itself is kept: after a restart the cell has another.
    waits = waiter.waits
    waits.append(slot)
    try:
        return await trio.lowlevel.wait_task_rescheduled(slot.abandon)
    finally:
        waits.remove(slot)


async def _wait_for_room(
    cell: Cell, envelope: Envelope, turn: Turn | None, within: float
) -> None:
    task = trio.lowlevel.current_task()
    waiter = who_waits_here()
    waits: list[ReplySlot | Place | LifeAwaited] = []
    place = Place(envelope, cell, task, within, turn)
    if waiter is not None:
        refuse_cycle(waiter, cell)
        waits = waiter.waits = waiter.waits or waits
    waits.append(place)
    cell.queue(place)
    cell.system.wheel.add(place, min(cell.system.clock() + within, envelope.deadline))
    try:
        await trio.lowlevel.wait_task_rescheduled(place.abandon)
    finally:
        waits.remove(place)
