"""Why a call was not let through, or was cut off.

LimitRefused            nothing was sent
├── CircuitOpen         the peer fails too often: the breaker keeps calls away from it
├── Overloaded          as many as may wait do already: refused at once
└── WaitTooLong         there was no permit, or no rate left, in time

AttemptTimeout          the call itself took too long: it may have been carried out
"""

from __future__ import annotations

from math import isfinite

from attrs import frozen

from supervision.limits.values import BreakerState, Urgency


class LimitRefused(Exception):
    """Base of the refusals: the call did not begin, and nothing was sent.

    `retry_after` says in how many seconds another try makes sense: infinite when it
    never will, `None` when nobody can know.
    """

    retry_after: float | None


@frozen
class CircuitOpen(LimitRefused):
    """The breaker keeps calls away from a peer that fails."""

    name: str
    state: BreakerState
    """`OPEN`, or `HALF_OPEN` when all probes are under way."""
    retry_after: float

    def __str__(self) -> str:
        return f"{self.name} is {self.state.value}; {_again(self.retry_after)}"


@frozen
class Overloaded(LimitRefused):
    """As many calls of this urgency as may wait for a permit do already."""

    name: str
    urgency: Urgency
    waiting: int
    """How many wait with the same urgency."""
    held: int
    retry_after: None = None

    def __str__(self) -> str:
        return (
            f"{self.name} is overloaded: {self.held} calls are under way and "
            f"{self.waiting} {self.urgency.name.lower()} ones wait, which is as many as may"
        )


@frozen
class WaitTooLong(LimitRefused):
    """It would have had to wait, or has waited, longer than it may."""

    name: str
    within: float
    """Seconds it was ready to wait."""
    retry_after: float | None = None

    def __str__(self) -> str:
        hint = "" if self.retry_after is None else f"; {_again(self.retry_after)}"
        return f"{self.name} has no room within {self.within:g} s{hint}"


@frozen
class AttemptTimeout(Exception):
    """One attempt took longer than it may. What it did to the peer is not known."""

    name: str
    within: float
    """Seconds the attempt was given."""

    def __str__(self) -> str:
        return f"an attempt at {self.name} did not end within {self.within:g} s"


def _again(seconds: float) -> str:
    if not isfinite(seconds):
        return "trying again is pointless until somebody changes something"
    return f"try again in {seconds:.3g} s"
