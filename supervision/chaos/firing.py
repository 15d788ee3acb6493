"""What happened: one firing of a fault, and the plan that makes it happen again. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import evolve, frozen

from supervision.chaos.effects import Effect
from supervision.chaos.plan import Chaos
from supervision.chaos.when import When


@frozen
class Firing:
    """One fault that was done."""

    fault: int
    """Its number in the plan, from 0."""
    nth: int
    """Which of the fault's times it was, from 1."""
    point: str
    path: str
    message: str
    """The class of the message; empty where there is none."""
    at: float
    """Seconds since the plan began."""
    effect: Effect
    """As it was done: a delay is the one that was drawn."""

    def __str__(self) -> str:
        what = f" {self.message}" if self.message else ""
        return (
            f"{self.at:9.3f} s  fault {self.fault}, time {self.nth}: "
            f"{self.point} {self.path}{what}: {self.effect}"
        )


def replay(plan: Chaos, firings: Iterable[Firing]) -> Chaos:
    """Return a plan that leaves nothing to chance: each of *firings* at its own time.

    It makes them happen again where the actors do again what they did.
    """
    faults = []
    for firing in firings:
        fault = plan.faults[firing.fault]
        when = When(nth=firing.nth, between=fault.when.between)
        faults.append(evolve(fault, when=when, effect=firing.effect))
    return evolve(plan, faults=tuple(faults))
