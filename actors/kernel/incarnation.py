"""One life of an actor: one task, one cancel scope, exactly one end.

`run` is the isolation: nothing an actor raises gets past it, save what is not a crash
(`KeyboardInterrupt` and other foreign `BaseException`s). Whatever happens, one
`ExitReason` comes out, is told to watchers and supervisor, and that never waits.

    run ─ the kill scope ─ _live ─ start, _turns (the loop), _leave (stop, resources)

The kill scope is shielded from the first moment: an actor ends because its supervisor
says so, in the order its supervisor says, never because a nursery around was cancelled.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from math import inf
from typing import TYPE_CHECKING

import trio

from actors.kernel.actor import IGNORE, Actor, AnyActor, Ignore, StopRequested
from actors.kernel.context import ActorContext
from actors.kernel.envelope import Envelope, ReplySlot, Retry
from actors.kernel.errors import (
    ActorDown,
    BackgroundFailed,
    ForeignCancelled,
    HandlerCrashed,
)
from actors.kernel.mailbox import PoisonKind
from actors.kernel.reasons import (
    Crash,
    ExitReason,
    Killed,
    NeedsOperator,
    Normal,
    StartFailed,
    Zombie,
    reason_of,
)
from actors.kernel.turn import current

if TYPE_CHECKING:
    from actors.kernel.cell import Cell, Watch
    from actors.kernel.timers import Timer

MAX_TURNS = 32
"""Messages between two checkpoints, at most ..."""
MAX_TURN_SECONDS = 0.001
"""... and time. Twenty busy actors then keep a timer within about 3 ms."""


class Incarnation:
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
        "cell",
        "context",
        "fenced",
        "in_hand",
        "killed",
        "number",
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
        self.up = False
        self.fenced = False
        """Declared a zombie: what it still does has no effect."""
        self.killed = False
        self.start_reason: StartFailed | Ignore | None = None
        self.reason: ExitReason | None = None
        """Why it ended; `None` while it lives."""
        self.open_asks: dict[int, Envelope] | None = None
        self.timers: list[Timer] | None = None
        self.watches: list[Watch] | None = None

    def __repr__(self) -> str:
        return f"<Incarnation {self.cell.path}#{self.number} {self.cell.phase}>"

    # --- what a supervisor does with it ------------------------------------------------

    async def started(self) -> Ignore | StartFailed | None:
        """Wait until `start` is over: `None` is up, else why there is no incarnation."""
        if not self.up and self.reason is None:
            self._started = self._started or trio.lowlevel.ParkingLot()
            await self._started.park()
        return self.start_reason

    def request_stop(self, reason: ExitReason) -> None:
        """Ask it to leave after the message in hand. Returns at once."""
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
            await self._ended.park()
        assert self.reason is not None
        return self.reason

    def kill(self) -> None:
        """End it without asking, and everything below it. Returns at once."""
        for child in (self.cell.children or {}).values():
            if child.incarnation is not None:
                child.incarnation.kill()
        self.killed = True
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
        self.fenced = True
        self.stopping = Zombie()
        self.finish(Zombie())

    async def turned(self) -> None:
        """Wait until a suspended actor has put its message down, or has ended."""
        self._turned = self._turned or trio.lowlevel.ParkingLot()
        await self._turned.park()

    def wake(self) -> None:
        task = self.parked
        if task is not None:
            self.parked = None
            trio.lowlevel.reschedule(task)

    # --- the life ----------------------------------------------------------------------

    async def run(self) -> None:
        """The whole life, isolated. The body of the actor's task."""
        self.task = trio.lowlevel.current_task()
        reason: ExitReason = Killed()
        try:
            with self._scope:
                reason = await self._live()
            if self.killed:
                reason = Killed()
        except Exception as error:  # noqa: BLE001 - the point of the whole file
            reason = self._reason(error)
        except trio.Cancelled as cancelled:
            reason = self._foreign(cancelled)
        except BaseExceptionGroup as group:
            reason = self._split(group)
        finally:
            if self.cell.children:
                await self._reap()
            self.finish(reason)

    def _reason(self, error: BaseException) -> ExitReason:
        if self.killed:
            return Killed()
        if not self.up:
            return StartFailed(error)
        return reason_of(error, self.in_hand and self.in_hand.body)

    def _foreign(self, cancelled: BaseException) -> ExitReason:
        foreign = ForeignCancelled("a Cancelled that nobody here asked for")
        foreign.__cause__ = cancelled
        return self._reason(foreign)

    def _split(self, group: BaseExceptionGroup[BaseException]) -> ExitReason:
        crash, rest = group.split(Exception)
        if rest is not None:
            _, alien = rest.split(trio.Cancelled)
            if alien is not None:
                self.finish(self._reason(crash) if crash else Killed())
                raise alien
        return self._reason(crash) if crash else self._foreign(group)

    async def _live(self) -> ExitReason:
        self.actor = self._factory()
        context = self.context = ActorContext(self)
        self.cell.open_lanes(type(self.actor).mailbox)
        reason: ExitReason | None = None
        try:
            # Tasks begun in `start` are background: they wait without blocking the actor.
            token = current.set(context.background)
            try:
                ignored = await self.actor.start(context)
            finally:
                current.reset(token)
            if ignored is IGNORE:
                self.start_reason = IGNORE
                reason = Normal()
            else:
                self._is_up()
                current.set(self)
                reason = await self._turns()
        except BaseException as error:
            await self._leave(error)
            raise
        await self._leave(reason)
        return reason

    def _is_up(self) -> None:
        self.up = True
        if self.cell.phase == "starting":
            self.cell.phase = "running"
        if self._started is not None:
            self._started.unpark_all()

    async def _turns(self) -> ExitReason:
        cell = self.cell
        stopwatch = cell.system.stopwatch
        assert self.actor is not None
        assert self.context is not None
        assert cell.take is not None
        handle, context, take = self.actor.handle, self.context, cell.take
        turns, began = 0, stopwatch()
        while True:
            if cell.attention:
                envelope = await self._attend()
                if envelope is None:
                    if self.stopping is not None:
                        return self.stopping
                    continue
            elif cell.depth:
                # `cell.take_user()`, spelled out: a call per message adds up.
                envelope = take()
                cell.depth -= 1
                if cell.pending is not None or cell.waiters:
                    cell.took(envelope)
            else:
                self.parked = trio.lowlevel.current_task()
                cell.admitted = False
                await trio.lowlevel.wait_task_rescheduled(self._unpark)
                turns, began = 0, stopwatch()
                continue
            if envelope.deadline < inf and envelope.deadline < cell.system.clock():
                cell.drop(envelope, "expired")
                continue
            self.in_hand = envelope
            await handle(context, envelope.body)  # type: ignore[arg-type]  # the lane holds M only
            self.in_hand = None
            cell.handled += 1
            if envelope.reply is not None and not envelope.reply.done:
                self._keep_open(envelope)
            if self.stopping is not None:
                return self.stopping
            turns += 1
            if turns >= MAX_TURNS or stopwatch() - began >= MAX_TURN_SECONDS:
                turns = 0
                cell.admitted = False
                await trio.lowlevel.checkpoint()
                began = stopwatch()

    async def _attend(self) -> Envelope | None:
        """Take what comes before user mail: stop, suspension, a retry, the system lane."""
        cell = self.cell
        if self.fenced or (self.stopping is not None and not cell.ordered):
            self.stopping = self.stopping or Zombie()
            return None
        if cell.suspended:
            if self._turned is not None:
                self._turned.unpark_all()
            self.parked = trio.lowlevel.current_task()
            await trio.lowlevel.wait_task_rescheduled(self._unpark)
            return None
        if cell.redeliver is not None:
            envelope, cell.redeliver = cell.redeliver, None
            cell.review_attention()
            return envelope
        if cell.system_depth:
            envelope = cell.take_system()
            if envelope.origin is not None:
                envelope.origin.taken()
            return envelope
        cell.review_attention()
        return None

    def _unpark(self, _: object) -> trio.lowlevel.Abort:
        self.parked = None
        return trio.lowlevel.Abort.SUCCEEDED

    def _keep_open(self, envelope: Envelope) -> None:
        """The handler returned without answering: it may answer later."""
        if self.open_asks is None:
            self.open_asks = {}
        self.open_asks[id(envelope.body)] = envelope

    def open_ask(self, question: object) -> ReplySlot | None:
        """Return where the answer to *question* goes, once; `None` if it is not open."""
        envelope = self.in_hand
        if envelope is None or envelope.body is not question:
            envelope = (self.open_asks or {}).pop(id(question), None)
        return envelope.reply if envelope is not None else None

    # --- leaving -----------------------------------------------------------------------

    @property
    def stack(self) -> AsyncExitStack:
        if self._stack is None:
            self._stack = AsyncExitStack()
        return self._stack

    async def _leave(self, cause: ExitReason | BaseException) -> None:
        """Run `stop`, then close what `ctx.enter` opened, in reverse order.

        After a crash nobody outside holds a deadline for this, so the child's own stop
        time is one.
        """
        error = cause if isinstance(cause, BaseException) else None
        assert self.actor is not None
        if error is not None and not self.killed and self._shutdown < inf:
            self._scope.deadline = trio.current_time() + self._shutdown
        try:
            if self.up and not self.killed and type(self.actor).stop is not Actor.stop:
                assert self.context is not None
                reason = self._why_leaving(cause)
                # A nursery of the actor's own may be cancelled; this is not for it.
                with trio.CancelScope(shield=True) as self._leaving:
                    self._leaving.deadline = self._scope.deadline
                    await self.actor.stop(self.context, reason)
        finally:
            self._leaving = None
            if self._stack is not None:
                kind = type(error) if error is not None else None
                await self._stack.__aexit__(
                    kind, error, error.__traceback__ if error is not None else None
                )

    def _why_leaving(self, cause: ExitReason | BaseException) -> ExitReason:
        if not isinstance(cause, BaseException) or isinstance(cause, NeedsOperator):
            return cause
        if isinstance(cause, trio.Cancelled):
            # Its own nursery was cancelled because a task in it failed; the error
            # itself comes out only when the nursery is closed, after `stop`.
            return Crash(BackgroundFailed("a background task of this actor failed"))
        return self._reason(cause)

    async def _reap(self) -> None:
        """A supervisor that crashed or was killed takes its children with it."""
        below = [
            child.incarnation
            for child in reversed((self.cell.children or {}).values())
            if child.incarnation is not None
        ]
        for incarnation in below:
            incarnation.kill()
        with trio.CancelScope(shield=True):
            for incarnation in below:
                if incarnation.reason is None:
                    await incarnation.kill_and_fence()

    def finish(self, reason: ExitReason) -> None:
        """The one end. Tells everybody whom it concerns; never waits."""
        cell = self.cell
        if self.reason is not None:
            if self.fenced:
                cell.system.log.info("actor.zombie_ended", actor=cell.path)
            return
        self.reason = reason
        cell.incarnation = None
        cell.phase = "zombie" if self.fenced else "down"
        cell.waits = None
        if self.in_hand is not None:
            self._poisoned(self.in_hand, reason)
            self.in_hand = None
        for envelope in (self.open_asks or {}).values():
            if envelope.reply is not None:
                envelope.reply.fail(ActorDown(cell.path, str(reason)))
        for timer in self.timers or ():
            timer.cancel()
        for watch in self.watches or ():
            watch.cancel()
        if not self.up and self.start_reason is None:
            failed = reason
            if not isinstance(failed, StartFailed):
                failed = StartFailed(ActorDown(cell.path, str(reason)))
            self.start_reason = self.reason = failed
        if cell.ordered:
            # A supervisor's mail is about children that are gone with it.
            cell.flush("supervisor ended", ActorDown(cell.path, str(reason)))
        cell.system.incarnation_ended(self)
        for lot in (self._started, self._turned, self._ended):
            if lot is not None:
                lot.unpark_all()

    def _poisoned(self, envelope: Envelope, reason: ExitReason) -> None:
        """The message in hand at the end: gone, or first in line for the next one."""
        cell = self.cell
        if not isinstance(reason, Crash):
            cell.drop(envelope, f"in hand: {reason}")
            return
        assert self.actor is not None
        policy = type(self.actor).poison
        if policy.kind is PoisonKind.RETRY and envelope.attempt <= policy.retries:
            cell.redeliver = Retry(envelope)
            cell.review_attention()
            return
        crashed = HandlerCrashed(
            cell.path, type(envelope.body).__name__, reason.exception
        )
        crashed.__cause__ = reason.exception
        quarantined = policy.kind is PoisonKind.RETRY
        cell.drop(envelope, "quarantined" if quarantined else "crashed", crashed)
