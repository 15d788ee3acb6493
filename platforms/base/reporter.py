"""The actor that tells when a connection is tried again: it cannot say so itself.

A session knows that it has ended; only its supervisor knows for how long the connection
sleeps then. This actor lives beside the connections, is told of the end of each (`Down`),
and asks the supervisor.
"""

from __future__ import annotations

from typing import TypeAlias, assert_never

import trio
from attrs import frozen

from actors.kernel import (
    Actor,
    ActorContext,
    ActorError,
    Address,
    Crash,
    Down,
    ExitReason,
    Mailbox,
    StartFailed,
)
from actors.monitor import ConnectionState
from platforms.base.ports import Reports
from platforms.base.seats import MAX_SEATS, Seat
from supervision import ChildState, SupervisorActor, SupervisorMessage, WhichChildren

ASK_SECONDS = 5.0


@frozen
class Follow:
    """The child in this seat has begun a life: when that ends, tell when the next is."""

    seat: Seat


@frozen
class Forget:
    """Tells the reporter that a child will not come again."""

    child: str


ReporterMessage: TypeAlias = Follow | Forget | Down


class Reporter(Actor[ReporterMessage]):
    """Turns the sleep of a connection into the state `backing_off(until, why)`."""

    mailbox = Mailbox(capacity=2 * MAX_SEATS)

    def __init__(self, platform_id: str, reports: Reports) -> None:
        self._platform_id = platform_id
        self._reports = reports
        self._seats: dict[str, Seat] = {}
        self._nursery: trio.Nursery | None = None

    async def start(self, ctx: ActorContext) -> None:
        self._nursery = await ctx.enter(trio.open_nursery())

    async def handle(self, ctx: ActorContext, message: ReporterMessage) -> None:
        match message:
            case Follow(seat):
                address = ctx.find(beside(ctx, seat.child))
                self._seats[address.path] = seat
                ctx.watch(address)
            case Forget(child):
                self._seats.pop(beside(ctx, child), None)
            case Down(address, reason):
                assert self._nursery is not None
                known = self._seats.get(address.path)
                if known is None:
                    return
                # Not here: the supervisor may be waiting for us to stop.
                self._nursery.start_soon(self._tell, ctx, known, reason)
            case _:
                assert_never(message)

    async def _tell(self, ctx: ActorContext, seat: Seat, reason: ExitReason) -> None:
        supervisor = supervisor_of(ctx)
        try:
            rows = await supervisor.ask(WhichChildren(), within=ASK_SECONDS)
        except ActorError:
            return  # it is leaving, and so are we
        for row in rows:
            if row.id == seat.child and row.state is ChildState.WAITING:
                until = ctx.system.clock() + (row.seconds_left or 0.0)
                state = ConnectionState.backing_off(until, _in_words(reason))
                self._reports.report(self._platform_id, seat.account, state)


def supervisor_of(ctx: ActorContext) -> Address[SupervisorMessage]:
    """Return the supervisor of the actor whose context this is."""
    return ctx.find(ctx.path.rpartition("/")[0] or "/", SupervisorActor)


def beside(ctx: ActorContext, child: str) -> str:
    """Return the path of a sibling."""
    return f"{ctx.path.rpartition('/')[0]}/{child}"


def _in_words(reason: ExitReason) -> str:
    match reason:
        case Crash(exception) | StartFailed(exception):
            return str(exception)
        case _:
            return str(reason)
