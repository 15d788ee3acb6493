"""The outbound half of the journal against a naive model."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from actors.journal import Claim, OutboundRow, OutgoingLimits, Victim
from actors.journal.outgoing import Outgoing
from actors.messages import (
    Image,
    Outbound,
    OutboundKind,
    OutboundState,
    Outcome,
)
from tests.actors.journal.builders import saying, to

S = OutboundState
CAP = 4
TTL = {OutboundKind.REPLY: 10.0, OutboundKind.NOTICE: 40.0}
ENDS = st.sampled_from([S.SENT, S.DEGRADED, S.REJECTED, S.UNKNOWN])


class Row:
    def __init__(self, out: Outbound, account: str, expires_at: float) -> None:
        self.out = out
        self.account = account
        self.room = out.chat.id
        self.expires_at = expires_at
        self.state = S.QUEUED
        self.sent: OutboundRow | None = None


class AgainstAList(RuleBasedStateMachine):
    """Rows in order of `enqueue`; who may leave is computed from scratch each time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.life = 1
        self.rows: dict[str, Row] = {}
        self.shed: list[tuple[str, S]] = []
        self.not_before: dict[tuple[str, str], float] = {}

    @initialize(victim=st.sampled_from(Victim))
    def open(self, victim: Victim) -> None:
        self.victim = victim
        self.store = Outgoing(OutgoingLimits(queued=CAP, victim=victim))

    @property
    def claim(self) -> Claim:
        return Claim("sender", self.life)

    def having(self, state: S) -> list[Row]:
        return [row for row in self.rows.values() if row.state is state]

    def may_leave(self, account: str) -> dict[str, Row]:
        """The head of each chat that is neither on the wire nor told to wait."""
        heads: dict[str, Row] = {}
        for row in self.having(S.QUEUED):
            if row.account == account:
                heads.setdefault(row.room, row)
        on_the_wire = {r.room for r in self.having(S.SENDING) if r.account == account}
        return {
            room: row
            for room, row in heads.items()
            if room not in on_the_wire
            and self.not_before.get((account, room), 0.0) <= self.now
        }

    @rule(
        key=st.integers(0, 60),
        room=st.sampled_from("xy"),
        account=st.sampled_from("12"),
        kind=st.sampled_from(OutboundKind),
    )
    def say(self, key: int, room: str, account: str, kind: OutboundKind) -> None:
        name = f"k{key}"
        out = saying(name, room, account=account, kind=kind)
        expires_at = self.now + TTL[kind]
        queued, _ = self.store.enqueue(out, self.now, expires_at)
        known = self.rows.get(name)
        assert queued.fresh == (known is None)
        if known is not None:
            assert queued.outcome.state is known.state
            assert queued.same
            return
        row = self.rows[name] = Row(out, account, expires_at)
        waiting = [r for r in self.having(S.QUEUED) if r.account == account]
        if len(waiting) > CAP:
            victim = waiting[0] if self.victim is Victim.OLDEST else row
            victim.state = S.DROPPED
            self.shed.append((victim.out.key, S.DROPPED))
        assert queued.outcome.state is row.state

    @rule(account=st.sampled_from("12"), limit=st.integers(1, 3))
    def take(self, account: str, limit: int) -> None:
        possible = self.may_leave(account)
        rows = self.store.claim(self.claim, ("qq", account), limit, self.now)
        left = 0
        for taken in rows:
            row = self.rows[taken.out.key]
            room = row.room
            while row is not possible.get(room):
                stale = possible.get(room)
                assert stale is not None
                assert stale.expires_at <= self.now
                stale.state = S.EXPIRED
                self.shed.append((stale.out.key, S.EXPIRED))
                possible = self.may_leave(account)
            assert row.expires_at > self.now, "nothing stale is said"
            row.state = S.SENDING
            row.sent = taken
            left += 1
        assert left <= limit
        if left < limit:
            # Everything else that could leave was stale, and is gone now.
            while remaining := self.may_leave(account):
                for row in remaining.values():
                    assert row.expires_at <= self.now
                    row.state = S.EXPIRED
                    self.shed.append((row.out.key, S.EXPIRED))
        else:
            self.sync_stale()

    def sync_stale(self) -> None:
        """A claim that got all it wanted may or may not have met stale heads."""
        for row in self.having(S.QUEUED):
            outcome = self.store.outcome_of(row.out.key)
            if outcome is not None and outcome.state is S.EXPIRED:
                assert row.expires_at <= self.now
                row.state = S.EXPIRED
                self.shed.append((row.out.key, S.EXPIRED))

    @precondition(lambda self: self.having(S.SENDING))
    @rule(data=st.data(), state=ENDS)
    def answer(self, data: st.DataObject, state: S) -> None:
        row = data.draw(st.sampled_from(self.having(S.SENDING)))
        assert row.sent is not None
        assert self.store.settle(self.claim, row.sent.seq, Outcome(state))
        row.state = state

    @precondition(lambda self: self.having(S.SENDING))
    @rule(data=st.data(), pause=st.integers(0, 20))
    def not_now(self, data: st.DataObject, pause: int) -> None:
        row = data.draw(st.sampled_from(self.having(S.SENDING)))
        assert row.sent is not None
        # The whole chat waits, even if the row itself is withdrawn meanwhile.
        until = self.not_before[row.account, row.room] = self.now + pause
        assert self.store.requeue(self.claim, row.sent.seq, until)
        row.state = S.QUEUED

    @precondition(lambda self: self.having(S.UNKNOWN))
    @rule(data=st.data())
    def late_answer(self, data: st.DataObject) -> None:
        row = data.draw(st.sampled_from(self.having(S.UNKNOWN)))
        assert self.store.resolve(row.out.key, Outcome(S.SENT)) is not None
        row.state = S.SENT

    @precondition(lambda self: self.rows)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        row = data.draw(st.sampled_from(list(self.rows.values())))
        assert self.store.cancel(row.out.key, "") == (row.state is S.QUEUED)
        if row.state is S.QUEUED:
            row.state = S.CANCELLED

    @rule(seconds=st.integers(1, 15))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule()
    def sweep(self) -> None:
        self.store.sweep(self.now, 1_000)
        for row in self.having(S.QUEUED):
            if row.expires_at <= self.now:
                row.state = S.EXPIRED
                self.shed.append((row.out.key, S.EXPIRED))

    @rule()
    def sender_dies(self) -> None:
        before = self.claim
        self.life += 1
        lost = self.store.release(self.claim)
        sending = self.having(S.SENDING)
        assert {one.out.key for one in lost} == {row.out.key for row in sending}
        for row in sending:
            assert row.sent is not None
            row.state = S.UNKNOWN
            assert not self.store.settle(before, row.sent.seq, Outcome(S.SENT))
        assert self.store.claim(before, ("qq", "1"), 5, self.now) == []

    @rule()
    def tidy(self) -> None:
        self.store.tidy(self.now)

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "store"):
            return
        for key, row in self.rows.items():
            outcome = self.store.outcome_of(key)
            assert outcome is not None
            assert outcome.state is row.state
        assert self.store.depths() == (
            len(self.having(S.QUEUED)),
            len(self.having(S.SENDING)),
            len(self.having(S.UNKNOWN)),
        )
        told = [(one.out.key, one.outcome.state) for one in self.store.shed]
        assert sorted(told) == sorted(self.shed)
        for account in "12":
            waiting = [r for r in self.having(S.QUEUED) if r.account == account]
            assert len(waiting) <= CAP + 2  # what a platform refused comes back on top
        next_at = min((r.expires_at for r in self.having(S.QUEUED)), default=None)
        if next_at is not None:
            assert self.store.next_expiry() == next_at


TestAgainstAList = AgainstAList.TestCase
TestAgainstAList.settings = settings(
    max_examples=100, stateful_step_count=50, deadline=None
)


def test_overflow_drops_exactly_one_and_says_which() -> None:
    """B26, B33, and section 2 "drop low priority empties the buffer"."""
    store = Outgoing(OutgoingLimits(queued=3))
    for n in range(5):
        store.enqueue(saying(f"k{n}"), float(n), 1_000.0)

    assert [one.out.key for one in store.shed] == ["k0", "k1"]
    assert {one.outcome.state for one in store.shed} == {S.DROPPED}
    assert store.dropped == 2
    assert store.depths()[0] == 3


def test_one_account_does_not_push_out_another_ones_rows() -> None:
    """B32: the bound is per account."""
    store = Outgoing(OutgoingLimits(queued=2))
    store.enqueue(saying("quiet", account="2"), 0.0, 1_000.0)
    for n in range(10):
        store.enqueue(saying(f"k{n}"), 0.0, 1_000.0)

    outcome = store.outcome_of("quiet")
    assert outcome is not None
    assert outcome.state is S.QUEUED


def test_the_same_key_with_another_content_is_noticed_even_when_it_was_sent() -> None:
    """Law 5: the first one stands; pictures are told apart by their bytes."""
    store = Outgoing()
    picture = Outbound(key="p", to=to(), body=(Image(b"one"),))
    other = Outbound(key="p", to=to(), body=(Image(b"two"),))
    store.enqueue(picture, 0.0, 10.0)
    assert not store.enqueue(other, 0.0, 10.0)[0].same
    claim = Claim("sender", 1)
    (row,) = store.claim(claim, ("qq", "1"), 1, 0.0)
    store.settle(claim, row.seq, Outcome(S.SENT, "", "77"))

    again, _ = store.enqueue(picture, 0.0, 10.0)
    assert (again.fresh, again.same, again.outcome.message_id) == (False, True, "77")
    assert not store.enqueue(other, 0.0, 10.0)[0].same


def test_settled_rows_are_forgotten_in_the_end() -> None:
    """Law 9: memory stays flat however much is said."""
    store = Outgoing(OutgoingLimits(settled=5))
    claim = Claim("sender", 1)
    for n in range(50):
        store.enqueue(saying(f"k{n}"), 0.0, 10.0)
        (row,) = store.claim(claim, ("qq", "1"), 1, 0.0)
        store.settle(claim, row.seq, Outcome(S.SENT))

    assert sum(store.outcome_of(f"k{n}") is not None for n in range(50)) == 5
    store.tidy(100_000.0)
    assert store.outcome_of("k49") is None
