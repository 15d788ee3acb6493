"""How long to wait before a restart, and when to stop trying. Pure.

The random number is an argument, so every delay can be computed in a test.
"""

from __future__ import annotations

from math import log
from sys import float_info
from typing import assert_never

from attrs import field, frozen

from supervision.faults import BadSpec, Fault
from supervision.numbers import is_seconds, is_time, is_whole
from supervision.values import FULL, Forever, Jitter

LARGEST_GROWTH = log(float_info.max)
"""The largest factor, as a logarithm, by which a pause can be computed to have grown: a
power beyond it overflows, so there the pause is the cap."""


@frozen
class Backoff:
    """Growing, jittered pauses between the restarts of one child.

    `Backoff(first=1.0, factor=2.0, cap=300.0)` waits at most 1, 2, 4, 8, 16, 32,
    64, 128, 256, 300, 300, ... seconds; with full jitter any time between zero and
    that, half of it on average.

    Two breakers end a storm: the supervisor's window stops a fast one, `give_up`
    a slow one that the window never sees.

    Raises:
        BadSpec: a number is out of range.
    """

    first: float = 1.0
    """The longest first pause, in seconds."""
    factor: float = 2.0
    """What each further failure multiplies the pause by; at least 1."""
    cap: float = 300.0
    """No pause is longer than this, in seconds."""
    jitter: Jitter = field(default=FULL)
    reset_after: float = 60.0
    """A run of this many seconds was stable: the failures before it are forgotten."""
    give_up: int | Forever | None = 8
    """How many failures in a row are tried again. One more, and the supervisor gives
    up. `FOREVER` never gives up; `None` leaves it to the supervisor's window, which
    is refused where that window could never trip."""

    def __attrs_post_init__(self) -> None:
        self._require(
            is_seconds(self.first), "first", "must be a positive number of seconds"
        )
        self._require(
            is_time(self.factor) and self.factor >= 1, "factor", "must be at least 1"
        )
        self._require(
            is_time(self.cap) and self.cap >= self.first,
            "cap",
            "must not be below first",
        )
        self._require(
            is_seconds(self.reset_after), "reset_after", "must be a positive number"
        )
        self._require(
            isinstance(self.jitter, Jitter), "jitter", "must be FULL, EQUAL or NONE"
        )
        self._require(
            _is_limit(self.give_up),
            "give_up",
            "must be a whole number from 0, FOREVER or None",
        )

    def _require(self, holds: bool, name: str, must: str) -> None:
        if not holds:
            raise BadSpec(Fault(f"backoff.{name}", must, getattr(self, name)))

    def longest(self, streak: int) -> float:
        """Return the longest pause after *streak* failures in a row, in seconds."""
        # A power overflows long before a streak that may last for ever does.
        growth = min(log(self.cap / self.first), LARGEST_GROWTH)
        if (streak - 1) * log(self.factor) >= growth:
            return self.cap
        return min(self.cap, self.first * self.factor ** (streak - 1))

    def delay(self, streak: int, u: float) -> float:
        """Return the pause after *streak* failures in a row, in seconds.

        Args:
            streak: 1 for the first failure after a stable run.
            u: A number in [0, 1) drawn by the caller.
        """
        longest = self.longest(streak)
        match self.jitter:
            case Jitter.FULL:
                return longest * u
            case Jitter.EQUAL:
                return longest / 2 + longest / 2 * u
            case Jitter.NONE:
                return longest
            case _:
                assert_never(self.jitter)

    def mean_delay(self, streak: int) -> float:
        """Return the pause after *streak* failures to be expected, in seconds."""
        return self.delay(streak, 0.5)

    def exhausted(self, streak: int) -> bool:
        """Tell whether *streak* failures in a row are more than may be tried again."""
        return isinstance(self.give_up, int) and streak > self.give_up

    def seconds_to_trip(self, max_restarts: int, within: float) -> float:
        """Return how long one child takes, on average, to trip a window, in seconds.

        That is from its first failure to the one that is too many, if it fails again at
        once each time. Where that is above *within* the window can never trip; then
        counting stops as soon as this is clear.
        """
        total, last = 0.0, 0.0
        for streak in range(1, max_restarts + 1):
            mean = self.mean_delay(streak)
            if mean == last:
                # It grows no more, and there may be as many left as one can write.
                left = max_restarts - streak + 1
                return total + mean * min(left, float_info.max)
            total, last = total + mean, mean
            if total > within:
                break
        return total


def _is_limit(value: object) -> bool:
    if is_whole(value):
        return value >= 0
    return value is None or isinstance(value, Forever)
