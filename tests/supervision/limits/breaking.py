"""A breaker driven by hand: what its tests share."""

from __future__ import annotations

from supervision import FOREVER, Backoff, Jitter
from supervision.limits import BreakerPolicy, BreakerState, Judgement
from supervision.limits.breaker import Breaker, Changed, NotAdmitted, Ticket

CLOSED, OPEN, HALF_OPEN = BreakerState

PAUSES = Backoff(
    first=10.0,
    factor=2.0,
    cap=80.0,
    jitter=Jitter.NONE,
    reset_after=60.0,
    give_up=FOREVER,
)
POLICY = BreakerPolicy(consecutive=3, failure_rate=None, open_for=PAUSES)


class Driven:
    """A breaker, and the time it is told."""

    def __init__(self, policy: BreakerPolicy = POLICY) -> None:
        self.breaker = Breaker(policy)
        self.now = 1000.0
        self.changes: list[Changed] = []

    @property
    def state(self) -> BreakerState:
        return self.breaker.status(self.now).state

    def enter(self) -> Ticket:
        """Begin a call, which must be let through."""
        found = self.attempt()
        assert isinstance(found, Ticket), found
        return found

    def attempt(self) -> Ticket | NotAdmitted:
        found, changed = self.breaker.enter(self.now)
        self._note(changed)
        return found

    def refused(self) -> NotAdmitted:
        """Try a call, which must be refused."""
        found = self.attempt()
        assert isinstance(found, NotAdmitted), found
        return found

    def leave(self, ticket: Ticket, judgement: Judgement, u: float = 0.0) -> None:
        self._note(self.breaker.leave(ticket, judgement, self.now, u))

    def call(self, *judgements: Judgement, took: float = 0.0) -> None:
        for judgement in judgements:
            ticket = self.enter()
            self.now += took
            self.leave(ticket, judgement)

    def passes(self, seconds: float) -> None:
        self.now += seconds

    def _note(self, changed: Changed | None) -> None:
        if changed is not None:
            # An event is told after the change: what it says is so already.
            assert self.breaker.status(self.now).state is changed.after
            assert self.breaker.status(self.now).generation == changed.generation
            self.changes.append(changed)
