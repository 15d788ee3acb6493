"""The breaker against one that keeps every call there ever was, and counts afresh."""

from __future__ import annotations

from attrs import define, field, frozen
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from supervision import EQUAL, FOREVER, Backoff
from supervision.limits import BreakerPolicy, Judgement, Verdict
from supervision.limits.breaker import Breaker, Ticket
from supervision.limits.window import SLOTS
from tests.supervision.limits.breaking import CLOSED, HALF_OPEN, OPEN

BACKOFF = Backoff(
    first=4.0, factor=2.0, cap=30.0, jitter=EQUAL, reset_after=20.0, give_up=FOREVER
)

policies = st.builds(
    BreakerPolicy,
    consecutive=st.none() | st.integers(1, 4),
    failure_rate=st.sampled_from([0.25, 0.5, 1.0]),
    slow_after=st.none() | st.just(2.0),
    slow_rate=st.sampled_from([0.25, 1.0]),
    window=st.sampled_from([5.0, 40.0]),
    min_calls=st.integers(1, 6),
    probes=st.integers(1, 3),
    successes=st.integers(1, 3),
    open_for=st.just(BACKOFF),
)


@frozen(eq=False)
class Under:
    """A call as the model sees it."""

    generation: int
    began_at: float


@frozen
class Ended:
    generation: int
    at: float
    failed: bool
    slow: bool


@define
class Naive:
    """All lists, nothing forgotten, everything counted when it is asked for."""

    policy: BreakerPolicy
    state: object = CLOSED
    generation: int = 0
    until: float = 0.0
    openings: int = 0
    closed_at: float = -1e9
    under_way: list[Under] = field(factory=list)
    ended: list[Ended] = field(factory=list)
    asked: list[tuple[int, float]] = field(factory=list)

    def probing(self) -> int:
        mine = [call for call in self.under_way if call.generation == self.generation]
        return len(mine) if self.state is HALF_OPEN else 0

    def enter(self, now: float) -> Under | None:
        if self.state is OPEN and now >= self.until:
            self.move(HALF_OPEN)
        full = self.state is HALF_OPEN and self.probing() >= self.policy.probes
        if self.state is OPEN or full:
            return None
        call = Under(self.generation, now)
        self.under_way.append(call)
        return call

    def leave(self, call: Under, judgement: Judgement, now: float, u: float) -> None:
        self.under_way.remove(call)
        if call.generation != self.generation:
            return
        if judgement.retry_after is not None:
            self.asked.append((self.generation, now + judgement.retry_after))
        if judgement.verdict is Verdict.IGNORED:
            return
        limit = self.policy.slow_after
        failed = judgement.verdict is Verdict.FAILURE
        slow = limit is not None and now - call.began_at > limit
        self.ended.append(Ended(self.generation, now, failed, slow))
        if self.state is HALF_OPEN:
            self.leave_half_open(bad=failed or slow, now=now, u=u)
        elif self.trips(now, failed=failed, slow=slow):
            if now - self.closed_at >= BACKOFF.reset_after:
                self.openings = 0
            self.open(now, u)

    def leave_half_open(self, *, bad: bool, now: float, u: float) -> None:
        if bad:
            self.open(now, u)
        elif len(self.mine()) >= self.policy.successes:
            self.closed_at = now
            self.move(CLOSED)

    def mine(self) -> list[Ended]:
        return [call for call in self.ended if call.generation == self.generation]

    def recent(self, now: float) -> list[Ended]:
        slot = self.policy.window / SLOTS
        return [c for c in self.mine() if c.at // slot > now // slot - SLOTS]

    def in_a_row(self) -> int:
        row = 0
        for call in reversed(self.mine()):
            if not call.failed:
                break
            row += 1
        return row if self.state is CLOSED else 0

    def trips(self, now: float, *, failed: bool, slow: bool) -> bool:
        policy = self.policy
        if failed and policy.consecutive and self.in_a_row() >= policy.consecutive:
            return True
        recent = self.recent(now)
        if len(recent) < policy.min_calls:
            return False
        failures = sum(call.failed for call in recent) / len(recent)
        slow_ones = sum(call.slow for call in recent) / len(recent)
        rate = policy.failure_rate
        return (failed and rate is not None and failures >= rate) or (
            slow and slow_ones >= policy.slow_rate
        )

    def open(self, now: float, u: float) -> None:
        self.openings += 1
        asked = [at for generation, at in self.asked if generation == self.generation]
        latest = max(asked, default=now)
        longest = min(30.0, 4.0 * 2.0 ** (self.openings - 1))
        self.until = latest if latest > now else now + longest / 2 + longest / 2 * u
        self.move(OPEN)

    def move(self, state: object) -> None:
        self.state = state
        self.generation += 1


class AgainstLists(RuleBasedStateMachine):
    calls = Bundle("calls")

    @initialize(policy=policies)
    def begin(self, policy: BreakerPolicy) -> None:
        self.now = 100.0
        self.breaker = Breaker(policy)
        self.naive = Naive(policy)

    @rule(target=calls, many=st.integers(1, 6))
    def enter(self, many: int) -> object:
        entered = []
        for _ in range(many):
            found, _changed = self.breaker.enter(self.now)
            expected = self.naive.enter(self.now)
            assert isinstance(found, Ticket) == (expected is not None)
            if isinstance(found, Ticket):
                entered.append((found, expected))
        return multiple(*entered)

    @rule(
        call=consumes(calls),
        verdict=st.sampled_from([*Verdict, Verdict.FAILURE, Verdict.FAILURE]),
        hint=st.none() | st.none() | st.integers(0, 50),
        u=st.sampled_from([0.0, 0.25, 0.5]),
    )
    def leave(
        self, call: tuple[Ticket, Under], verdict: Verdict, hint: int | None, u: float
    ) -> None:
        judgement = Judgement(verdict, hint)
        changed = self.breaker.leave(call[0], judgement, self.now, u)
        generation = self.naive.generation
        self.naive.leave(call[1], judgement, self.now, u)
        assert (changed is not None) == (self.naive.generation != generation)
        if changed is not None:
            assert changed.after is self.naive.state
        assert self.breaker.leave(call[0], judgement, self.now, u) is None

    @rule(seconds=st.sampled_from([0.5, 1.0, 3.0, 8.0, 25.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(seconds=st.sampled_from([3.0, 100.0]))
    def trip(self, seconds: float) -> None:
        self.breaker.trip(self.now, seconds)
        self.naive.until = self.now + seconds
        self.naive.move(OPEN)

    @rule()
    def reset(self) -> None:
        self.breaker.reset(self.now)
        self.naive.openings = 0
        self.naive.closed_at = self.now
        self.naive.move(CLOSED)

    @invariant()
    def agrees(self) -> None:
        status = self.breaker.status(self.now)
        naive = self.naive
        assert status.state is naive.state
        assert status.generation == naive.generation
        assert status.in_a_row == naive.in_a_row()
        assert status.probing == naive.probing() <= naive.policy.probes
        recent = naive.recent(self.now) if naive.state is CLOSED else []
        assert status.calls == len(recent)
        assert status.failures == sum(call.failed for call in recent)
        assert status.slow == sum(call.slow for call in recent)
        if naive.state is OPEN:
            assert status.retry_after == max(0.0, naive.until - self.now)


TestAgainstLists = AgainstLists.TestCase
TestAgainstLists.settings = settings(
    max_examples=150, stateful_step_count=40, deadline=None
)
