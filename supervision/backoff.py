"""How long to wait before a restart, and when to stop trying. Pure.

The random number is an argument, so every delay can be computed in a test.
"""

from __future__ import annotations

from math import isfinite, log
from typing import assert_never

from attrs import field, frozen

from supervision.faults import BadSpec, Fault
from supervision.values import FULL, Forever, Jitter


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
    """A run of this many seconds was stable: the streak begins anew after it."""
    give_up: int | Forever | None = 8
    """How many failures in a row are tried again. One more, and the supervisor gives
    up. `FOREVER` never gives up; `None` leaves it to the supervisor's window, which
    is refused where that window could never trip."""

    def __attrs_post_init__(self) -> None:
        for name, must, holds in (
            ("first", "must be a positive number of seconds", self.first > 0),
            ("factor", "must be at least 1", self.factor >= 1),
            ("cap", "must not be below first", self.cap >= self.first),
            ("reset_after", "must be a positive number", self.reset_after > 0),
        ):
            got = getattr(self, name)
            if not holds or not isfinite(got):
                raise BadSpec(Fault(f"backoff.{name}", must, got))
        if not isinstance(self.jitter, Jitter):
            raise BadSpec(
                Fault("backoff.jitter", "must be FULL, EQUAL or NONE", self.jitter)
            )
        if not _is_limit(self.give_up):
            must = "must be a whole number from 0, FOREVER or None"
            raise BadSpec(Fault("backoff.give_up", must, self.give_up))

    def longest(self, streak: int) -> float:
        """Return the longest pause after *streak* failures in a row, in seconds."""
        # A power overflows long before a streak that may last for ever does.
        if (streak - 1) * log(self.factor) >= log(self.cap / self.first):
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
        """Return the mean time of the failures that a window lets pass, in seconds.

        That is, from the first failure of one child to the one that is too many.
        Stops counting once it is clear that *within* is exceeded.
        """
        total = 0.0
        for streak in range(1, max_restarts + 1):
            total += self.mean_delay(streak)
            if total > within:
                break
        return total


def _is_limit(value: object) -> bool:
    if isinstance(value, int) and not isinstance(value, bool):
        return value >= 0
    return value is None or isinstance(value, Forever)
