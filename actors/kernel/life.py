"""One life of an actor, as others hold it: is it up, is it over, make it end.

A life and an incarnation are one object, in two files: `Life` is what supervisors, askers
and watchers use of it; its subclass `Incarnation` is what runs in its task, and how that
is isolated. `Life.finish` is the one end: it tells everybody whom it concerns, and never
waits.
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
    """What a supervisor holds of a running child: it waits for it, stops it or kills it."""

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
        """Around the actor's `stop` while that runs: a kill has to reach it, too."""
        self._stack: AsyncExitStack | None = None
        self._started: trio.lowlevel.ParkingLot | None = None
        self._ended: trio.lowlevel.ParkingLot | None = None
        self._turned: trio.lowlevel.ParkingLot | None = None
        # Made when somebody waits: for the start, the end, a suspension.
        self.actor: AnyActor | None = None
        self.context: ActorContext | None = None
        self.task: trio.lowlevel.Task | None = None
        self.in_hand: Envelope | None = None
        """The message that is being handled."""
        self.parked: trio.lowlevel.Task | None = None
        """Its task while that sleeps because there is no mail; see `wake`."""
        self.stopping: ExitReason | None = None
        """With which reason it ends after the message in hand; `None`: it goes on."""
        self.asked_to_stop = False
        """Somebody asked it to stop, and will kill it when it takes too long: no deadline
        of its own is needed then."""
        self.up = False
        """Its `start` is over, and well."""
        self.fenced = False
        """Declared a zombie: what it still does has no effect."""
        self.killed = False
        self.start_reason: StartFailed | Ignore | None = None
        """Why it never came up; `None` for one that did, or still may."""
        self.reason: ExitReason | None = None
        """Why it ended; `None` while it lives."""
        self.open_asks: dict[int, list[Envelope]] | None = None
        """Questions that were handled and not answered yet, by the `id` of the question."""
        self.timers: dict[Timer, None] | None = None
        self.watches: dict[Watch, None] | None = None
        self.nurseries: tuple[trio.Nursery, ...] = ()
        """Opened with `ctx.enter`, for the whole life: a task in one of them blocks no
        handler by waiting."""

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
            return  # by now the children below its cell may be its successor's
        for life in self._from_below():
            life._kill()  # noqa: SLF001 - one of ours

    def _kill(self) -> None:
        self.killed = True
        # Should its handler swallow the cancellation, it gets no more mail at least.
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
        """Declare it a zombie, and all below it: their places are free for successors, and
        what their tasks may still send or answer has no effect.
        """
        for life in self._from_below():
            life.fenced = True
            life.stopping = Zombie()
            life.finish(Zombie())

    def _from_below(self) -> list[Incarnation]:
        """Return the lives at its cell and below; each comes after those below it."""
        lives = [cell.incarnation for cell in self.cell.from_below()]
        return [life for life in lives if life is not None]

    async def reap(self) -> None:
        """Kill the children of a supervisor that crashed or was killed, the last one first.

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
        """End the suspension, and tell those who waited for it to be suspended."""
        if self._turned is not None:
            self._turned.unpark_all()
        self.wake()

    def wake(self) -> None:
        """Let its task go on, if it sleeps for want of mail."""
        task = self.parked
        if task is not None:
            # In this order: refused to a foreign thread, it must still be parked.
            trio.lowlevel.reschedule(task)
            self.parked = None

    # --- the end --------------------------------------------------------------------

    def finish(self, reason: ExitReason) -> None:
        """End it, for *reason*: the one end of every life. Never waits.

        In this order: the message in hand becomes a dead letter or is kept for the next
        life, open questions fail, timers and watches end, then watchers and supervisor are
        told. A second call does nothing: the task of a zombie ends after it was fenced.
        """
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
        """Part with the message in hand at the end, as the actor's `poison` says: it is
        a dead letter, or the first message of the next life.
        """
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
        """Keep a question whose handler returned without an answer: one may come later.

        Now and then those whose askers are gone are swept out, for an actor may never
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
