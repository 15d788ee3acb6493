"""The outbound half of the journal against a naive model."""

from __future__ import annotations

from collections import defaultdict
from math import inf

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)

from actors.journal import GIVES_WAY, ChatKey, Claim, OutboundRow, OutgoingLimits
from actors.journal.doubts import RETRY_SECONDS, Trust
from actors.journal.outgoing import Outgoing
from actors.journal.sizes import ROW_BYTES, size_of_body
from actors.messages import (
    Image,
    Outbound,
    OutboundKind,
    OutboundState,
    Outcome,
)
from supervision.limits import Pace, Pacer
from tests.actors.journal.builders import saying, to

S = OutboundState
CAP = 4
BYTES = 8 * ROW_BYTES
FLYING = 3 * ROW_BYTES
TTL = {OutboundKind.REPLY: 30.0, OutboundKind.NOTICE: 400.0}
ENDS = st.sampled_from([S.SENT, S.DEGRADED, S.REJECTED, S.UNKNOWN, S.UNKNOWN])


class Row:
    def __init__(self, out: Outbound, seq: int, now: float) -> None:
        self.out = out
        self.seq = seq
        self.account = out.to.account
        self.room = out.chat.id
        self.size = size_of_body(out.body)
        self.expires_at = now + TTL[out.kind]
        self.spent = S.EXPIRED
        self.state = S.QUEUED
        self.tried_at = inf
        self.doubts = 0
        self.later_at: float | None = None


class Gate:
    """A `Pacing` that a test opens and shuts."""

    def __init__(self) -> None:
        self.rooms: dict[str, float] = {}
        self.shut_until = 0.0

    def wait(self, now: float) -> float:
        return max(0.0, self.shut_until - now)

    def take(self, key: ChatKey, now: float) -> float:
        return max(self.wait(now), self.rooms.get(key[1], 0.0) - now, 0.0)

    def close(self, now: float, seconds: float) -> None:
        self.shut_until = now + seconds


class AgainstLists(RuleBasedStateMachine):
    """A list for each chat; who may leave is computed from scratch each time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.life = 1
        self.rows: dict[str, Row] = {}
        self.chats: dict[tuple[str, str], list[Row]] = defaultdict(list)
        self.shed: list[tuple[str, S]] = []
        self.not_before: dict[tuple[str, str], float] = {}
        self.idempotent: dict[str, float] = defaultdict(float)
        self.gate = {"1": Gate(), "2": Gate()}
        limits = OutgoingLimits(queued=CAP, queued_bytes=BYTES, flying_bytes=FLYING)
        self.store = Outgoing(limits)

    @property
    def claim(self) -> Claim:
        return Claim("sender", self.life)

    def having(self, state: S, account: str = "12") -> list[Row]:
        return [
            row
            for row in self.rows.values()
            if row.state is state and row.account in account
        ]

    def bytes_of(self, state: S, account: str) -> int:
        return sum(row.size for row in self.having(state, account))

    def heads(self, account: str) -> list[Row]:
        """The first of each chat that nothing holds."""
        on_the_wire = {row.room for row in self.having(S.SENDING, account)}
        gate = self.gate[account]
        return [
            chat[0]
            for (whose, room), chat in self.chats.items()
            if chat
            and whose == account
            and room not in on_the_wire
            and self.not_before.get((account, room), 0.0) <= self.now
            and not gate.take(("group", room), self.now)
        ]

    def spent(self, row: Row) -> bool:
        if row.state is S.QUEUED:
            return row.expires_at <= self.now
        known_until = row.tried_at + self.idempotent[row.account]
        return self.now >= min(known_until, row.expires_at)

    def victim(self, new: Row) -> Row | None:
        waiting = self.having(S.QUEUED, new.account)
        held = sum(row.size for row in waiting)
        held += self.bytes_of(S.SENDING, new.account)
        if len(waiting) < CAP and (not held or held + new.size <= BYTES):
            return None
        for kind in GIVES_WAY[new.out.kind]:
            of_kind = [row for row in waiting if row.out.kind is kind]
            if of_kind:
                oldest = min(of_kind, key=lambda row: row.seq)
                rest = held - oldest.size
                return oldest if not rest or rest + new.size <= BYTES else new
        return new

    def drop(self, row: Row, state: S) -> None:
        row.state = state
        self.shed.append((row.out.key, state))
        chat = self.chats[row.account, row.room]
        if row in chat:
            chat.remove(row)

    def doubt(self, row: Row) -> None:
        row.state = S.UNKNOWN
        row.doubts += 1
        self.repeat(row)

    def repeat(self, row: Row) -> None:
        if row.doubts > len(RETRY_SECONDS):
            return
        at = self.now + RETRY_SECONDS[row.doubts - 1]
        known_until = row.tried_at + self.idempotent[row.account]
        if at >= min(known_until, row.expires_at):
            return
        if at > self.now:
            row.later_at = at
        else:
            self.chats[row.account, row.room].insert(0, row)

    @rule(
        key=st.integers(0, 500),
        room=st.sampled_from("xxy"),
        account=st.sampled_from("1112"),
        kind=st.sampled_from(OutboundKind),
        size=st.sampled_from([0, 0, 1, 2, 4]),
    )
    def say(
        self, key: int, room: str, account: str, kind: OutboundKind, size: int
    ) -> None:
        name = f"k{key}"
        known = self.rows.get(name)
        text = "x" * size * ROW_BYTES
        out = saying(name, room, account=account, kind=kind, text=text)
        expires_at = self.now + TTL[kind]
        queued, _ = self.store.enqueue(out, self.now, expires_at)
        assert queued.fresh == (known is None)
        if known is not None:
            assert queued.outcome.state is known.state
            assert queued.same == (known.size == size_of_body(out.body))
            return
        row = Row(out, queued.seq, self.now)
        victim = self.victim(row)
        self.rows[name] = row
        if victim is not row:
            self.chats[account, room].append(row)
        if victim is not None:
            self.drop(victim, S.DROPPED)
        assert queued.outcome.state is row.state

    @rule(account=st.just("1"), limit=st.just(3))
    def take_more(self, account: str, limit: int) -> None:
        self.take_now(account, limit)

    @rule(account=st.sampled_from("1112"), limit=st.sampled_from([1, 3, 3]))
    def take(self, account: str, limit: int) -> None:
        self.take_now(account, limit)

    def take_now(self, account: str, limit: int) -> None:
        late = [r for r in self.rows.values() if r.account == account and r.later_at]
        for row in sorted(late, key=lambda row: (row.later_at, row.seq)):
            if row.later_at is not None and row.later_at <= self.now:
                row.later_at = None
                self.chats[account, row.room].insert(0, row)
        gate = self.gate[account]
        rows = self.store.claim(self.claim, ("qq", account), limit, self.now, gate)
        assert len(rows) <= limit
        for taken in rows:
            self.taken(account, taken)
        if len(rows) < limit:
            left = [row for row in self.heads(account) if not self.spent(row)]
            flying = self.bytes_of(S.SENDING, account)
            assert not left or any(flying + row.size > FLYING for row in left)
        self.sync_spent(account)

    def taken(self, account: str, taken: OutboundRow) -> None:
        row = self.rows[taken.out.key]
        chat = self.chats[account, row.room]
        while chat[0] is not row:
            assert self.spent(chat[0]), "rows of a chat leave in order"
            self.end_spent(chat[0])
        assert row in self.heads(account)
        assert not self.spent(row), "nothing is said that is stale, or twice"
        flying = self.bytes_of(S.SENDING, account)
        assert not flying or flying + row.size <= FLYING
        assert taken.doubts == row.doubts
        chat.pop(0)
        row.state = S.SENDING
        row.tried_at = min(row.tried_at, self.now)

    def end_spent(self, row: Row) -> None:
        self.chats[row.account, row.room].remove(row)
        if row.state is S.QUEUED:
            row.state = row.spent
            self.shed.append((row.out.key, row.spent))

    def sync_spent(self, account: str) -> None:
        """How many spent heads a claim has met on its way is its own business."""
        for (whose, _), chat in self.chats.items():
            for row in list(chat) if whose == account else ():
                record = self.store.find(row.out.key)
                assert record is not None
                if not record.waits:
                    assert self.spent(row)
                    self.end_spent(row)

    @precondition(lambda self: self.having(S.SENDING))
    @rule(data=st.data(), state=ENDS)
    def answer(self, data: st.DataObject, state: S) -> None:
        row = data.draw(st.sampled_from(self.having(S.SENDING)))
        assert self.store.settle(self.claim, row.seq, Outcome(state), self.now)
        if state is S.UNKNOWN:
            self.doubt(row)
        else:
            row.state = state

    @precondition(lambda self: self.having(S.SENDING))
    @rule(data=st.data(), pause=st.integers(0, 20))
    def not_now(self, data: st.DataObject, pause: int) -> None:
        row = data.draw(st.sampled_from(self.having(S.SENDING)))
        # The whole chat waits, even if the row itself is withdrawn meanwhile.
        until = self.not_before[row.account, row.room] = self.now + pause
        assert self.store.requeue(self.claim, row.seq, until)
        self.chats[row.account, row.room].insert(0, row)
        if row.doubts:
            row.state = S.UNKNOWN
        else:
            row.state, row.tried_at = S.QUEUED, inf

    @precondition(lambda self: self.having(S.UNKNOWN))
    @rule(data=st.data())
    def late_answer(self, data: st.DataObject) -> None:
        row = data.draw(st.sampled_from(self.having(S.UNKNOWN)))
        sent = Outcome(S.SENT)
        assert self.store.resolve(row.out.key, sent, self.now) is not None
        row.state, row.later_at = S.SENT, None
        if row in (chat := self.chats[row.account, row.room]):
            chat.remove(row)

    @precondition(lambda self: self.rows)
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        row = data.draw(st.sampled_from(list(self.rows.values())))
        queued = row.state is S.QUEUED
        assert self.store.cancel(row.out.key, "so", self.now) == queued
        if queued:
            row.state = S.CANCELLED
            self.chats[row.account, row.room].remove(row)
        else:  # whatever becomes of it, it is not worth saying any more
            row.expires_at = min(row.expires_at, self.now)
            row.spent = S.CANCELLED

    @rule(
        account=st.sampled_from("1112"), seconds=st.sampled_from([0.0, 15.0, 60.0, inf])
    )
    def line_changes(self, account: str, seconds: float) -> None:
        self.idempotent[account] = seconds
        self.store.trust_keys(("qq", account), Trust(seconds), self.now)
        for row in reversed(self.having(S.UNKNOWN, account)):
            waits = row in self.chats[account, row.room] or row.later_at is not None
            if seconds and not waits:
                self.repeat(row)

    @rule(
        account=st.sampled_from("1112"),
        room=st.sampled_from("xxy"),
        seconds=st.sampled_from([1, 2, 5]),
        whole=st.booleans(),
    )
    def rate_is_used_up(
        self, account: str, room: str, seconds: int, whole: bool
    ) -> None:
        gate = self.gate[account]
        if whole:
            gate.shut_until = max(gate.shut_until, self.now + seconds)
        else:
            gate.rooms[room] = max(gate.rooms.get(room, 0.0), self.now + seconds)

    @rule(seconds=st.sampled_from([1, 1, 2, 5, 15, 70]))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds

    @rule()
    def sweep(self) -> None:
        self.store.sweep(self.now, 1_000)
        for row in self.having(S.QUEUED):
            if row.expires_at <= self.now:
                self.drop(row, row.spent)

    @rule()
    def sender_dies(self) -> None:
        before = self.claim
        self.life += 1
        lost = self.store.release(self.claim, self.now)
        sending = self.having(S.SENDING)
        assert {one.out.key for one in lost} == {row.out.key for row in sending}
        for row in sending:
            self.doubt(row)
            assert not self.store.settle(before, row.seq, Outcome(S.SENT), self.now)
        assert self.store.claim(before, ("qq", "1"), 5, self.now) == []

    @rule()
    def tidy(self) -> None:
        self.store.tidy(self.now)

    @invariant()
    def agrees(self) -> None:
        for key, row in self.rows.items():
            outcome = self.store.outcome_of(key)
            assert outcome is not None
            assert outcome.state is row.state, key
        assert self.store.depths() == (
            len(self.having(S.QUEUED)),
            len(self.having(S.SENDING)),
            len(self.having(S.UNKNOWN)),
        )
        told = [(one.out.key, one.outcome.state) for one in self.store.shed]
        assert sorted(told) == sorted(self.shed)
        next_at = min((r.expires_at for r in self.having(S.QUEUED)), default=inf)
        assert self.store.next_expiry() == next_at

    @invariant()
    def counts_its_bytes(self) -> None:
        for name in "12":
            account = self.store.account(("qq", name))
            assert account.waiting_bytes == self.bytes_of(S.QUEUED, name)
            assert account.flying_bytes == self.bytes_of(S.SENDING, name)
            # What a platform refused comes back on top: one of a chat at most.
            assert len(account.by_age) <= CAP + 3

    @invariant()
    def knows_when_to_look_again(self) -> None:
        """Nothing waits for a time that nobody looks at."""
        for account in "12":
            key = ("qq", account)
            if any(not self.spent(row) for row in self.heads(account)):
                assert self.store.can_claim(key, self.now) or self.store.next_claim(
                    key
                ) <= max(self.now, self.gate[account].shut_until)
            later = [r.later_at for r in self.rows.values() if r.account == account]
            held = [
                at
                for (whose, room), at in self.not_before.items()
                if whose == account and at > self.now and self.chats[whose, room]
            ]
            due = [at for at in (*later, *held) if at is not None]
            assert self.store.next_claim(key) <= min(due, default=inf)


TestAgainstLists = AgainstLists.TestCase
TestAgainstLists.settings = settings(
    max_examples=150, stateful_step_count=60, deadline=None
)


def test_overflow_drops_exactly_one_and_says_which() -> None:
    """B26, B33, and section 2 "drop low priority empties the buffer"."""
    store = Outgoing(OutgoingLimits(queued=3))
    for n in range(5):
        store.enqueue(saying(f"k{n}"), float(n), 1_000.0)

    assert [one.out.key for one in store.shed] == ["k0", "k1"]
    assert {one.outcome.state for one in store.shed} == {S.DROPPED}
    assert store.shed[0].outcome.detail == (
        "the outbox of its account is full (3 messages): the oldest reply gave way"
    )
    assert store.dropped == 2
    assert store.depths()[0] == 3


def test_notices_give_way_before_replies_and_never_the_other_way() -> None:
    """B33, section 2: the policy is declared, and the newcomer is refused by name."""
    store = Outgoing(OutgoingLimits(queued=3))
    notice = OutboundKind.NOTICE
    for key, kind in [("r1", OutboundKind.REPLY), ("n1", notice), ("n2", notice)]:
        store.enqueue(saying(key, kind=kind), 0.0, 1_000.0)

    for key in ("r2", "r3", "r4"):
        store.enqueue(saying(key), 1.0, 1_000.0)
    assert [one.out.key for one in store.shed] == ["n1", "n2", "r1"]

    refused, ready = store.enqueue(saying("n3", kind=notice), 2.0, 1_000.0)
    assert not ready
    assert refused.outcome.state is S.DROPPED
    assert "does not give way to this notice" in refused.outcome.detail
    again, _ = store.enqueue(saying("n3", kind=notice), 3.0, 1_000.0)
    assert (again.fresh, again.outcome) == (False, refused.outcome)


def test_what_is_on_its_way_gives_way_to_nobody() -> None:
    """B36: large messages that are being sent keep the place they need."""
    big = "x" * 3 * ROW_BYTES
    store = Outgoing(OutgoingLimits(queued_bytes=6 * ROW_BYTES))
    store.enqueue(saying("a", text=big), 0.0, 1_000.0)
    (sending,) = store.claim(Claim("sender", 1), ("qq", "1"), 1, 0.0)

    refused, _ = store.enqueue(saying("b", text=big), 0.0, 1_000.0)

    assert sending.out.key == "a"
    assert refused.outcome.state is S.DROPPED
    assert "MiB" in refused.outcome.detail
    assert store.outcome_of("a") == Outcome(S.SENDING)


def test_after_a_restart_of_the_line_old_doubts_go_before_new_rows_in_their_order() -> (
    None
):
    """B35: three of one chat of which nobody knows, and one that has never left."""
    store, claim, qq = Outgoing(), Claim("sender", 1), ("qq", "1")
    for n in range(4):
        store.enqueue(saying(f"k{n}"), 0.0, 1_000.0)
    for _ in range(3):
        (row,) = store.claim(claim, qq, 1, 1.0)
        store.settle(claim, row.seq, Outcome(S.UNKNOWN), 1.0)

    store.trust_keys(qq, Trust(60.0), 5.0)

    said = []
    while rows := store.claim(claim, qq, 1, 6.0):
        said.append((rows[0].out.key, rows[0].attempt, rows[0].doubts))
        store.settle(claim, rows[0].seq, Outcome(S.SENT), 6.0)
    assert said == [("k0", 2, 1), ("k1", 2, 1), ("k2", 2, 1), ("k3", 1, 0)]


def test_what_the_platform_was_told_by_another_of_us_is_not_repeated() -> None:
    """Law 6: it would take the key for a new one. What it was told since then is."""
    store, claim, qq = Outgoing(), Claim("sender", 1), ("qq", "1")
    for n, at in [("old", 1.0), ("new", 3.0)]:
        store.enqueue(saying(n, n), 0.0, 1_000.0)
        (row,) = store.claim(claim, qq, 1, at)
        store.settle(claim, row.seq, Outcome(S.UNKNOWN), at)

    assert store.trust_keys(qq, Trust(inf, since=2.0), 5.0)

    assert [row.out.key for row in store.claim(claim, qq, 9, 6.0)] == ["new"]
    outcome = store.outcome_of("old")
    assert outcome is not None
    assert outcome.unknown


def test_large_messages_take_turns_on_the_wire() -> None:
    """Law 9: thirty-two frames of 3 MiB for a peer that does not read are 100 MiB."""
    big = "x" * 3 * ROW_BYTES
    store, claim, qq = (
        Outgoing(OutgoingLimits(flying_bytes=6 * ROW_BYTES)),
        Claim("s", 1),
        ("qq", "1"),
    )
    for n in range(3):
        store.enqueue(saying(f"k{n}", str(n), text=big), 0.0, 1_000.0)
    store.enqueue(saying("small", "9"), 0.0, 1_000.0)

    (one,) = store.claim(claim, qq, 9, 0.0)
    assert store.claim(claim, qq, 9, 0.0) == []
    store.settle(claim, one.seq, Outcome(S.SENT), 0.0)
    assert [row.out.key for row in store.claim(claim, qq, 9, 0.0)] == ["k1"]


def test_a_late_answer_ends_what_would_be_tried_again_later() -> None:
    """E05, law 6: known after all, and not said once more."""
    store, claim, qq = Outgoing(), Claim("sender", 1), ("qq", "1")
    store.trust_keys(qq, Trust(inf), 0.0)
    store.enqueue(saying("a"), 0.0, 1_000.0)
    for _ in range(2):
        (row,) = store.claim(claim, qq, 1, 0.0)
        store.settle(claim, row.seq, Outcome(S.UNKNOWN), 0.0)
    assert store.next_claim(qq) == 10.0
    assert store.resolve("a", Outcome(S.SENT), 5.0) is not None
    assert store.claim(claim, qq, 1, 20.0) == []
    assert store.next_claim(qq) == inf


def test_a_chat_waits_for_its_rate_and_not_longer() -> None:
    """A28: and no other chat with it."""
    store, claim, qq, gate = Outgoing(), Claim("sender", 1), ("qq", "1"), Gate()
    for room in "xy":
        store.enqueue(saying(room, room), 0.0, 1_000.0)
    gate.rooms["x"] = 2.0
    assert [r.out.key for r in store.claim(claim, qq, 9, 0.0, gate)] == ["y"]
    assert store.next_claim(qq) == 2.0
    assert not store.can_claim(qq, 1.0)
    assert store.claim(claim, qq, 9, 1.0, gate) == []
    assert [r.out.key for r in store.claim(claim, qq, 9, 2.0, gate)] == ["x"]


def test_a_thousand_paced_chats_cost_what_one_costs() -> None:
    """Leave is asked for twice for each row at most, however many chats wait for theirs."""

    class Counting(Pacer[ChatKey]):
        asked = 0

        def take(self, key: ChatKey, now: float) -> float:
            self.asked += 1
            return super().take(key, now)

    pacer = Counting(each=[Pace(1, 10.0)])
    store, claim, qq = Outgoing(), Claim("sender", 1), ("qq", "1")
    for n in range(1_000):
        for part in range(3):
            out = saying(f"{n}-{part}", str(n))
            store.enqueue(out, 0.0, 1_000.0)
    now, said, claims = 0.0, 0, 0
    while said < 3_000:
        rows = store.claim(claim, qq, 1, now, pacer)
        claims += 1
        for row in rows:
            store.settle(claim, row.seq, Outcome(S.SENT), now)
        said += len(rows)
        now = now if rows else store.next_claim(qq)
    assert pacer.asked <= 2 * said
    assert claims <= said + 10
    assert now == 20.0


def test_a_definite_refusal_begins_the_time_of_its_key_anew() -> None:
    """Law 6: the platform counts from the first attempt that it may have taken."""
    store, claim, qq = Outgoing(), Claim("sender", 1), ("qq", "1")
    store.trust_keys(qq, Trust(60.0), 0.0)
    store.enqueue(saying("a"), 0.0, 1_000.0)
    (row,) = store.claim(claim, qq, 1, 0.0)
    store.requeue(claim, row.seq, 100.0)
    (row,) = store.claim(claim, qq, 1, 100.0)
    store.settle(claim, row.seq, Outcome(S.UNKNOWN), 130.0)
    assert len(store.claim(claim, qq, 1, 159.0)) == 1
    store.settle(claim, row.seq, Outcome(S.UNKNOWN), 159.5)
    assert store.next_claim(qq) == inf, "in ten seconds its key would be unknown there"


def test_a_row_that_was_taken_back_is_not_missed_when_it_is_forgotten() -> None:
    """Refused here, and known to the file all the same: its key may be said again."""
    store = Outgoing(OutgoingLimits(queued=1, settled=1))
    store.enqueue(saying("r"), 0.0, 1_000.0)
    store.enqueue(saying("n", kind=OutboundKind.NOTICE), 0.0, 1_000.0)
    store.void("n")
    store.enqueue(saying("n2", kind=OutboundKind.NOTICE), 0.0, 1_000.0)
    assert store.outcome_of("n") is None
    assert store.outcome_of("n2") is not None


def test_what_ended_while_it_was_written_can_be_taken_back() -> None:
    """A disk that was full for long: it went stale, and may even be forgotten by now."""
    limits = OutgoingLimits(settled=1, bodies=2.0)
    store, claim, qq = Outgoing(limits), Claim("sender", 1), ("qq", "1")
    for key in ("a", "b", "c"):
        store.enqueue(saying(key), 0.0, 1.0)
        store.sweep(2.0, 9)
    for key in ("c", "b", "a"):
        store.void(key)
        assert store.outcome_of(key) is None
    for key in ("x", "y", "z"):
        store.enqueue(saying(key, key), 2.0, 1_000.0)
    rows = store.claim(claim, qq, 9, 2.0)
    assert [bool(row.out.body) for row in rows] == [True, True, False]


def test_a_message_that_costs_a_connection_each_time_does_not_do_so_for_ever() -> None:
    """Law 6, section 2 (poison): five attempts in all, then it is listed."""
    store, claim, qq = Outgoing(), Claim("sender", 1), ("qq", "1")
    store.trust_keys(qq, Trust(inf), 0.0)
    store.enqueue(saying("bad"), 0.0, 1e6)
    now = 0.0
    tried: list[float] = []
    while not tried or store.next_claim(qq) < inf or store.can_claim(qq, now):
        now = now if store.can_claim(qq, now) else store.next_claim(qq)
        (row,) = store.claim(claim, qq, 1, now)
        tried.append(now)
        store.settle(claim, row.seq, Outcome(S.UNKNOWN), now)
        store.trust_keys(qq, Trust(inf), now)  # the line comes back at once
    assert tried == [0.0, 0.0, 10.0, 70.0, 370.0]
    assert store.depths() == (0, 0, 1)


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
    store.settle(claim, row.seq, Outcome(S.SENT, "", "77"), 0.0)

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
        store.settle(claim, row.seq, Outcome(S.SENT), 0.0)

    assert sum(store.outcome_of(f"k{n}") is not None for n in range(50)) == 5
    store.tidy(100_000.0)
    assert store.outcome_of("k49") is None
