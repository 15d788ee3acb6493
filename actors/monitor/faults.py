"""What went wrong lately: a ring of faults, and how often each kind of them came."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable

from attrs import frozen

FAULTS_KEPT = 1_000
KINDS_KEPT = 1_000
OTHER = "other"


@frozen(kw_only=True)
class Fault:
    """One thing that went wrong somewhere, told in words.

    It holds no exception: that would keep frames, and whatever they hold, in memory.
    """

    at: float
    """Monotonic seconds."""
    at_utc: float
    """Seconds since 1970."""
    where: str
    """The path of the actor, or the id of the platform or bot."""
    what: str
    """Its kind, `noun.past_tense` as in the log."""
    why: str
    trace: str = ""


class Faults:
    """The newest faults. Older ones are counted, not kept."""

    def __init__(
        self,
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
        limit: int = FAULTS_KEPT,
    ) -> None:
        self._clock = clock
        self._wall_clock = wall_clock
        self._ring: deque[Fault] = deque(maxlen=limit)
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, where: str, what: str, why: str, *, trace: str = "") -> Fault:
        """Record a fault of kind *what* at *where*."""
        fault = Fault(
            at=self._clock(),
            at_utc=self._wall_clock(),
            where=where,
            what=what,
            why=why,
            trace=trace,
        )
        self._ring.append(fault)
        kind = (where, what)
        # Names may come from outside (an account of ours that dials us): capped.
        if kind not in self._counts and len(self._counts) >= KINDS_KEPT:
            kind = (OTHER, OTHER)
        self._counts[kind] += 1
        return fault

    def newest(self, limit: int = 100) -> list[Fault]:
        """Return up to *limit* faults, newest first."""
        newest = reversed(self._ring)
        return [fault for _, fault in zip(range(limit), newest, strict=False)]

    def counts(self) -> dict[tuple[str, str], int]:
        """Return how often each (where, what) came since the start."""
        return dict(self._counts)

    def __len__(self) -> int:
        return len(self._ring)
