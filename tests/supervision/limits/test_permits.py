"""Permits against a list of everybody, sorted whenever somebody may go in."""

from __future__ import annotations

from attrs import define, field
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from supervision.limits import PermitPolicy, Urgency
from supervision.limits.permits import TRANSITIONS, Claim, ClaimState, Permits

URGENT, NORMAL, BULK = Urgency

policies = st.builds(
    PermitPolicy,
    size=st.integers(1, 4),
    max_waiting=st.integers(0, 4),
    ageing=st.just(10.0),
)


@define
class Naive:
    """Two lists. Who goes next is found by sorting."""

    policy: PermitPolicy
    held: list[Claim] = field(factory=list)
    waiting: list[Claim] = field(factory=list)

    def let_in(self) -> list[Claim]:
        inside = []
        while self.waiting and len(self.held) < self.policy.size:
            # Stable: of those due at the same time, the more urgent, then the older.
            order = sorted(self.waiting, key=lambda c: (c.due_at, c.urgency))
            self.waiting.remove(order[0])
            self.held.append(order[0])
            inside.append(order[0])
        return inside


class AgainstLists(RuleBasedStateMachine):
    @initialize(policy=policies)
    def begin(self, policy: PermitPolicy) -> None:
        self.now = 0.0
        self.permits = Permits(policy)
        self.naive = Naive(policy)
        self.over: list[Claim] = []

    @rule(urgency=st.sampled_from(Urgency))
    def claim(self, urgency: Urgency) -> None:
        naive = self.naive
        free = len(naive.held) < naive.policy.size
        waiting = sum(c.urgency is urgency for c in naive.waiting)
        claim = self.permits.claim(urgency, self.now)
        if not free and waiting >= naive.policy.max_waiting:
            assert claim is None
            return
        assert claim is not None
        assert claim.due_at == self.now + 10.0 * urgency
        assert claim.state is (ClaimState.HELD if free else ClaimState.WAITING)
        (naive.held if free else naive.waiting).append(claim)

    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        """Whoever it is: under way, waiting, or over long ago."""
        everybody = self.naive.held + self.naive.waiting + self.over
        if not everybody:
            return
        claim = data.draw(st.sampled_from(everybody))
        granted = self.permits.end(claim)
        for group in (self.naive.held, self.naive.waiting):
            if claim in group:
                group.remove(claim)
                self.over.append(claim)
        assert granted == self.naive.let_in()

    @rule(policy=policies)
    def resize(self, policy: PermitPolicy) -> None:
        """A21: more go in at once; nobody is sent away."""
        self.naive.policy = policy
        assert self.permits.resize(policy) == self.naive.let_in()

    @rule(seconds=st.sampled_from([1.0, 4.0, 9.0, 30.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def agrees(self) -> None:
        assert self.permits.held == len(self.naive.held)
        for urgency in Urgency:
            waiting = [c for c in self.naive.waiting if c.urgency is urgency]
            assert self.permits.waiting(urgency) == len(waiting)
        for claim in self.naive.held:
            assert claim.state is ClaimState.HELD
        for claim in self.over:
            assert claim.state is ClaimState.OVER
        # Nobody waits beside a free permit.
        assert not self.naive.waiting or self.permits.held >= self.naive.policy.size


TestAgainstLists = AgainstLists.TestCase
TestAgainstLists.settings = settings(
    max_examples=120, stateful_step_count=50, deadline=None
)


def test_every_claim_can_be_over() -> None:
    assert set(TRANSITIONS) == set(ClaimState)
    assert all(ClaimState.OVER in row.values() for row in TRANSITIONS.values())


def next_in(permits: Permits, holder: Claim) -> Claim:
    [granted] = permits.end(holder)
    return granted


def test_urgent_goes_first_and_each_line_in_order() -> None:
    """A22."""
    permits = Permits(PermitPolicy(size=1, max_waiting=9))
    holder = permits.claim(NORMAL, 0.0)
    assert holder is not None
    wanted = [BULK, NORMAL, URGENT, BULK, NORMAL, URGENT]
    claims = [permits.claim(urgency, 1.0) for urgency in wanted]

    order = []
    for _ in claims:
        holder = next_in(permits, holder)
        order.append(claims.index(holder))

    assert order == [2, 5, 1, 4, 0, 3]


def test_nothing_starves() -> None:
    """A22: urgent work without end, one a second, and one bulk job among it."""
    permits = Permits(PermitPolicy(size=1, max_waiting=100, ageing=10.0))
    holder = permits.claim(URGENT, 0.0)
    assert holder is not None
    bulk = permits.claim(BULK, 0.0)
    now = 0.0
    for _ in range(5):
        permits.claim(URGENT, now)
    while holder is not bulk:
        now += 1.0
        assert permits.claim(URGENT, now) is not None
        holder = next_in(permits, holder)
        assert now < 100

    # Overtaken by those five, and by whoever came within two steps of ageing; no more.
    assert now == 5 + 20 + 1


def test_a_flood_of_bulk_work_keeps_nobody_else_out() -> None:
    permits = Permits(PermitPolicy(size=1, max_waiting=2))
    flood = [permits.claim(BULK, 0.0) for _ in range(50)]
    assert sum(claim is not None for claim in flood) == 3
    urgent = permits.claim(URGENT, 1.0)
    assert urgent is not None
    assert flood[0] is not None
    assert next_in(permits, flood[0]) is urgent
