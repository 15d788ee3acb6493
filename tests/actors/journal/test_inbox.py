"""The inbound half of the journal against a naive model."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)

from actors.journal import Claim, InboundRow, InboxLimits
from actors.journal.inbox import Inbox
from actors.journal.suspects import MAX_BOOTS
from actors.messages import IllegalTransition, InboundState
from tests.actors.journal.builders import event

S = InboundState
LIMITS = InboxLimits(rows=8, claimed=4, claimed_per_chat=2, marks=50, settled=3)
FINAL = st.sampled_from([S.DONE, S.FAILED, S.EXPIRED])


class AgainstAList(RuleBasedStateMachine):
    """One list of rows in order of arrival; everything else is looked up in it."""

    def __init__(self) -> None:
        super().__init__()
        self.inbox = Inbox(LIMITS)
        self.now = 0.0
        self.rows: dict[int, dict[str, object]] = {}
        self.keys: dict[tuple[str, str, str], int] = {}
        self.life = 1

    @property
    def claim(self) -> Claim:
        return Claim("router", self.life)

    def having(self, *states: S) -> list[int]:
        return [seq for seq, row in self.rows.items() if row["state"] in states]

    @rule(
        platform=st.sampled_from(["qq", "irc"]),
        room=st.sampled_from("xyz"),
        id_=st.integers(0, 12),
    )
    def append(self, platform: str, room: str, id_: int) -> None:
        account = self.inbox.account(platform, "1")
        said = event(str(id_), room)
        known = self.inbox.known(account, said, self.now)
        assert known == self.keys.get((platform, room, str(id_)))
        mine = [
            row
            for row in self.rows.values()
            if row["platform"] == platform
            and row["state"] in (S.NEW, S.CLAIMED, S.PARKED)
        ]
        fits = self.inbox.fits(account, 10)
        assert fits == (len(mine) < LIMITS.rows)
        if known is not None or not fits:
            return
        seq = self.inbox.append(account, said, "t", self.now, 10)
        self.keys[platform, room, str(id_)] = seq
        self.rows[seq] = {
            "platform": platform,
            "room": room,
            "state": S.NEW,
            "boots": 0,
        }

    @rule(limit=st.integers(1, 5))
    def take(self, limit: int) -> None:
        for record in self.inbox.claim(self.claim, limit):
            assert record.row is not None
            self.check_taken(record.row)

    def check_taken(self, row: InboundRow) -> None:
        mine = self.rows[row.seq]
        assert mine["state"] is S.NEW
        assert mine["boots"] == row.boots
        older = [
            seq
            for seq in self.having(S.NEW)
            if seq < row.seq
            and self.rows[seq]["platform"] == row.platform
            and self.rows[seq]["room"] == mine["room"]
        ]
        assert not older, "rows of one chat are handed out in order"
        mine["state"] = S.CLAIMED

    @precondition(lambda self: self.having(S.CLAIMED, S.PARKED))
    @rule(data=st.data(), state=FINAL, why=st.sampled_from(["", "raised"]))
    def settle(self, data: st.DataObject, state: S, why: str) -> None:
        seq = data.draw(st.sampled_from(self.having(S.CLAIMED, S.PARKED)))
        if self.rows[seq]["state"] is S.PARKED and state is S.EXPIRED:
            with pytest.raises(IllegalTransition):
                self.inbox.settle(self.claim, seq, state, why)
            return
        assert self.inbox.settle(self.claim, seq, state, why)
        self.rows[seq]["state"] = state
        assert self.inbox.state_of(seq) == (state, why)

    @precondition(lambda self: self.having(S.CLAIMED))
    @rule(data=st.data())
    def park(self, data: st.DataObject) -> None:
        seq = data.draw(st.sampled_from(self.having(S.CLAIMED)))
        assert self.inbox.settle(self.claim, seq, S.PARKED, "")
        self.rows[seq]["state"] = S.PARKED

    @rule(data=st.data(), state=FINAL)
    def settle_with_a_stale_claim(self, data: st.DataObject, state: S) -> None:
        seqs = sorted(self.rows)
        if self.life == 1 or not seqs:
            return
        stale = Claim("router", self.life - 1)
        seq = data.draw(st.sampled_from(seqs))
        assert not self.inbox.settle(stale, seq, state, "")
        assert self.inbox.claim(stale, 5) == []

    @rule()
    def claimer_dies(self) -> None:
        self.life += 1
        self.inbox.release(self.claim)
        for seq in self.having(S.PARKED):
            self.rows[seq]["state"] = S.FAILED
        for seq in self.having(S.CLAIMED):
            row = self.rows[seq]
            boots = row["boots"]
            assert isinstance(boots, int)
            row["boots"] = boots + 1
            row["state"] = S.QUARANTINED if boots + 1 >= MAX_BOOTS else S.NEW

    @invariant()
    def agrees(self) -> None:
        assert self.inbox.waiting == len(self.having(S.NEW))
        assert self.inbox.claimed == len(self.having(S.CLAIMED))
        assert self.inbox.parked == len(self.having(S.PARKED))
        for seq in self.having(S.NEW, S.CLAIMED, S.PARKED):
            known = self.inbox.state_of(seq)
            assert known is not None
            assert known[0] is self.rows[seq]["state"]
        for platform in ("qq", "irc"):
            mine = [s for s, r in self.rows.items() if r["platform"] == platform]
            alive = [s for s in mine if s in self.having(S.NEW, S.CLAIMED, S.PARKED)]
            assert self.inbox.backlog_of(platform) == (len(alive), 10 * len(alive))
            claimed = [s for s in mine if self.rows[s]["state"] is S.CLAIMED]
            assert len(claimed) <= LIMITS.claimed
        ended = len(self.rows) - len(self.having(S.NEW, S.CLAIMED, S.PARKED))
        assert sum(self.inbox.ended.values()) == ended
        # B32, "bounds are invariants": settled rows are forgotten beyond their number.
        kept = sum(self.inbox.state_of(seq) is not None for seq in self.rows)
        assert kept <= len(self.rows) - ended + LIMITS.settled


TestAgainstAList = AgainstAList.TestCase
TestAgainstAList.settings = settings(
    max_examples=80, stateful_step_count=40, deadline=None
)


def test_same_id_elsewhere_is_another_message() -> None:
    """B20: the key is (platform, account, chat, message id, edit)."""
    inbox = Inbox()
    mine = inbox.account("qq", "1")
    first = inbox.append(mine, event("7"), "t", 0.0, 1)

    assert inbox.known(mine, event("7"), 1.0) == first
    assert inbox.known(mine, event("7", "other room"), 1.0) is None
    assert inbox.known(mine, event("7", edit=1), 1.0) is None
    assert inbox.known(inbox.account("qq", "2"), event("7"), 1.0) is None
    assert inbox.known(inbox.account("irc", "1"), event("7"), 1.0) is None


def test_a_derived_id_is_known_for_a_minute() -> None:
    inbox = Inbox()
    mine = inbox.account("qq", "1")
    derived = event("hash", dedup_seconds=60.0)
    first = inbox.append(mine, derived, "t", 0.0, 1)

    assert inbox.known(mine, derived, 59.0) == first
    assert inbox.known(mine, derived, 60.0) is None


def test_a_noisy_platform_leaves_room_in_the_hand_of_the_router() -> None:
    """B32, and section 2 "shared by all platforms": a quiet one gets its turn."""
    inbox = Inbox(InboxLimits(claimed=3, claimed_per_chat=100))
    noisy, quiet = inbox.account("noisy", "1"), inbox.account("quiet", "1")
    for n in range(50):
        inbox.append(noisy, event(str(n)), "t", 0.0, 1)
    inbox.append(quiet, event("1"), "t", 0.0, 1)

    records = inbox.claim(Claim("router", 1), 10)

    assert [record.row and record.row.platform for record in records] == [
        "noisy",
        "quiet",
        "noisy",
        "noisy",
    ]
    assert not inbox.ready


def test_settled_rows_are_bounded_by_size_too() -> None:
    inbox = Inbox(InboxLimits(settled=100, settled_bytes=1_000))
    mine = inbox.account("qq", "1")
    claim = Claim("router", 1)
    for n in range(20):
        seq = inbox.append(mine, event(str(n)), "t", 0.0, 400)
        inbox.claim(claim, 1)
        inbox.settle(claim, seq, S.DONE, "")

    assert sum(inbox.state_of(seq) is not None for seq in range(1, 21)) == 2


def test_who_was_in_hand_with_the_culprit_is_spared() -> None:
    """Law 8: a row is quarantined for its own deaths, not for those of its neighbours."""
    inbox = Inbox()
    mine = inbox.account("qq", "1")
    for n in range(4):
        inbox.append(mine, event(str(n), room=str(n)), "t", 0.0, 1)
    behind = inbox.append(mine, event("behind", room="0"), "t", 0.0, 1)
    for life in (1, 2):
        claim = Claim("router", life)
        inbox.release(claim)
        assert len(inbox.claim(claim, 10)) == 5
    last = Claim("router", 3)
    inbox.release(last)
    settled = []
    while record := next(iter(inbox.claim(last, 10)), None):
        assert inbox.claim(last, 10) == []
        if record.seq == 3:  # this one ends whoever has it
            last = Claim("router", 4)
            inbox.release(last)
        else:
            settled.append(record.seq)
            inbox.settle(last, record.seq, S.DONE, "")

    assert set(settled) == {1, 2, 4, behind}
    assert settled.index(1) < settled.index(behind)  # they are of one chat
    assert inbox.ended[S.QUARANTINED] == 1
    assert inbox.state_of(3) == (S.QUARANTINED, "3 claimers ended with it in hand")
