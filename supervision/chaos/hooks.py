"""The shell: stands at the kernel's points and does what the plan says.

    system = System(root, hooks=ChaosHooks(plan))

It decides nothing: whether a fault fires is `when.judge`, with the moment and a random
number of the plan's own as arguments.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING

import trio

from actors.kernel import (
    ActorDown,
    Cell,
    ChildExited,
    HookedCell,
    MailboxFull,
    Passage,
    Point,
    StopRequested,
)
from supervision.chaos.effects import (
    BlocksLoop,
    Clock,
    Delays,
    Drops,
    Duplicates,
    Effect,
    FillsMailbox,
    Hangs,
    Kills,
    Raises,
    Reorders,
    Where,
)
from supervision.chaos.firing import Firing, replay
from supervision.chaos.holding import Go
from supervision.chaos.plan import Chaos
from supervision.chaos.run import Run
from supervision.events import TimerFired, TryAgain

if TYPE_CHECKING:
    from actors.kernel import System

FIRINGS_KEPT = 1_000
TICK_SECONDS = 1.0
_TIES = (ChildExited, StopRequested, TimerFired, TryAgain)
"""What keeps a tree together: a supervisor gets it and handles it untouched."""


class Filler:
    """What a mailbox is filled up with; it is a dead letter when its turn comes."""


class ChaosHooks:
    """Does what one plan says at a time; without a plan it lets everything pass.

    Args:
        plan: in force once the root of a system starts.
        block: holds up the loop for so many seconds; a virtual clock jumps instead.
        keep: how many firings are remembered, the newest.
    """

    def __init__(
        self,
        plan: Chaos | None = None,
        *,
        block: Callable[[float], None] = time.sleep,
        keep: int = FIRINGS_KEPT,
    ) -> None:
        self._block = block
        self._keep = keep
        self._system: System | None = None
        self._run: Run | None = None
        self._last: Run | None = None
        if plan is not None:
            self.install(plan)

    # --- the switch ---------------------------------------------------------------------

    def install(self, plan: Chaos) -> None:
        """Put *plan* in force, in the place of the one that is."""
        self.heal()
        run = self._run = self._last = Run(plan, self._keep)
        if self._system is not None:
            self._begin(run, self._system)

    def heal(self) -> None:
        """End it: nothing fires any more, what is held goes on, what hangs wakes."""
        run, self._run = self._run, None
        if run is not None:
            run.heal()

    @property
    def active(self) -> bool:
        """Whether a plan is in force that may still fire."""
        return self._run is not None

    @property
    def fired(self) -> int:
        """How many faults the plan in force, or else the last one, has done."""
        return 0 if self._last is None else self._last.fired

    @property
    def counts(self) -> dict[str, int]:
        """How many of them by the name of their effect."""
        return {} if self._last is None else dict(self._last.counts)

    @property
    def firings(self) -> tuple[Firing, ...]:
        """The newest of them, oldest first."""
        return () if self._last is None else tuple(self._last.firings)

    def replay(self) -> Chaos:
        """Return a plan that does exactly the remembered firings, see `firing.replay`."""
        return Chaos() if self._last is None else replay(self._last.plan, self.firings)

    # --- the kernel's side --------------------------------------------------------------

    async def reach(self, point: Point, place: Cell, message: object) -> None:
        """Hold up, or fail, who is about to go on. See `actors.kernel.Hooks`."""
        if place.parent is None:
            self._meet_root(point, place.system)
        run = self._run
        if run is None:
            return
        firing = self._fire(run, point, place, message)
        if firing is None:
            return
        match firing.effect:
            case Raises() as raises:
                raise _raised(raises, place, message)
            case Hangs(seconds, ignore_cancel):
                with trio.move_on_after(seconds, shield=ignore_cancel):
                    await run.healed.wait()
            case Delays(seconds):
                with trio.move_on_after(seconds):
                    await run.healed.wait()
            case Kills():
                _kill(place, only=trio.lowlevel.current_task())
                await trio.lowlevel.checkpoint()
            case effect:
                self._on_the_spot(effect, place)

    def carry(self, point: Point, place: Cell, message: object, go: Go) -> Passage:
        """Say what becomes of a message. See `actors.kernel.Hooks`."""
        run = self._run
        if run is None:
            return Passage.GO
        firing = self._fire(run, point, place, message)
        if firing is None:
            return Passage.GO
        match firing.effect:
            case Raises() as raises:
                raise _raised(raises, place, message)
            case Drops():
                return Passage.LOST
            case Duplicates():
                go()
            case Delays(seconds):
                run.holding.hold(place.system, go, seconds)
                return Passage.HELD
            case Reorders():
                run.line_up(firing, place, go)
                return Passage.HELD
            case effect:
                self._on_the_spot(effect, place)
        return Passage.GO

    # --- time ---------------------------------------------------------------------------

    def _meet_root(self, point: Point, system: System) -> None:
        if point is Point.STOP:
            self.heal()  # the tree is down: nobody may be held any more
            self._system = None
        elif self._system is not system:
            self._system = system
            if self._run is not None:
                self._begin(self._run, system)

    def _begin(self, run: Run, system: System) -> None:
        run.begin(system)
        if run.plan.duration < inf:

            def heal() -> None:
                if run is self._run:
                    self.heal()

            system.alarms.at(system.clock() + run.plan.duration, heal)
        if run.faults[Clock.TICK]:
            self._tick_soon(run, system)

    def _tick_soon(self, run: Run, system: System) -> None:
        system.alarms.at(system.clock() + TICK_SECONDS, lambda: self._tick(run, system))

    def _tick(self, run: Run, system: System) -> None:
        """Let the plan strike at every living actor, once a second."""
        if run is not self._run:
            return
        for cell in tuple(system.cells.values()):
            if cell.incarnation is None:
                continue
            firing = self._fire(run, Clock.TICK, cell, None)
            if firing is not None:
                self._on_the_spot(firing.effect, cell)
        self._tick_soon(run, system)

    # --- doing it -----------------------------------------------------------------------

    def _on_the_spot(self, effect: Effect, place: Cell) -> None:
        match effect:
            case BlocksLoop(seconds):
                self._block(seconds)
            case Kills():
                _kill(place)
            case FillsMailbox():
                assert isinstance(place, HookedCell)
                place.fill(Filler())
            case _:
                pass

    def _fire(
        self, run: Run, point: Where, place: Cell, message: object
    ) -> Firing | None:
        """Return what shall be done now, if anything; write it down."""
        if not run.faults[point] or (place.supervisor and isinstance(message, _TIES)):
            return None
        firing = run.fire(point, place, message)
        if firing is None:
            return None
        place.system.log.warning(
            "chaos.fault_fired",
            actor=place.path,
            point=point.value,
            message=firing.message,
            fault=firing.fault,
            nth=firing.nth,
            effect=str(firing.effect),
        )
        return firing


def _raised(raises: Raises, place: Cell, message: object) -> Exception:
    if raises.exception is MailboxFull:
        return MailboxFull(place.path, place.capacity, message)
    if raises.exception is ActorDown:
        return ActorDown(place.path, "chaos")
    return raises.fresh()


def _kill(place: Cell, only: trio.lowlevel.Task | None = None) -> None:
    """End whoever lives there; with *only*, not the successor of a zombie."""
    life = place.incarnation
    if life is not None and (only is None or life.task is only):
        life.kill()
