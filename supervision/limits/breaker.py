"""A circuit breaker as a state machine. Pure: time and a random number are arguments.

Rule: every transition is in `TRANSITIONS`. Each one begins a new generation; a call
carries the generation it began in, and what it came to counts in that one only. So a
straggler of an outage neither keeps the breaker open nor closes it.
"""

from __future__ import annotations

from enum import Enum
from math import inf

from attrs import define, frozen

from supervision.limits.breaker_policy import BreakerPolicy
from supervision.limits.values import BreakerState, Judgement, Verdict, heeded
from supervision.limits.window import Window


class Signal(Enum):
    """What moves a breaker from one state to another."""

    FAILED_IN_A_ROW = "failed in a row"
    FAILED_TOO_OFTEN = "failed too often"
    TOO_OFTEN_SLOW = "too often slow"
    WAITED = "waited"
    PROBE_FAILED = "probe failed"
    RECOVERED = "recovered"
    TRIPPED = "tripped"
    RESET = "reset"


_B = BreakerState
_S = Signal

TRANSITIONS: dict[BreakerState, dict[Signal, BreakerState]] = {
    _B.CLOSED: {
        _S.FAILED_IN_A_ROW: _B.OPEN,
        _S.FAILED_TOO_OFTEN: _B.OPEN,
        _S.TOO_OFTEN_SLOW: _B.OPEN,
        _S.TRIPPED: _B.OPEN,
        _S.RESET: _B.CLOSED,
    },
    _B.OPEN: {
        _S.WAITED: _B.HALF_OPEN,
        _S.TRIPPED: _B.OPEN,
        _S.RESET: _B.CLOSED,
    },
    _B.HALF_OPEN: {
        _S.PROBE_FAILED: _B.OPEN,
        _S.RECOVERED: _B.CLOSED,
        _S.TRIPPED: _B.OPEN,
        _S.RESET: _B.CLOSED,
    },
}


@define(eq=False)
class Ticket:
    """One call that was let through."""

    generation: int
    began_at: float
    used: bool = False
    """Whether `leave` was called for it; then it counts no more."""


@frozen
class NotAdmitted:
    """A call that was not let through."""

    state: BreakerState
    retry_after: float
    """Seconds; infinite when it is open until somebody resets it."""


@frozen
class Changed:
    """A transition that has happened."""

    before: BreakerState
    after: BreakerState
    why: Signal
    generation: int
    """Of the state after it."""
    open_for: float = 0.0
    """Seconds until it will let a probe through; 0 unless it is open now."""


@frozen
class BreakerStatus:
    """How a breaker stands at some instant."""

    state: BreakerState
    generation: int
    retry_after: float
    """Seconds until a call has a chance; 0 when it has one now."""
    probing: int
    in_a_row: int
    """Failures since the last success."""
    calls: int
    """Calls with a verdict, in the window and this generation; so are the next two."""
    failures: int
    slow: int


@define(init=False)
class _Counts:
    """What is known of one generation. A new one knows nothing."""

    window: Window
    in_a_row: int
    recovered: int
    probing: int
    not_before: float
    """The latest instant before which the peer does not want to hear from us."""

    def __init__(self, policy: BreakerPolicy) -> None:
        self.window = Window(policy.window)
        self.in_a_row = 0
        self.recovered = 0
        self.probing = 0
        self.not_before = -inf


class Breaker:
    """Lets calls through or not, by what the calls before came to."""

    def __init__(self, policy: BreakerPolicy) -> None:
        self._policy = policy
        self._state = BreakerState.CLOSED
        self._generation = 0
        self._counts = _Counts(policy)
        self._until = -inf
        self._openings = 0
        self._closed_at = -inf

    def enter(self, now: float) -> tuple[Ticket | NotAdmitted, Changed | None]:
        """Let a call through, or say why not.

        The call that finds a breaker whose time is over makes it half open, and is
        its first probe.
        """
        changed = None
        if self._state is BreakerState.OPEN and now >= self._until:
            changed = self._move(Signal.WAITED)
        retry_after = self._retry_after(now)
        if retry_after:
            return NotAdmitted(self._state, retry_after), changed
        ticket = Ticket(self._generation, now)
        if self._state is BreakerState.HALF_OPEN:
            self._counts.probing += 1
        return ticket, changed

    def leave(
        self, ticket: Ticket, judgement: Judgement, now: float, u: float
    ) -> Changed | None:
        """Take note of what became of a call, once; later ones have no effect.

        Args:
            ticket: From `enter`. One of another generation has no effect.
            judgement: What the call says about the peer.
            now: Monotonic seconds.
            u: A number in [0, 1) drawn by the caller, for the jitter.
        """
        counts = self._counts
        if ticket.used or ticket.generation != self._generation:
            return None
        ticket.used = True
        if self._state is BreakerState.HALF_OPEN:
            counts.probing -= 1
        if judgement.retry_after is not None:
            until = now + heeded(judgement.retry_after)
            counts.not_before = max(counts.not_before, until)
        if judgement.verdict is Verdict.IGNORED:
            return None
        failed = judgement.verdict is Verdict.FAILURE
        slow_after = self._policy.slow_after
        slow = slow_after is not None and now - ticket.began_at > slow_after
        signal = self._signal(now, failed=failed, slow=slow)
        if signal is None:
            return None
        if TRANSITIONS[self._state][signal] is not BreakerState.OPEN:
            self._closed_at = now
            return self._move(signal)
        return self._open(signal, now, self._pause(now, u))

    def trip(self, now: float, seconds: float) -> Changed:
        """Open it for so many seconds; for `inf`, until `reset`.

        For what one answer makes clear: a quota is used up, a key was revoked.
        """
        if not seconds > 0:
            msg = f"a breaker must be tripped for some time (got {seconds!r} s)"
            raise ValueError(msg)
        return self._open(Signal.TRIPPED, now, seconds)

    def reset(self, now: float) -> Changed:
        """Close it and forget what was: what was wrong has been mended."""
        self._openings = 0
        self._closed_at = now
        return self._move(Signal.RESET)

    def status(self, now: float) -> BreakerStatus:
        """Return how it stands at *now*."""
        counts = self._counts
        totals = counts.window.totals(now)
        return BreakerStatus(
            self._state,
            self._generation,
            self._retry_after(now),
            counts.probing,
            counts.in_a_row,
            totals.calls,
            totals.failures,
            totals.slow,
        )

    def _retry_after(self, now: float) -> float:
        match self._state:
            case BreakerState.OPEN:
                return max(0.0, self._until - now)
            case BreakerState.HALF_OPEN:
                if self._counts.probing < self._policy.probes:
                    return 0.0
                # Nobody knows when a probe ends: a pause that is known to do no harm.
                return self._policy.open_for.first
            case _:
                return 0.0

    def _signal(self, now: float, *, failed: bool, slow: bool) -> Signal | None:
        """Count one verdict; return what it leads to."""
        counts, policy = self._counts, self._policy
        if self._state is BreakerState.HALF_OPEN:
            if failed or slow:
                return Signal.PROBE_FAILED
            counts.recovered += 1
            return Signal.RECOVERED if counts.recovered >= policy.successes else None
        counts.window.add(now, failed=failed, slow=slow)
        counts.in_a_row = counts.in_a_row + 1 if failed else 0
        if not failed and not slow:
            return None
        if counts.in_a_row == policy.consecutive:
            return Signal.FAILED_IN_A_ROW
        totals = counts.window.totals(now)
        if totals.calls < policy.min_calls:
            return None
        rate = policy.failure_rate
        if failed and rate is not None and totals.failures >= rate * totals.calls:
            return Signal.FAILED_TOO_OFTEN
        if slow and totals.slow >= policy.slow_rate * totals.calls:
            return Signal.TOO_OFTEN_SLOW
        return None

    def _pause(self, now: float, u: float) -> float:
        """Return how long it opens: what the peer asked for, else longer each time."""
        backoff = self._policy.open_for
        if (
            self._state is BreakerState.CLOSED
            and now - self._closed_at >= backoff.reset_after
        ):
            self._openings = 0
        self._openings += 1
        asked = self._counts.not_before - now
        return asked if asked > 0 else backoff.delay(self._openings, u)

    def _open(self, signal: Signal, now: float, seconds: float) -> Changed:
        self._until = now + seconds
        return self._move(signal, seconds)

    def _move(self, signal: Signal, open_for: float = 0.0) -> Changed:
        before = self._state
        self._state = TRANSITIONS[before][signal]
        self._generation += 1
        self._counts = _Counts(self._policy)
        return Changed(before, self._state, signal, self._generation, open_for)
