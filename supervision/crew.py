"""A supervisor's hold on its children: launch, halt, and show what becomes of them."""

from __future__ import annotations

import time
from functools import partial
from math import inf

import trio

from actors.kernel import (
    ActorContext,
    Cell,
    ChildExited,
    ExitReason,
    Ignore,
    Incarnation,
    NeedsOperator,
    Normal,
    Shutdown,
)
from supervision.events import (
    Exited,
    SetTimer,
    Start,
    Started,
    StartFailed,
    StartIgnored,
)
from supervision.specs import Supervisor
from supervision.values import Brutal, Forever, Grace


class Seat:
    """One child's place in the tree, and who sits there."""

    __slots__ = ("cell", "life", "token")

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.life: Incarnation | None = None
        self.token = 0


class Crew:
    """The children of one incarnation of a supervisor, by id."""

    __slots__ = ("_ctx", "_seats")

    def __init__(self, ctx: ActorContext) -> None:
        self._ctx = ctx
        self._seats: dict[str, Seat] = {}

    # --- lives ------------------------------------------------------------------------

    async def start(self, wanted: Start) -> Started | StartIgnored | StartFailed:
        """Launch a child and wait until its own start is over."""
        seat = self._seats.get(wanted.child)
        if seat is None:
            spec = wanted.spec
            cell = self._ctx.adopt(wanted.child, supervisor=spec.is_supervisor)
            seat = self._seats[wanted.child] = Seat(cell)
        life = seat.life = _launch(seat.cell, wanted)
        seat.token = wanted.token
        failed = await life.started()
        if failed is None:
            return Started(wanted.token, life.number)
        seat.life = None
        if isinstance(failed, Ignore):
            return StartIgnored(wanted.token)
        return StartFailed(wanted.token, failed.exception)

    async def halt(self, children: tuple[tuple[str, int], ...], grace: Grace) -> None:
        """Ask all to stop at once; kill who is left at the deadline, fence who survives."""
        lives = [
            life
            for child, _ in children
            if (life := self._vacate(child)) is not None and life.reason is None
        ]
        if not isinstance(grace, Brutal):
            for life in lives:
                life.request_stop(Shutdown(self._ctx.path))
                life.cell.phase = "stopping"
            with trio.move_on_after(seconds_of(grace)):
                for life in lives:
                    await life.ended()
        await self._kill([life for life in lives if life.reason is None])

    def _vacate(self, child: str) -> Incarnation | None:
        seat = self._seats[child]
        life, seat.life = seat.life, None
        return life

    async def _kill(self, lives: list[Incarnation]) -> None:
        for life in lives:
            life.kill()
        with trio.move_on_after(self._ctx.system.kill_wait):
            for life in lives:
                await life.ended()
        for life in lives:
            if life.reason is None:
                life.fence()
                self._ctx.log.error("supervisor.child_fenced", child=life.cell.path)

    def exited(self, notice: ChildExited) -> Exited:
        """Return the event for a notice; with token 0, which is nobody's, if it is stale."""
        child = notice.cell.path.rsplit("/", 1)[1]
        seat = self._seats.get(child)
        if (
            seat is None
            or seat.life is None
            or seat.cell is not notice.cell
            or seat.life.number != notice.incarnation
        ):
            return Exited(child, 0, notice.reason)
        seat.life = None
        return Exited(child, seat.token, notice.reason)

    def ended(
        self, children: tuple[tuple[str, int], ...]
    ) -> tuple[tuple[int, ExitReason], ...]:
        """Return which of *children* have ended, and why."""
        seats = [self._seats[child] for child, _ in children]
        return tuple(
            (seat.token, seat.life.reason)
            for seat in seats
            if seat.life is not None and seat.life.reason is not None
        )

    def alive(self) -> int:
        """Return how many children really live at this moment."""
        return sum(
            seat.life is not None and seat.life.reason is None
            for seat in self._seats.values()
        )

    # --- what is shown ----------------------------------------------------------------

    def waits(self, timer: SetTimer) -> None:
        """The child sleeps; its mail is kept."""
        until = time.gmtime(self._ctx.system.wall_clock() + timer.seconds)
        self._show(
            timer.child,
            "waiting",
            f"failure {timer.streak} in a row, next try in {timer.seconds:.3g} s, "
            f"at {time.strftime('%H:%M:%S', until)} UTC",
        )

    def retries(self, child: str) -> None:
        """Its last restart failed, and the next try is on its way."""
        self._show(child, "waiting", "its restart failed, trying again")

    def held(self, child: str, leader: str) -> None:
        """The child is down until *leader* comes back."""
        self._show(child, "waiting", f"comes back with {leader}")

    def rest(self, child: str, reason: ExitReason) -> None:
        """The child stays down: whoever waits for it is told."""
        cell = self._seats[child].cell
        match reason:
            case NeedsOperator(why):
                phase, note = "needs_operator", why
            case Normal():
                phase, note = "finished", ""
            case _:
                phase, note = "down", str(reason)
        _rest_all(cell, reason, phase)
        cell.note = note

    def forget(self, child: str, reason: ExitReason) -> None:
        """The child is no more, and its address is dead for good."""
        self._seats.pop(child).cell.close(reason)

    def _show(self, child: str, phase: str, note: str) -> None:
        cell = self._seats[child].cell
        cell.phase = phase
        cell.note = note


def _launch(cell: Cell, wanted: Start) -> Incarnation:
    start = wanted.spec.start
    if isinstance(start, Supervisor):
        return cell.launch(start.actor, shutdown=inf)
    factory = partial(start, *wanted.args) if wanted.args else start
    return cell.launch(factory, shutdown=seconds_of(wanted.spec.grace))


def _rest_all(cell: Cell, reason: ExitReason, phase: str) -> None:
    """A supervisor that stays down leaves nobody below it who could come back."""
    for child in (cell.children or {}).values():
        _rest_all(child, reason, "down")
    cell.rest(reason, phase)


def seconds_of(grace: Grace) -> float:
    """Return *grace* as seconds: none if brutal, infinite if for ever."""
    match grace:
        case Brutal():
            return 0.0
        case Forever():
            return inf
        case _:
            return grace
