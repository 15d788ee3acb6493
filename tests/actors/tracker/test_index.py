"""The tracker's index against a naive one that looks at everything each time."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
)

from actors.messages import ChatAddress, OutboundState, Outcome
from actors.tracker import (
    Ambiguous,
    Final,
    TrackerFull,
    TrackerIndex,
    Verdict,
)
from actors.tracker.index import EXPIRED_PER_TURN
from tests.actors.journal.builders import to

S = OutboundState
SENT = Outcome(S.SENT, "", "77")
UNKNOWN = Outcome(S.UNKNOWN, "lost")
KEYS = st.sampled_from([f"k{n}" for n in range(8)])
NAMED = [Outcome(S.SENT, "", "77"), Outcome(S.SENT, "", "78"), SENT, UNKNOWN]


def home(key: str) -> ChatAddress:
    """Keys k0, k3, k6 are said in one chat, and so on."""
    return to(str(int(key[1:]) % 3))


TTLS = st.sampled_from([10.0, 30.0])
KEEP = 60.0


class AgainstLists(RuleBasedStateMachine):
    """E01, E05-E08, E10, E13, E15, E16: told apart, counted, never lost early."""

    def __init__(self) -> None:
        super().__init__()
        self.index = TrackerIndex(capacity=5, keep=1_000, keep_seconds=KEEP)
        self.now = 0.0
        self.pending: dict[str, float] = {}
        self.generation: dict[str, int] = {}
        self.final: dict[str, tuple[Outcome, float]] = {}

    @rule(key=KEYS, ttl=TTLS)
    def begin(self, key: str, ttl: float) -> None:
        if key not in self.pending and len(self.pending) >= 5:
            with pytest.raises(TrackerFull):
                self.index.begin(key, home(key), self.now, ttl)
            return
        begun = self.index.begin(key, home(key), self.now, ttl)
        assert begun.generation > self.generation.get(key, 0)
        self.generation[key] = begun.generation
        self.pending[key] = self.now + ttl

    @rule(key=KEYS, outcome=st.sampled_from(NAMED))
    def answer(self, key: str, outcome: Outcome) -> None:
        verdict = self.index.finish(key, outcome, self.now)
        if key in self.pending:
            expected = Verdict.MATCHED
            del self.pending[key]
            self.final[key] = (outcome, self.now)
        elif key not in self.final:
            expected = Verdict.UNMATCHED
        elif self.final[key][0].unknown and not outcome.unknown:
            expected = Verdict.LATE
            self.final[key] = (outcome, self.now)
        else:
            expected = Verdict.DUPLICATE
        assert verdict is expected

    @precondition(lambda self: self.pending)
    @rule(data=st.data())
    def answer_to_an_earlier_attempt(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.pending)))
        stale = self.generation[key] - 1
        verdict = self.index.finish(key, UNKNOWN, self.now, generation=stale)
        assert verdict in (Verdict.UNMATCHED, Verdict.DUPLICATE)
        assert self.index.pending(key) is not None

    @rule(seconds=st.integers(1, 25))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds
        due = {key for key, at in self.pending.items() if at <= self.now}
        lost: set[str] = set()
        while self.index.next_deadline <= self.now:
            lost |= {final.key for final in self.index.expire(self.now, 2)}
        assert lost == due
        for key in due:
            del self.pending[key]
            self.final[key] = (Outcome(S.UNKNOWN, "no answer in time"), self.now)
        for key, (_, at) in list(self.final.items()):
            if at + KEEP <= self.now:
                del self.final[key]

    @rule()
    def clear(self) -> None:
        """E22: nothing is forgotten silently."""
        ended = self.index.clear(self.now)
        assert {final.key for final in ended} == set(self.pending)
        for key in self.pending:
            self.final[key] = (Outcome(S.CANCELLED), self.now)
        self.pending.clear()

    @invariant()
    def agrees(self) -> None:
        counts = self.index.counts()
        assert counts.pending == len(self.pending)
        assert counts.final == len(self.final)
        for key, at in self.pending.items():
            pending = self.index.pending(key)
            assert pending is not None
            assert pending.expires_at == at
        for key, (outcome, _) in self.final.items():
            final = self.index.final(key)
            assert final is not None
            assert final.outcome.state is outcome.state
        if self.pending:
            assert self.index.next_deadline <= min(self.pending.values())
        for message_id in ("77", "78"):
            named = {
                k for k, (o, _) in self.final.items() if o.message_id == message_id
            }
            assert _keys(self.index.by_message(message_id)) == named
            for room in ("k0", "k1", "k2"):
                there = {key for key in named if home(key) == home(room)}
                assert _keys(self.index.by_message(message_id, to=home(room))) == there

    @rule(key=KEYS, outcome=st.sampled_from(NAMED))
    def an_earlier_process_left_it(self, key: str, outcome: Outcome) -> None:
        """E21: outcomes are taken over, and are looked up and improved like any other."""
        if key not in self.pending:
            self.index.restore(key, home(key), outcome, self.now)
            self.final[key] = (outcome, self.now)


def _keys(found: Final | Ambiguous | None) -> set[str]:
    match found:
        case None:
            return set()
        case Final(key=key):
            return {key}
        case Ambiguous(matches=matches):
            assert len(matches) > 1
            return {final.key for final in matches}


TestAgainstLists = AgainstLists.TestCase
TestAgainstLists.settings = settings(
    max_examples=80, stateful_step_count=40, deadline=None
)


def test_equal_ids_of_two_platforms_are_told_apart() -> None:
    """E02, E03, E04: by account and chat, without scanning, `ambiguous` said out loud."""
    index = TrackerIndex()
    here, there = to(), evolve(to(), platform="irc")
    for key, address in (("a", here), ("b", there)):
        index.begin(key, address, 0.0, 10.0)
        index.finish(key, Outcome(S.SENT, "", "7"), 1.0)

    found = index.by_message("7")
    assert isinstance(found, Ambiguous)
    assert {final.key for final in found.matches} == {"a", "b"}
    irc = index.by_message("7", to=there)
    assert isinstance(irc, Final)
    assert irc.key == "b"
    mine = index.by_message("7", to=here)
    assert isinstance(mine, Final)
    assert mine.key == "a"
    assert index.by_message("8") is None


def test_ids_that_are_counted_in_each_chat_anew_are_found_by_chat() -> None:
    """E02, E03: in the chat it is one look, however many chats have a message 5."""
    index = TrackerIndex()
    rooms = [to(str(n)) for n in range(500)]
    for n, room in enumerate(rooms):
        index.begin(f"k{n}", room, 0.0, 10.0)
        index.finish(f"k{n}", Outcome(S.SENT, "", "5"), 1.0)
    for n, room in enumerate(rooms):
        found = index.by_message("5", to=room)
        assert isinstance(found, Final)
        assert found.key == f"k{n}"
    anywhere = index.by_message("5")
    assert isinstance(anywhere, Ambiguous)
    assert len(anywhere.matches) == 16
    assert index.by_message("5", to=to("elsewhere")) is None


def test_a_platform_that_names_all_its_messages_alike_costs_little() -> None:
    """E19: a peer cannot make one lookup grow without bound."""
    index = TrackerIndex()
    for n in range(200):
        index.begin(f"k{n}", to(), 0.0, 10.0)
        index.finish(f"k{n}", Outcome(S.SENT, "", "same"), 1.0)
    found = index.by_message("same")
    assert isinstance(found, Ambiguous)
    assert len(found.matches) == 16
    assert found.matches[-1].key == "k199"


def test_records_cannot_be_changed_by_those_who_hold_them() -> None:
    """E12: a record that lives on cannot be made by changing its deadline."""
    index = TrackerIndex()
    pending = index.begin("a", to(), 0.0, 10.0)
    with pytest.raises(AttributeError):
        pending.expires_at = 1e9  # type: ignore[misc]
    assert len(index.expire(10.0)) == 1


def test_a_burst_of_expiries_is_worked_off_in_turns() -> None:
    """E09: bounded work per call, in the order in which they began."""
    index = TrackerIndex()
    for n in range(EXPIRED_PER_TURN * 2 + 10):
        index.begin(f"k{n}", to(), 0.0, 10.0)

    assert index.expire(9.9) == []
    sizes = []
    while index.next_deadline <= 10.0:
        lost = index.expire(10.0)
        sizes.append(len(lost))
        assert all(final.timed_out and final.outcome.unknown for final in lost)
    assert sizes == [EXPIRED_PER_TURN, EXPIRED_PER_TURN, 10]
    assert index.counts().timed_out == sum(sizes)


def test_outcomes_are_bounded_in_number() -> None:
    """E01, E19: memory follows what is kept; there are no dead nodes."""
    index = TrackerIndex(keep=100)
    for n in range(2_000):
        index.begin(f"k{n}", to(), 0.0, 10.0)
        index.finish(f"k{n}", Outcome(S.SENT, "", str(n)), 1.0)
    assert index.counts().final <= 100 + EXPIRED_PER_TURN
    assert len(index._named) == index.counts().final
    assert index.counts().pending == 0
    assert not any(index._classes.values())


@pytest.mark.parametrize(
    ("key", "ttl"), [("", 10.0), ("a", 0.0), ("a", -1.0), ("a", float("inf"))]
)
def test_wrong_values_are_refused(key: str, ttl: float) -> None:
    """E17, E18: a deadline is required, a key is not empty."""
    index = TrackerIndex()
    with pytest.raises(ValueError, match="must"):
        index.begin(key, to(), 0.0, ttl)
    assert index.counts().pending == 0


def test_times_to_live_are_classes_not_deadlines() -> None:
    index = TrackerIndex()
    for n in range(16):
        index.begin(f"k{n}", to(), 0.0, float(n + 1))
    with pytest.raises(ValueError, match="at most 16"):
        index.begin("one more", to(), 0.0, 99.0)


def test_statistics_name_the_oldest() -> None:
    """E24: pending, oldest age, outcomes."""
    index = TrackerIndex()
    index.begin("a", to(), 5.0, 10.0)
    index.begin("b", to(), 7.0, 30.0)
    index.finish("c", SENT, 8.0)
    counts = index.counts()
    assert (counts.pending, counts.oldest_pending_at) == (2, 5.0)
    assert counts.verdicts["unmatched"] == 1
