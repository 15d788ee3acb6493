"""One life of an actor from inside: one task, one cancel scope, exactly one end.

    prepare          makes the actor; its cell opens the mailbox
    run              the body of the task: the isolation, and inside of the kill scope
      _begin         the actor's `start`
      _turns         the loop: take a message, handle it, now and then let others run
      _leave         the actor's `stop`, then what `ctx.enter` opened is closed
    finish           (`life`) the end, told to everybody

Nothing that an actor raises gets past `run`, save an order to leave (`KeyboardInterrupt`,
`SystemExit`, `GeneratorExit`). Whatever happens, one `ExitReason` comes out.

The kill scope is shielded from the first moment: an actor ends because its supervisor
says so, in the order its supervisor says, never because a nursery around was cancelled.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from math import inf
from typing import ClassVar, TypeAlias

import trio

from actors.kernel.actor import IGNORE, Actor
from actors.kernel.context import ActorContext
from actors.kernel.envelope import Envelope
from actors.kernel.errors import BackgroundFailed, ForeignCancelled
from actors.kernel.hooks import LifeUp
from actors.kernel.life import Life
from actors.kernel.reasons import (
    LOST_LINE,
    Crash,
    ExitReason,
    Killed,
    NeedsOperator,
    Normal,
    StartFailed,
    Zombie,
    from_actor,
    leaves,
    parted,
    reason_of,
    shown,
)
from actors.kernel.turn import Span, current

_KILLED = Killed()  # one for all: 100,000 tasks may be holding it at once

MAX_TURNS = 32
"""At most so many messages are handled between two checkpoints, ..."""
MAX_TURN_SECONDS = 0.001
"""... and for no longer than this. With twenty busy actors a timer is 3 ms late at most."""


Handle: TypeAlias = Callable[[ActorContext, object], Awaitable[None]]


class Incarnation(Life):
    """A life that runs: the body of the actor's task."""

    __slots__ = ()

    context_type: ClassVar[type[ActorContext]] = ActorContext

    def prepare(self) -> None:
        """Make the actor. One without a `start` of its own is up at once.

        Its supervisor then need not wait for a scheduler pass to know; a factory that
        raises is a start that failed, before there ever was a task.
        """
        try:
            actor = self._factory()
            if not isinstance(actor, Actor):
                msg = f"what starts a child must make an actor (got {actor!r})"
                raise TypeError(msg)  # noqa: TRY301 - it is a start that failed, too
            self.actor = actor
            del self._factory  # it may hold what the actor did not keep
            self.context = self.context_type(self)
            self.cell.open_lanes(type(actor).mailbox)
        except BaseException as error:  # noqa: BLE001 - whatever it is, it never came up
            reason, order = self._judged(None, error)
            self.finish(reason)
            if order is not None:
                self.cell.system.pass_on(order)
        else:
            if self._is_ready():
                self._is_up()

    def _is_ready(self) -> bool:
        assert self.actor is not None
        return type(self.actor).start is Actor.start

    async def run(self) -> None:
        """The whole life, isolated. The body of the actor's task."""
        self.task = trio.lowlevel.current_task()
        reason: ExitReason = _KILLED
        crash: BaseException | None = None
        try:
            with self._scope:
                try:
                    if self.up and not (self.cell.depth or self.cell.attention):
                        self.parked = self.task  # it needs no turn before mail comes
                        await trio.lowlevel.wait_task_rescheduled(self._unpark)
                    reason = await self._begin() or await self._turns()
                except BaseException as error:
                    crash = error
                    await self._leave(error)
                    raise
                await self._leave(reason)
            if self.killed:
                reason = Killed()
            elif crash is not None:
                reason = self._cut_off(crash)
            elif self._scope.cancel_called:
                self._cleanup_failed("it took too long")
        except BaseException as error:  # noqa: BLE001 - the point of the whole file
            reason, order = self._judged(crash, error)
            if order is not None:
                raise order  # noqa: B904 - it is what was raised, or part of it
        finally:
            if self.cell.children and not self.fenced:
                await self.reap()
            self.finish(reason)
            self._let_go()

    def _let_go(self) -> None:
        """Hold nothing any more: an exception that is kept holds its frames, and they us."""
        if self.context is not None:
            self.context.let_go()
        current.set(None)
        self.task = self.context = self.actor = self._stack = None
        del self._scope

    def _reason(self, error: BaseException) -> ExitReason:
        if self.killed:
            return Killed()
        from_actor(error)
        if not self.up:
            return StartFailed(error)
        return reason_of(error, self.in_hand and self.in_hand.body)

    def _cut_off(self, crash: BaseException) -> ExitReason:
        """Return the reason where cleaning up after *crash* took too long: still *crash*."""
        if not isinstance(crash, trio.Cancelled):
            raise crash
        return self._why_leaving(crash)

    def _judged(
        self, first: BaseException | None, error: BaseException
    ) -> tuple[ExitReason, BaseException | None]:
        """Return why this ends if *error* came out, and what of it must go on up.

        Args:
            first: what the actor raised before it was cleaned up, if it did.
            error: what came out in the end; often the same.
        """
        crash, order = parted(error)
        if first is not None and first is not error:
            earlier, order_before = parted(first)
            order = order or order_before
            # By identity: how an exception compares is its author's, and may raise.
            if earlier is not None and all(leaf is not first for leaf in leaves(error)):
                self._cleanup_failed(shown(error))
                crash = earlier
        if crash is None and order is None:
            crash = ForeignCancelled("a Cancelled that nobody here asked for")
            crash.__cause__ = error
        return (self._reason(crash) if crash is not None else Killed()), order

    def _cleanup_failed(self, error: str) -> None:
        with LOST_LINE:
            self.cell.system.log.warning(
                "actor.cleanup_failed", actor=self.cell.path, error=error
            )

    async def _begin(self) -> ExitReason | None:
        """Run the actor's `start`; return why there is nothing more to do, if so."""
        if self.killed:
            return Killed()
        if not self.up:
            assert self.actor is not None
            assert self.context is not None
            # No message is in hand, but who waits in `start` takes no other one, either.
            token = current.set(Span("", inf, self, self.task))
            try:
                ignored = await self.actor.start(self.context)
            finally:
                current.reset(token)
            if self.killed:
                return (
                    Killed()
                )  # its `start` swallowed the kill; its mail is for the next one
            if ignored is IGNORE:
                self.start_reason = IGNORE
                return Normal()
            self._is_up()
        current.set(self)
        return None

    def _is_up(self) -> None:
        self.up = True
        if self.cell.system.witness is not None:
            self.cell.system.witness(LifeUp(self.cell.path, self.number))
        if self.cell.phase == "starting":
            self.cell.phase = "running"
        if self._started is not None:
            self._started.unpark_all()
            self._started = None

    async def _turns(self) -> ExitReason:
        """Handle one message after the other until something ends this life; return why."""
        # In one piece, not in methods: every message of the host pays for this loop.
        cell = self.cell
        stopwatch = cell.system.stopwatch
        assert self.context is not None
        handle, context, take = self._handler(), self.context, cell.take
        ordered = cell.ordered
        turns, budget, began = 0, MAX_TURNS, stopwatch()
        try:
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
                    if ordered or cell.pending is not None or cell.waiters:
                        cell.took(envelope)
                else:
                    self.parked = trio.lowlevel.current_task()
                    cell.admitted = False
                    cell.handled += turns
                    turns, budget = 0, MAX_TURNS
                    await trio.lowlevel.wait_task_rescheduled(self._unpark)
                    began = stopwatch()
                    continue
                if (
                    envelope.deadline is not inf
                    and envelope.deadline < cell.system.clock()
                ):
                    cell.expire(envelope)
                    budget -= 1  # it is not handled, but it took time
                else:
                    self.in_hand = envelope
                    await handle(context, envelope.body)
                    self.in_hand = None
                    turns += 1
                    if envelope.reply is not None and not envelope.reply.done:
                        self.keep_open(envelope)
                    if self.stopping is not None:
                        turns -= self.fenced  # it was given up over this message
                        return self.stopping
                if turns >= budget or stopwatch() - began >= MAX_TURN_SECONDS:
                    cell.handled += turns
                    turns, budget = 0, MAX_TURNS
                    cell.admitted = False
                    await trio.lowlevel.checkpoint()
                    began = stopwatch()
        finally:
            cell.handled += turns  # counted in batches: an attribute each time adds up

    def _handler(self) -> Handle:
        assert self.actor is not None
        return self.actor.handle  # type: ignore[return-value]  # the lane holds M only

    async def _attend(self) -> Envelope | None:
        """Return what comes before user mail: a message to be handled again, a notice.

        `None` where there is nothing to handle: it has to stop (`stopping` says why), or
        was suspended until now, or there was nothing after all.
        """
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

    # --- leaving -----------------------------------------------------------------------

    async def _leave(self, cause: ExitReason | BaseException) -> None:
        """Run `stop`, then close what `ctx.enter` opened, in reverse order.

        After a crash, or where it ends by itself, nobody outside holds a deadline for
        this, so the child's own stop time is one.
        """
        stops = self.up and not self.killed and self._has_stop()
        if not stops and self._stack is None:
            return  # nothing to wait for: a deadline would only fill trio's heap
        error = cause if isinstance(cause, BaseException) else None
        alone = error is not None or not self.asked_to_stop
        if alone and not self.killed and self._shutdown < inf:
            self._scope.deadline = trio.current_time() + self._shutdown
        try:
            if stops:
                reason = self._why_leaving(cause)
                # A nursery of the actor's own may be cancelled; this is not for it.
                with trio.CancelScope(shield=True) as self._leaving:
                    self._leaving.deadline = self._scope.deadline
                    await self._stop(reason)
        finally:
            self._leaving = None
            if self._stack is not None:
                kind = type(error) if error is not None else None
                await self._stack.__aexit__(
                    kind, error, error.__traceback__ if error is not None else None
                )

    def _has_stop(self) -> bool:
        assert self.actor is not None
        return type(self.actor).stop is not Actor.stop

    async def _stop(self, reason: ExitReason) -> None:
        assert self.actor is not None
        assert self.context is not None
        await self.actor.stop(self.context, reason)

    def _why_leaving(self, cause: ExitReason | BaseException) -> ExitReason:
        if not isinstance(cause, BaseException) or isinstance(cause, NeedsOperator):
            return cause
        if isinstance(cause, trio.Cancelled):
            # Its own nursery was cancelled because a task in it failed; the error
            # itself comes out only when the nursery is closed, after `stop`.
            return Crash(BackgroundFailed("a background task of this actor failed"))
        return self._reason(cause)
