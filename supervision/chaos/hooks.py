"""The shell: stands at the kernel's points and does what the plan says.

    system = System(root, hooks=ChaosHooks(plan))

It decides nothing: whether a fault fires is `when.judge`, with the moment and a random
number of the plan's own as arguments.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable
from math import inf
from random import Random
from typing import TYPE_CHECKING

import trio
from attrs import evolve

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
    Delays,
    Drops,
    Duplicates,
    Effect,
    FillsMailbox,
    Hangs,
    Kills,
    Raises,
    Reorders,
)
from supervision.chaos.firing import Firing, replay
from supervision.chaos.holding import Go, Holding
from supervision.chaos.plan import Chaos, PlannedFault
from supervision.chaos.when import Tally, judge
from supervision.events import TimerFired, TryAgain

if TYPE_CHECKING:
    from actors.kernel import System

FIRINGS_KEPT = 1_000
_TIES = (ChildExited, StopRequested, TimerFired, TryAgain)
"""What keeps a tree together: a supervisor gets it and handles it untouched."""


class Filler:
    """What a mailbox is filled up with; it is a dead letter when its turn comes."""


class ChaosHooks:
    """Does one plan at a time; with none, everybody passes.

    Args:
        plan: in force from the first point that is reached.
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
        self._run: _Run | None = None
        self._last: _Run | None = None
        if plan is not None:
            self.install(plan)

    # --- the switch ---------------------------------------------------------------------

    def install(self, plan: Chaos) -> None:
        """Put *plan* in force, in the place of the one that is."""
        self.heal()
        self._run = self._last = _Run(plan, self._keep)

    def heal(self) -> None:
        """End it: nothing fires any more, what is held goes on, what hangs wakes."""
        run, self._run = self._run, None
        if run is not None:
            run.heal()

    @property
    def active(self) -> bool:
        """Is a plan in force that may still fire?"""
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
        if point is Point.STOP and place.parent is None:
            self.heal()  # the tree is down: nobody may be held any more
        run = self._run
        if run is None:
            return
        match self._fire(run, point, place, message):
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
        match self._fire(run, point, place, message):
            case Raises() as raises:
                raise _raised(raises, place, message)
            case Drops():
                return Passage.LOST
            case Duplicates():
                go()
            case Delays(seconds):
                run.holding.hold(place.system, go, seconds)
                return Passage.HELD
            case Reorders(window, within):
                run.line_up(place, go, window, within)
                return Passage.HELD
            case Kills():
                _kill(place)
            case effect:
                self._on_the_spot(effect, place)
        return Passage.GO

    # --- doing it -----------------------------------------------------------------------

    def _on_the_spot(self, effect: Effect | None, place: Cell) -> None:
        match effect:
            case BlocksLoop(seconds):
                self._block(seconds)
            case FillsMailbox():
                assert isinstance(place, HookedCell)
                place.fill(Filler())
            case _:
                pass

    def _fire(
        self, run: _Run, point: Point, place: Cell, message: object
    ) -> Effect | None:
        """Return what shall be done now, if anything; write it down."""
        if not run.faults[point] or (place.supervisor and isinstance(message, _TIES)):
            return None
        if run.began is None:
            run.begin(place.system, self)
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
        return firing.effect


class _Run:
    """One plan in force: what was counted, what is held, who hangs."""

    def __init__(self, plan: Chaos, keep: int) -> None:
        self.plan = plan
        self.faults: dict[Point, list[tuple[int, PlannedFault]]] = {
            point: [] for point in Point
        }
        for number, fault in enumerate(plan.faults):
            self.faults[fault.point].append((number, fault))
        # A stream for each: what one fault draws changes nothing for the others.
        self._dice = [
            Random(f"{plan.seed}/{number}")  # noqa: S311 - a plan is to be repeated
            for number in range(len(plan.faults))
        ]
        self._tallies = [Tally() for _ in plan.faults]
        self._fault = 0
        self.fired = 0
        self.counts: Counter[str] = Counter()
        self.firings: deque[Firing] = deque(maxlen=keep)
        self.began: float | None = None
        self.holding = Holding()
        self.healed = trio.Event()

    def begin(self, system: System, hooks: ChaosHooks) -> None:
        self.began = system.clock()
        if self.plan.duration < inf:

            def heal() -> None:
                if not self.healed.is_set():
                    hooks.heal()

            system.alarms.at(self.began + self.plan.duration, heal)

    def heal(self) -> None:
        self.healed.set()
        self.holding.let_all_go()

    def line_up(self, place: Cell, go: Go, window: int, within: float) -> None:
        self.holding.line_up(
            place.system,
            go,
            line=(self._fault, place.path),
            window=window,
            within=within,
            dice=self._dice[self._fault],
        )

    def fire(self, point: Point, place: Cell, message: object) -> Firing | None:
        assert self.began is not None
        at = place.system.clock() - self.began
        if at >= self.plan.duration or self.fired >= self.plan.max_faults:
            return None
        firing: Firing | None = None
        for number, fault in self.faults[point]:
            if not _fits(fault, place, message):
                continue
            dice = self._dice[number]
            before = self._tallies[number]
            tally, fires = judge(fault.when, before, at, dice.random())
            if fires and firing is None:
                effect = _drawn(fault.effect, dice)
                name = "" if message is None else type(message).__name__
                firing = Firing(
                    number, tally.seen, point.value, place.path, name, at, effect
                )
                self._fault = number
            else:
                tally = evolve(tally, fired=before.fired)
            self._tallies[number] = tally
        if firing is not None:
            self.fired += 1
            self.counts[firing.effect.name] += 1
            self.firings.append(firing)
        return firing


def _fits(fault: PlannedFault, place: Cell, message: object) -> bool:
    try:
        return fault.fits(place.path, message)
    except Exception:  # what a message meets here must not be the author's mistake
        place.system.log.exception("chaos.predicate_raised", actor=place.path)
        return False


def _drawn(effect: Effect, dice: Random) -> Effect:
    match effect:
        case Delays(low, high):
            seconds = dice.uniform(low, high)
            return Delays(seconds, seconds)
        case _:
            return effect


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
