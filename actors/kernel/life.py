"""One life of an actor, as others hold it: is it up, is it over, make it end.

`finish` is the one end. It tells everybody whom it concerns and never waits. What runs
inside a life, and how it is isolated, is `incarnation`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import trio

from actors.kernel.actor import AnyActor, Ignore, StopRequested
from actors.kernel.admission import SWEEP
from actors.kernel.envelope import Envelope, ReplySlot
from actors.kernel.errors import ActorDown, AlreadyAnswered, HandlerCrashed
from actors.kernel.graph import park_in
from actors.kernel.mailbox import PoisonKind
from actors.kernel.reasons import (
    LOST_LINE,
    Crash,
    ExitReason,
    Killed,
    StartFailed,
    Zombie,
)

if TYPE_CHECKING:
    from actors.kernel.cell import Cell
    from actors.kernel.context import ActorContext
    from actors.kernel.incarnation import Incarnation
    from actors.kernel.timers import Timer
    from actors.kernel.watches import Watch


def _is_open(asked: Envelope) -> bool:
    return asked.reply is not None and not asked.reply.done


class Life:
    """What a supervisor holds of a child: is it up, is it down, make it stop."""

    __slots__ = (
        "_ended",
        "_factory",
        "_leaving",
        "_scope",
        "_shutdown",
        "_stack",
        "_started",
        "_turned",
        "actor",
        "asked_to_stop",
        "cell",
        "context",
        "fenced",
        "in_hand",
        "killed",
        "number",
        "nurseries",
        "open_asks",
        "parked",
        "reason",
        "start_reason",
        "stopping",
        "task",
        "timers",
        "up",
        "watches",
    )

    def __init__(
        self,
        cell: Cell,
        number: int,
        factory: Callable[[], AnyActor],
        shutdown: float,
    ) -> None:
        self.cell: Cell = cell
        self.number = number
        self._factory = factory
        self._shutdown = shutdown
        # Made before the task runs: a kill that comes first then still works.
        self._scope = trio.CancelScope(shield=True)
        self._leaving: trio.CancelScope | None = None
        self._stack: AsyncExitStack | None = None
        self._started: trio.lowlevel.ParkingLot | None = None
        self._ended: trio.lowlevel.ParkingLot | None = None
        self._turned: trio.lowlevel.ParkingLot | None = None
        self.actor: AnyActor | None = None
        self.context: ActorContext | None = None
        self.task: trio.lowlevel.Task | None = None
        self.in_hand: Envelope | None = None
        self.parked: trio.lowlevel.Task | None = None
        self.stopping: ExitReason | None = None
        self.asked_to_stop = False
        """By somebody who holds a deadline for it."""
        self.up = False
        self.fenced = False
        """Declared a zombie: what it still does has no effect."""
        self.killed = False
        self.start_reason: StartFailed | Ignore | None = None
        self.reason: ExitReason | None = None
        """Why it ended; `None` while it lives."""
        self.open_asks: dict[int, list[Envelope]] | None = None
        self.timers: dict[Timer, None] | None = None
        self.watches: dict[Watch, None] | None = None
        self.nurseries: tuple[trio.Nursery, ...] = ()
        """Open for the whole life; a task in one of them blocks no handler."""

    def __repr__(self) -> str:
        return f"<Life {self.cell.path}#{self.number} {self.cell.phase}>"

    # --- what a supervisor does with it ------------------------------------------------

    async def started(self) -> Ignore | StartFailed | None:
        """Wait until `start` is over: `None` is up, else why there is no incarnation."""
        if not self.up and self.reason is None:
            self._started = self._started or trio.lowlevel.ParkingLot()
            await park_in(self._started, self.cell)
        return self.start_reason

    def request_stop(self, reason: ExitReason) -> None:
        """Ask it to leave after the message in hand. Returns at once."""
        self.asked_to_stop = True
        if self.reason is not None or self.stopping is not None:
            return
        if self.cell.ordered:
            self.cell.notify(StopRequested(reason))
            return
        self.stopping = reason
        self.cell.attention = True
        self.cell.phase = "stopping"
        self.wake()

    async def ended(self) -> ExitReason:
        """Wait until it is over, and return why."""
        if self.reason is None:
            self._ended = self._ended or trio.lowlevel.ParkingLot()
            await park_in(self._ended, self.cell)
        assert self.reason is not None
        return self.reason

    def kill(self) -> None:
        """End it without asking, and everything below it. Returns at once."""
        if self.reason is not None:
            return  # what is below its cell now may be its successor's
        for life in self._from_below():
            life._kill()  # noqa: SLF001 - one of ours

    def _kill(self) -> None:
        self.killed = True
        # Should its handler swallow the cancellation, then no more mail.
        self.stopping = self.stopping or Killed()
        self._scope.cancel(reason="killed by its supervisor")
        if self._leaving is not None:
            self._leaving.cancel(reason="killed by its supervisor")

    async def kill_and_fence(self) -> Killed | Zombie:
        """Kill it; if it does not die within `kill_wait` seconds, fence it as a zombie."""
        self.kill()
        with trio.move_on_after(self.cell.system.kill_wait):
            await self.ended()
        if self.reason is None:
            self.fence()
        return Zombie() if self.fenced else Killed()

    def fence(self) -> None:
        """Take its place away: what it still sends, answers or reads has no effect."""
        for life in self._from_below():
            life.fenced = True
            life.stopping = Zombie()
            life.finish(Zombie())

    def _from_below(self) -> list[Incarnation]:
        """Return who lives at its cell and below, each behind those below."""
        lives = [cell.incarnation for cell in self.cell.from_below()]
        return [life for life in lives if life is not None]

    async def reap(self) -> None:
        """A supervisor that crashed or was killed takes its children with it.

        All at once: however many of them refuse to die, it takes one `kill_wait`.
        """
        below = [
            child.incarnation
            for child in reversed((self.cell.children or {}).values())
            if child.incarnation is not None
        ]
        for incarnation in below:
            incarnation.kill()
        with trio.move_on_after(self.cell.system.kill_wait, shield=True):
            for incarnation in below:
                await incarnation.ended()
        for incarnation in below:
            if incarnation.reason is None:
                incarnation.fence()

    async def turned(self) -> None:
        """Wait until a suspended actor has put its message down, has ended or goes on."""
        self._turned = self._turned or trio.lowlevel.ParkingLot()
        await park_in(self._turned, self.cell)

    def thaw(self) -> None:
        """It is suspended no more; whoever waited for it to be is told."""
        if self._turned is not None:
            self._turned.unpark_all()
        self.wake()

    def wake(self) -> None:
        task = self.parked
        if task is not None:
            # In this order: refused to a foreign thread, it must still be parked.
            trio.lowlevel.reschedule(task)
            self.parked = None

    # --- the end --------------------------------------------------------------------

    def finish(self, reason: ExitReason) -> None:
        """The one end. Tells everybody whom it concerns; never waits."""
        cell = self.cell
        if self.reason is not None:
            if self.fenced:
                with LOST_LINE:
                    cell.system.log.info("actor.zombie_ended", actor=cell.path)
            return
        self.reason = reason
        cell.incarnation = None
        cell.phase = "zombie" if self.fenced else "down"
        cell.waits = None
        if self.in_hand is not None:
            self._poisoned(self.in_hand, reason)
            self.in_hand = None
        for asked in (self.open_asks or {}).values():
            for envelope in asked:
                if envelope.reply is not None:
                    envelope.reply.fail(ActorDown(cell.path, str(reason)))
        for timer in tuple(self.timers or ()):
            timer.cancel()
        for watch in tuple(self.watches or ()):
            watch.cancel()
        if not self.up and self.start_reason is None:
            failed = reason
            if not isinstance(failed, StartFailed):
                failed = StartFailed(ActorDown(cell.path, str(reason)))
            self.start_reason = self.reason = failed
        if cell.ordered:
            # A supervisor's mail is about children that are gone with it.
            cell.flush("supervisor ended", ActorDown(cell.path, str(reason)))
        # Ticks and notices that still wait are this life's, not the next one's.
        cell.forget_notices()
        cell.review_attention()
        cell.system.incarnation_ended(self)
        for lot in (self._started, self._turned, self._ended):
            if lot is not None:
                lot.unpark_all()

    def _poisoned(self, envelope: Envelope, reason: ExitReason) -> None:
        """The message in hand at the end: gone, or first in line for the next one."""
        cell = self.cell
        if not isinstance(reason, Crash):
            # Counted by its kind, not by its text: texts have no end.
            kind = type(reason).__name__
            cell.drop(envelope, f"in hand: {kind}", ActorDown(cell.path, str(reason)))
            return
        assert self.actor is not None
        policy = type(self.actor).poison
        if policy.kind is PoisonKind.RETRY and envelope.attempt <= policy.retries:
            cell.redeliver = envelope.again()
            cell.review_attention()
            return
        crashed = HandlerCrashed(
            cell.path, type(envelope.body).__name__, reason.exception
        )
        crashed.__cause__ = reason.exception
        quarantined = policy.kind is PoisonKind.RETRY
        cell.drop(envelope, "quarantined" if quarantined else "crashed", crashed)

    # --- open questions ---------------------------------------------------------------

    def open_ask(self, question: object) -> ReplySlot | None:
        """Return where the answer to *question* goes; `None` if nobody waits for one.

        Raises:
            AlreadyAnswered: it was answered before.
        """
        envelope, answered = self.in_hand, False
        if envelope is not None and envelope.body is question:
            if envelope.reply is not None and not envelope.reply.answered:
                return envelope.reply
            answered = envelope.reply is not None
        # One object may have been asked more than once: whoever came first is next.
        for envelope in (self.open_asks or {}).get(id(question), ()):
            if envelope.reply is not None and not envelope.reply.answered:
                return envelope.reply
            answered = True
        if answered:
            raise AlreadyAnswered(self.cell.path, type(question).__name__)
        return None

    def keep_open(self, envelope: Envelope) -> None:
        """The handler returned without answering: it may answer later.

        Now and then those are forgotten whose askers are gone, for an actor may never
        answer at all.
        """
        if self.open_asks is None:
            self.open_asks = {}
        elif len(self.open_asks) & SWEEP == SWEEP:
            for key, old in tuple(self.open_asks.items()):
                old[:] = filter(_is_open, old)
                if not old:
                    del self.open_asks[key]
        asked = self.open_asks.setdefault(id(envelope.body), [])
        if len(asked) & SWEEP == SWEEP:
            asked[:] = filter(_is_open, asked)
        asked.append(envelope)

    # --- resources --------------------------------------------------------------------

    @property
    def stack(self) -> AsyncExitStack:
        if self._stack is None:
            self._stack = AsyncExitStack()
        return self._stack
