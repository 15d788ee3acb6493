"""A supervisor's hold on its children: it launches and halts them, and shows how they stand.

These are the hands of `SupervisorActor`: each action of the core that concerns a child is
performed here, by way of the kernel's cells.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import inf

import trio

from actors.kernel import (
    LOST_LINE,
    ActorContext,
    Cell,
    ExitReason,
    Ignore,
    Incarnation,
    NeedsOperator,
    Normal,
    Shutdown,
)
from supervision.events import (
    SetTimer,
    Start,
    Started,
    StartFailed,
    StartIgnored,
)
from supervision.specs import Supervisor
from supervision.values import Brutal, Forever, Grace

IN_A_ROW = 32
"""How many children are started, stopped or killed between two checkpoints, at most."""


class Crew:
    """The children of one incarnation of a supervisor.

    It keeps nothing of its own for a child: there may be 100,000 of them, and their
    cells know who lives there.
    """

    __slots__ = ("_cell", "_ctx", "_launched", "_watched")

    def __init__(self, ctx: ActorContext) -> None:
        self._ctx = ctx
        self._cell: Cell = ctx.self.cell
        self._watched: dict[str, tuple[int, Incarnation]] = {}
        self._launched = 0

    def cell(self, child: str) -> Cell:
        """Return the place of a child that was started before."""
        assert self._cell.children is not None
        return self._cell.children[child]

    # --- lives ------------------------------------------------------------------------

    async def start(self, wanted: Start) -> Started | StartIgnored | StartFailed:
        """Launch a child and wait until its own start is over."""
        token = wanted.token
        spec = wanted.spec
        cell = self._ctx.adopt(wanted.child, supervisor=spec.is_supervisor, spec=spec)
        life = _launch(cell, wanted)
        if wanted.watched:
            self._watched[wanted.child] = (token, life)
        failed = await life.started()
        self._launched += 1
        if self._launched % IN_A_ROW == 0:
            # A child without a start of its own is up at once: let others have a turn.
            await trio.lowlevel.checkpoint()
        if failed is None:
            return Started(token, life.number)
        if isinstance(failed, Ignore):
            return StartIgnored(token)
        return StartFailed(token, failed.exception)

    async def halt(self, children: tuple[tuple[str, int], ...], grace: Grace) -> None:
        """Ask all *children* to stop; kill those left after *grace*, fence who survives.

        Args:
            children: The id of each, and the token of the start that is meant.
            grace: How long all of them together may take.
        """
        lives = [life for child, _ in children if (life := self._living(child))]
        if not isinstance(grace, Brutal):
            await _each(lives, self._ask_to_stop)
            if grace == 0:
                # No time to do anything, yet who has nothing to do may end as asked.
                await trio.lowlevel.checkpoint()
            with trio.move_on_after(seconds_of(grace)):
                for life in lives:
                    await life.ended()
        await self._kill([life for life in lives if life.reason is None])

    def _ask_to_stop(self, life: Incarnation) -> None:
        if life.reason is None:
            life.request_stop(Shutdown(self._ctx.path))
            life.cell.phase = "stopping"

    def _living(self, child: str) -> Incarnation | None:
        self._watched.pop(child, None)
        return self.cell(child).incarnation

    async def _kill(self, lives: list[Incarnation]) -> None:
        # Counted from the last of them: each then had its chance to die.
        await _each(lives, Incarnation.kill)
        with trio.move_on_after(self._ctx.system.kill_wait):
            for life in lives:
                await life.ended()
        for life in lives:
            if life.reason is None:
                life.fence()
                with LOST_LINE:
                    self._ctx.log.error("supervisor.child_fenced", child=life.cell.path)

    def ended(
        self, children: tuple[tuple[str, int], ...]
    ) -> tuple[tuple[int, ExitReason], ...]:
        """Return which of *children*, all started as watched, have ended, and why."""
        watched = (self._watched.get(child) for child, _ in children)
        return tuple(
            (token, life.reason)
            for token, life in filter(None, watched)
            if life.reason is not None
        )

    def alive(self) -> int:
        """Return how many children really live at this moment."""
        children = self._cell.children or {}
        return sum(cell.incarnation is not None for cell in children.values())

    # --- what is shown ----------------------------------------------------------------

    def waits(self, timer: SetTimer) -> None:
        """The child sleeps; its mail is kept."""
        note = f"{timer.why}; failure {timer.streak} in a row"
        until = self._ctx.system.clock() + timer.seconds
        self._show(timer.child, "waiting", note, until)

    def retries(self, child: str) -> None:
        """Its last restart failed, and the next try is on its way."""
        self._show(child, "waiting", "its restart failed, trying again")

    def held(self, child: str, leader: str) -> None:
        """The child is down until *leader*, which sleeps, comes back."""
        until = self.cell(leader).until
        self._show(child, "waiting", f"comes back with {leader}", until)

    def abandoned(self, child: str) -> None:
        """The child was to come back and will not: all are being stopped."""
        self._show(child, "down", "")

    def rest(self, child: str, reason: ExitReason) -> None:
        """The child stays down: whoever waits for it is told."""
        self._watched.pop(child, None)
        cell = self.cell(child)
        match reason:
            case NeedsOperator(why):
                phase, note = "needs_operator", why
            case Normal():
                phase, note = "finished", ""
            case _:
                phase, note = "down", str(reason)
        cell.rest_all(reason, phase)
        cell.note = note

    def forget(self, child: str, reason: ExitReason) -> None:
        """The child is no more, and its address is dead for good."""
        self._watched.pop(child, None)
        self.cell(child).close(reason)

    def _show(
        self, child: str, phase: str, note: str, until: float | None = None
    ) -> None:
        cell = self.cell(child)
        cell.phase = phase
        cell.note = note
        cell.until = until


async def _each(
    lives: Sequence[Incarnation], do: Callable[[Incarnation], None]
) -> None:
    """Call *do* with each life; in a crowd, let other tasks have a turn in between."""
    for nth, life in enumerate(lives, start=1):
        do(life)
        if nth % IN_A_ROW == 0:
            await trio.lowlevel.checkpoint()


def _launch(cell: Cell, wanted: Start) -> Incarnation:
    start = wanted.spec.start
    if isinstance(start, Supervisor):
        return cell.launch(start.actor, shutdown=inf)
    factory = partial(start, *wanted.args) if wanted.args else start
    return cell.launch(factory, shutdown=seconds_of(wanted.spec.grace))


def seconds_of(grace: Grace) -> float:
    """Return *grace* as seconds: none if brutal, infinite if for ever."""
    match grace:
        case Brutal():
            return 0.0
        case Forever():
            return inf
        case _:
            return grace
