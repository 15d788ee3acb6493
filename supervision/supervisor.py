"""The supervisor actor: a thin shell that does, one by one, what the core decides.

Its mailbox is one ordered lane: exits, calls, stop requests, timers and its own retries
are handled first in, first out. While a child starts or stops nothing else is taken
from it; only a kill does not wait.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Never, TypeAlias, assert_never

from attrs import evolve

from actors.kernel import (
    LOST_LINE,
    Actor,
    ActorContext,
    AlreadyAnswered,
    ChildExited,
    Ignore,
    Mailbox,
    StopRequested,
    Timer,
    shown,
)
from supervision.calls import (
    Call,
    CountChildren,
    DeleteChild,
    GetChildSpec,
    RestartChild,
    RestartNow,
    StartChild,
    TerminateChild,
    WhichChild,
    WhichChildren,
)
from supervision.crew import Crew
from supervision.crowds import collector_paused
from supervision.decide import decide
from supervision.events import (
    Abandon,
    Action,
    Boot,
    Booted,
    BootFailed,
    Called,
    ChildEnded,
    Decided,
    Doubtful,
    DropTimer,
    Event,
    Exit,
    Exited,
    Forget,
    GaveUp,
    Halt,
    HaltAll,
    Halted,
    Hold,
    Look,
    Note,
    OperatorNeeded,
    Outcome,
    PostRetry,
    Reply,
    ReplyCounts,
    Rest,
    Restarted,
    RestartFailed,
    Seen,
    SetTimer,
    ShuttingDown,
    Start,
    Stop,
    TimerFired,
    TryAgain,
)
from supervision.journalist import write_down
from supervision.specs import Supervisor
from supervision.state import Core

STALE = 0
"""The token of no start: the core ignores an exit that bears it."""

SupervisorMessage: TypeAlias = (
    Call | ChildExited | StopRequested | TryAgain | TimerFired
)


class ChildNotStarted(Exception):
    """A supervisor did not come up, because one of its children did not."""

    def __init__(self, child: str, exception: BaseException) -> None:
        super().__init__(f"child {child!r} did not start: {shown(exception)}")
        self.child = child
        self.exception = exception


class SupervisorActor(Actor[SupervisorMessage]):
    """Keeps the children of its spec running. `Supervisor.actor` makes one."""

    mailbox = Mailbox(ordered=True)

    def __init__(self, flags: Supervisor) -> None:
        self.flags = flags
        self._core = Core(flags)
        self._timers: dict[int, Timer] = {}
        self._notes: list[Note] = []

    async def start(self, ctx: ActorContext) -> Ignore | None:
        """Start the children in order.

        Raises:
            ChildNotStarted: one of them did not come up; those before it are down again.
        """
        self._crew = Crew(ctx)
        # Children that were added at run time died with the incarnation before.
        ctx.prune(
            set()
            if self._core.is_dynamic
            else {spec.id for spec in self.flags.children}
        )
        with collector_paused(len(self.flags.children)):
            await self._decide(ctx, Boot())
        return None

    async def handle(self, ctx: ActorContext, message: SupervisorMessage) -> None:
        """Have *message* decided, and do what comes of it."""
        match message:
            case ChildExited():
                await self._decide(ctx, self._exited(message))
            case StopRequested(reason):
                await self._decide(ctx, Stop(reason))
            case TimerFired(generation):
                self._timers.pop(generation, None)
                await self._decide(ctx, message)
            case TryAgain():
                await self._decide(ctx, message)
            case (
                StartChild()
                | TerminateChild()
                | RestartChild()
                | DeleteChild()
                | RestartNow()
                | GetChildSpec()
                | WhichChildren()
                | WhichChild()
                | CountChildren()
            ):
                await self._decide(ctx, Called(message, message))
            case _:
                _unexpected(ctx, message)

    def _exited(self, notice: ChildExited) -> Exited:
        child_id = notice.cell.path.rsplit("/", 1)[1]
        child = self._core.children.get(child_id)
        # A closed cell was that of a namesake, deleted before its exit came through.
        if (
            child is None
            or notice.cell.closed
            or child.incarnation != notice.incarnation
        ):
            return Exited(child_id, STALE, notice.reason)
        return Exited(child_id, child.token, notice.reason)

    async def _decide(self, ctx: ActorContext, event: Event) -> None:
        system = ctx.system
        pending: Event | None = event
        try:
            while pending is not None:
                u = system.random.random()
                self._core, actions = decide(self._core, pending, system.clock(), u)
                pending = None
                if system.witness is not None:
                    for action in actions:
                        system.witness(Decided(ctx.path, action))
                for action in actions:
                    pending = await self._perform(ctx, action)
        finally:
            # Logged after everything is done: writing takes longer than a restart does.
            notes, self._notes = self._notes, []
            for note in notes:
                with LOST_LINE:
                    write_down(ctx.log, note)

    async def _perform(self, ctx: ActorContext, action: Action) -> Outcome | None:
        match action:
            case Start():
                return await self._crew.start(action)
            case Halt(child, token, grace):
                await self._crew.halt(((child, token),), grace)
                return Halted()
            case HaltAll(children, grace):
                await self._crew.halt(children, grace)
                return Halted()
            case Look(children):
                return Seen(self._crew.ended(children))
            case PostRetry(child, generation):
                self._crew.retries(child)
                ctx.post(TryAgain(child, generation))
            case SetTimer(child, generation, seconds):
                self._crew.waits(action)
                timer = ctx.after(seconds, TimerFired(generation))
                self._timers[generation] = timer
            case DropTimer(generation):
                self._timers.pop(generation).cancel()
            case Hold(child, leader):
                self._crew.held(child, leader)
            case Abandon(child):
                self._crew.abandoned(child)
            case Rest(child, reason):
                self._crew.rest(child, reason)
            case Forget(child, reason):
                self._crew.forget(child, reason)
            case Reply(ref, answer):
                _answer(ctx, ref, answer)
            case ReplyCounts(ref, counts):
                _answer(ctx, ref, evolve(counts, active=self._crew.alive()))
            case Booted():
                pass
            case BootFailed(child, exception):
                raise ChildNotStarted(child, exception) from exception
            case Exit(reason):
                ctx.stop(reason)
            case (
                Doubtful()
                | Restarted()
                | ChildEnded()
                | RestartFailed()
                | OperatorNeeded()
                | GaveUp()
                | ShuttingDown()
            ):
                self._notes.append(action)
            case _:
                assert_never(action)
        return None


def _unexpected(ctx: ActorContext, message: Never) -> None:
    # Logged and passed over, as in OTP: whoever sent it got past the type checker, and a
    # crash would end the children, who are not to blame.
    kind = type(message).__name__
    with LOST_LINE:
        ctx.log.error("supervisor.unexpected_message", message=kind)


def _answer(ctx: ActorContext, question: object, answer: object) -> None:
    # Whoever used `tell` for a question wants no answer.
    with suppress(AlreadyAnswered):
        ctx.answer(question, answer)  # type: ignore[arg-type]  # the core pairs them
