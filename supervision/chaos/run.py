"""One plan in force: what was counted, what is held, who hangs."""

from __future__ import annotations

from collections import Counter, deque
from random import Random
from typing import TYPE_CHECKING

import trio
from attrs import evolve

from actors.kernel import Cell
from supervision.chaos.effects import POINTS, Delays, Effect, Reorders, Where
from supervision.chaos.firing import Firing
from supervision.chaos.holding import Go, Holding
from supervision.chaos.plan import Chaos, PlannedFault
from supervision.chaos.when import Tally, judge

if TYPE_CHECKING:
    from actors.kernel import System


class Run:
    """One plan in force: what was counted, what is held, who hangs."""

    def __init__(self, plan: Chaos, keep: int) -> None:
        self.plan = plan
        self.faults: dict[Where, list[tuple[int, PlannedFault]]] = {
            point: [] for point in POINTS
        }
        for number, fault in enumerate(plan.faults):
            self.faults[fault.point].append((number, fault))
        # A stream for each: what one fault draws changes nothing for the others.
        self._dice = [
            Random(f"{plan.seed}/{number}")  # noqa: S311 - a plan is to be repeated
            for number in range(len(plan.faults))
        ]
        self._tallies = [Tally() for _ in plan.faults]
        self.fired = 0
        self.counts: Counter[str] = Counter()
        self.firings: deque[Firing] = deque(maxlen=keep)
        self.began: float | None = None
        self.holding = Holding()
        self.healed = trio.Event()

    def begin(self, system: System) -> None:
        """Count seconds from now."""
        self.began = system.clock()

    def heal(self) -> None:
        """Wake who hangs, let go what is held."""
        self.healed.set()
        self.holding.let_all_go()

    def line_up(self, firing: Firing, place: Cell, go: Go) -> None:
        """Hold a message with the others that this fault reorders there."""
        assert isinstance(firing.effect, Reorders)
        self.holding.line_up(
            place.system,
            go,
            line=(firing.fault, place.path),
            window=firing.effect.window,
            within=firing.effect.within,
            dice=self._dice[firing.fault],
        )

    def fire(self, point: Where, place: Cell, message: object) -> Firing | None:
        """Return the fault that fires at this moment, if any; all that fit count it."""
        if self.began is None:
            return None
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
