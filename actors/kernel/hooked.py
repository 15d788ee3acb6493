"""Cells, contexts and lives that call a hook at each of their points; see `hooks`.

Each overrides the one method by which the plain one lets something happen. They are only
made where a system has hooks.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeAlias, TypeVar

from actors.kernel.actor import Query
from actors.kernel.cell import Cell
from actors.kernel.context import ActorContext
from actors.kernel.envelope import Envelope, Place, ReplySlot, Slot
from actors.kernel.errors import ActorDown, AlreadyAnswered, MailboxFull
from actors.kernel.hooks import Hooks, Passage, Point
from actors.kernel.incarnation import Handle, Incarnation
from actors.kernel.mailbox import Mailbox
from actors.kernel.reasons import ExitReason
from actors.kernel.timers import Timer
from actors.kernel.turn import current

T = TypeVar("T")

LOST = "lost on the way"


Enter: TypeAlias = Callable[[Envelope], bool]


class _Passage:
    """One message at a point. Each `go` lets it on: first itself, then a copy each time."""

    __slots__ = ("_enter", "_envelope", "_here", "_left", "_outcome", "_place")

    def __init__(self, place: HookedCell, envelope: Envelope, enter: Enter) -> None:
        self._place = place
        self._envelope = envelope
        self._enter = enter
        self._left = False
        self._here = True
        self._outcome: bool | MailboxFull | ActorDown = True

    def go(self) -> None:
        """Let one go on."""
        if self._left:
            # A copy has no asker: a question has one answer, whatever becomes of it.
            copy = Envelope(self._envelope.body, self._envelope.trace)
            self._place.enter_late(copy, self._enter)
            return
        self._left = True
        if not self._here:
            self._place.enter_late(self._envelope, self._enter)
            return
        try:
            self._outcome = self._enter(self._envelope)
        except (MailboxFull, ActorDown) as refused:
            self._outcome = refused

    def outcome(self) -> bool:
        """Tell the sender, who goes away now, what became of its message."""
        self._here = False
        if isinstance(self._outcome, bool):
            return self._outcome
        raise self._outcome


class _EarlySlot(ReplySlot):
    """The slot of a question whose asker does not sleep yet, so that nobody can wake it."""

    __slots__ = ("error",)

    error: Exception | None

    def __init__(self, slot: ReplySlot) -> None:
        super().__init__(slot.task, slot.wheel, slot.cell, slot.question, slot.within)
        self.error = None

    def fail(self, error: Exception) -> None:
        self.done = True
        self.error = self.error or error


class HookedCell(Cell):
    """A mailbox that nothing enters unseen."""

    __slots__ = ()

    @property
    def hooks(self) -> Hooks:
        assert self.system.hooks is not None
        return self.system.hooks

    def open_lanes(self, mailbox: Mailbox) -> None:
        super().open_lanes(mailbox)
        self.limit = 0  # so that `tell` comes by `offer`, too

    def offer(self, envelope: Envelope) -> bool:
        slot = envelope.reply
        if slot is None:
            return self._leaves(envelope)
        early = envelope.reply = _EarlySlot(slot)
        try:
            admitted = self._leaves(envelope)
        finally:
            envelope.reply = slot
        if early.error is not None:
            slot.done = True  # where it still waits, it is stale
            raise early.error
        return admitted

    def _leaves(self, envelope: Envelope) -> bool:
        turn = current.get()
        sender = turn.cell if turn is not None else None
        if sender is None:
            return self._arrives(envelope)
        return self._passes(Point.SEND, sender, envelope, self._arrives)

    def _arrives(self, envelope: Envelope) -> bool:
        return self._passes(Point.DELIVER, self, envelope, super().offer)

    def _passes(
        self, point: Point, place: Cell, envelope: Envelope, enter: Enter
    ) -> bool:
        passage = _Passage(self, envelope, enter)
        match self.hooks.carry(point, place, envelope.body, passage.go):
            case Passage.GO:
                passage.go()
            case Passage.LOST:
                self.shelve(envelope, LOST)
            case Passage.HELD:
                pass
        return passage.outcome()

    def enter_late(self, envelope: Envelope, enter: Enter) -> None:
        """Let in a message whose sender has gone on: if it is refused, nobody hears of it
        but the dead letters.
        """
        if self.resting is not None:
            self.drop(envelope, "stopped")
            return
        try:
            admitted = enter(envelope)
        except (MailboxFull, ActorDown) as refused:
            self.drop(envelope, "overflow: late", refused)
            return
        if not admitted:
            self.queue(Place(envelope, self))

    def notify(self, body: object, trace: str = "", origin: Slot | None = None) -> None:
        """Only ticks pass a point: what keeps a tree together is out of reach."""
        if self.supervisor or not isinstance(origin, Timer):
            super().notify(body, trace, origin)
            return
        slots = [origin]

        def go() -> None:
            slot = slots.pop() if slots else None
            if origin.in_use:
                super(HookedCell, self).notify(body, trace, slot)
            elif slot is not None:
                slot.taken()

        match self.hooks.carry(Point.TIMER, self, body, go):
            case Passage.GO:
                go()
            case Passage.LOST:
                self.shelve(Envelope(body, trace), LOST)
                origin.taken()
            case Passage.HELD:
                pass

    def fill(self, filler: object) -> int:
        """Fill the mailbox up with *filler*, which nobody gets to handle; return how many.

        Each takes a place until its turn comes, and is a dead letter then. A mailbox
        that conflates is left alone: it would have to recognise them.
        """
        if self.pending is not None:
            return 0
        room = max(0, self.capacity - self.depth)
        for _ in range(room):
            self.deliver(Envelope(filler, deadline=-1.0))
        return room


class HookedContext(ActorContext):
    """Answers pass a point."""

    __slots__ = ()

    def answer(self, question: Query[T], answer: T) -> None:
        say = partial(super().answer, question, answer)
        cell = self._cell
        assert cell.system.hooks is not None
        hooks = cell.system.hooks

        said = False

        def go() -> None:
            nonlocal said
            said = True
            with suppress(AlreadyAnswered):
                say()

        if hooks.carry(Point.REPLY, cell, question, go) is Passage.GO:
            # Only the first may complain: that is the actor's own mistake.
            (go if said else say)()


class HookedIncarnation(Incarnation):
    """A life that stands still at each point."""

    __slots__ = ()

    context_type = HookedContext

    async def _reach(self, point: Point, message: object = None) -> None:
        assert self.cell.system.hooks is not None
        await self.cell.system.hooks.reach(point, self.cell, message)

    def _is_ready(self) -> bool:
        return False  # even one without a `start` passes START

    async def _begin(self) -> ExitReason | None:
        if not self.killed:
            if self.number > 1:
                await self._reach(Point.RESTART)
            await self._reach(Point.START)
        return await super()._begin()

    def _handler(self) -> Handle:
        handle = super()._handler()

        async def handle_watched(context: ActorContext, message: object) -> None:
            await self._reach(Point.BEFORE_HANDLE, message)
            await handle(context, message)
            await self._reach(Point.AFTER_HANDLE, message)

        return handle_watched

    def _has_stop(self) -> bool:
        return True

    async def _stop(self, reason: ExitReason) -> None:
        await self._reach(Point.STOP)
        await super()._stop(reason)
