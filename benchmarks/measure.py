"""Measure variants in turn, round after round, and compare inside a round."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial

from attrs import frozen

ROUNDS = 5


@frozen
class Ratio:
    """How many times the floor's speed: above 1 is faster than the floor."""

    name: str
    median: float
    lowest: float
    highest: float
    goal: float | None
    """`None` where none was set: then it is only shown."""
    higher_is_better: bool = True

    @property
    def reached(self) -> bool:
        if self.goal is None:
            return True
        if self.higher_is_better:
            return self.median >= self.goal
        return self.median <= self.goal

    def __str__(self) -> str:
        shown = (
            f"{self.name:<52} {self.median:6.2f}x  "
            f"[{self.lowest:.2f} .. {self.highest:.2f}]"
        )
        if self.goal is None:
            return f"     {shown}"
        sign = ">=" if self.higher_is_better else "<="
        mark = "ok  " if self.reached else "MISS"
        return f"{mark} {shown}  goal {sign} {self.goal:g}x"


def cpu_seconds(run: Callable[[], object]) -> float:
    """Return the processor time that *run* takes, with a clean heap before it."""
    gc.collect()
    began = time.process_time()
    run()
    return time.process_time() - began


def rounds(
    variants: Mapping[str, Callable[[], object]], count: int = ROUNDS
) -> dict[str, list[float]]:
    """Run all *variants* in turn, *count* times: seconds of processor time for each."""
    timed = {name: partial(cpu_seconds, run) for name, run in variants.items()}
    return in_turn(timed, count)


def in_turn(
    variants: Mapping[str, Callable[[], float]], count: int = ROUNDS
) -> dict[str, list[float]]:
    """The same for those that say themselves how long it took, as some of it is not meant."""
    taken: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(count):
        for name, run in variants.items():
            gc.collect()
            taken[name].append(run())
    return taken


def faster(name: str, floor: list[float], ours: list[float], goal: float) -> Ratio:
    """How many times faster ours is, round by round."""
    ratios = [a / b for a, b in zip(floor, ours, strict=True)]
    return Ratio(name, statistics.median(ratios), min(ratios), max(ratios), goal)


def cost(name: str, floor: list[float], ours: list[float], goal: float | None) -> Ratio:
    """How many times the floor's cost ours is, round by round."""
    ratios = [b / a for a, b in zip(floor, ours, strict=True)]
    return Ratio(
        name,
        statistics.median(ratios),
        min(ratios),
        max(ratios),
        goal,
        higher_is_better=False,
    )
