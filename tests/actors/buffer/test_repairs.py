"""Repairs by hand, on both journals: the state, the receipt and the order afterwards."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from trio.testing import MockClock

from actors.buffer import CannotRepair, NoSuchMessage, Outbox, Repairs, retry_key
from actors.journal import Claim, OutgoingLimits, Sought
from actors.messages import (
    REPAIRS,
    Delete,
    InboundState,
    NotRepairable,
    Ours,
    OutboundState,
    Outcome,
    Repair,
)
from actors.tracker import Receipt, ReceiptOfParts, Tracker
from tests.actors.buffer.claims import claimed
from tests.actors.buffer.test_parts import by_words
from tests.actors.journal.builders import event, saying
from tests.actors.journal.forms import AnyJournal, in_file, in_memory

S = OutboundState
CLAIM = Claim("sender", 1)
ROUTER = Claim("router", 1)
QQ = ("qq", "1")


class Desk:
    """An outbox, its repairs, and how to bring a message into any state."""

    def __init__(self, journal: AnyJournal) -> None:
        self.journal = journal
        self.tracker = Tracker(trio.current_time)
        self.outbox = Outbox(
            journal,
            self.tracker,
            trio.current_time,
            dead=lambda _out, _why: None,
            split=by_words,
        )
        self.repairs = Repairs(journal, self.outbox, self.tracker, trio.current_time)

    async def said(self, key: str, state: OutboundState, room: str = "42") -> Receipt:
        receipt = await self.outbox.say(saying(key, room))
        if state is S.CANCELLED:
            self.outbox.withdraw(key, "so")
        elif state is S.EXPIRED:
            await trio.sleep(601)
            self.outbox.sweep()
        elif state is not S.QUEUED:
            rows = await claimed(self.outbox, CLAIM, QQ, 100)
            (row,) = [row for row in rows if row.out.key == key]
            if state is not S.SENDING:
                self.outbox.settle(CLAIM, row, Outcome(state, "so"))
        return receipt


@asynccontextmanager
async def in_form(
    form: str, folder: Path, limits: OutgoingLimits | None = None
) -> AsyncIterator[Desk]:
    opened = in_memory if form == "memory" else in_file
    async with opened(folder, outbox=limits) as journal:
        yield Desk(journal)


@pytest.fixture(params=["memory", "file"])
async def desk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Desk]:
    async with in_form(request.param, tmp_path) as desk:
        yield desk


STATES = st.sampled_from(
    [
        S.QUEUED,
        S.SENDING,
        S.SENT,
        S.DEGRADED,
        S.REJECTED,
        S.EXPIRED,
        S.CANCELLED,
        S.UNKNOWN,
    ]
)


@settings(max_examples=25, deadline=None)
@given(
    plan=st.lists(st.tuples(STATES, st.sampled_from(Repair)), min_size=1, max_size=6),
    form=st.sampled_from(["memory", "file"]),
)
def test_what_is_legal_is_done_and_nothing_else(
    plan: list[tuple[OutboundState, Repair]],
    form: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Contract: the operator's rows of the table; receipt, index and list tell one story."""
    folder = tmp_path_factory.mktemp("rows")

    async def main() -> None:
        async with in_form(form, folder) as desk:
            for n, (state, repair) in enumerate(plan):
                key = f"k{n}"
                receipt = await desk.said(key, state, room=key)
                assert receipt.state is state
                after = REPAIRS[repair].get(state)
                if after is None:
                    with pytest.raises(
                        NotRepairable, match=f"this one is {state.value}"
                    ):
                        await desk.repairs.repair(key, repair)
                else:
                    outcome = await desk.repairs.repair(key, repair, "77")
                    assert outcome.state is after
                now = after or state
                assert receipt.state is now
                assert await desk.journal.recall(key) is now
                row = await desk.journal.said_of(key)
                assert row is not None
                assert row.outcome.state is now

    with capture_logs():
        trio.run(main, clock=MockClock(autojump_threshold=0))


async def test_there_must_be_such_a_message(
    desk: Desk, autojump_clock: MockClock
) -> None:
    with pytest.raises(NoSuchMessage, match="no message nothing"):
        await desk.repairs.repair("nothing", Repair.RETRY)


async def test_whoever_awaits_a_message_that_is_discarded_hears_of_it(
    desk: Desk, autojump_clock: MockClock
) -> None:
    receipt = await desk.said("a", S.QUEUED)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(desk.repairs.repair, "a", Repair.DISCARD)
        outcome = await receipt.outcome(within=5.0)
    assert outcome == Outcome(S.CANCELLED, "discarded by an operator")


async def test_all_parts_of_a_message_can_be_discarded_one_by_one(
    desk: Desk, autojump_clock: MockClock
) -> None:
    """As `rookery outbox discard --all` does, which names each of them."""
    said = await desk.outbox.say(saying("a", text="one two three"))
    assert isinstance(said, ReceiptOfParts)
    for part in said.parts:
        outcome = await desk.repairs.repair(part.id, Repair.DISCARD)
        assert outcome == Outcome(S.CANCELLED, "discarded by an operator")
    assert said.state is S.CANCELLED
    await desk.said("b", S.CANCELLED)  # by its bot: that is another story
    with pytest.raises(NotRepairable):
        await desk.repairs.repair("b", Repair.DISCARD)


async def test_a_retried_message_goes_out_under_its_key_and_its_receipt_hears(
    desk: Desk, autojump_clock: MockClock
) -> None:
    receipt = await desk.said("a", S.UNKNOWN)
    await desk.repairs.repair("a", Repair.RETRY)
    assert receipt.state is S.QUEUED
    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def send() -> None:
            (row,) = await claimed(desk.outbox, CLAIM, QQ)
            assert (row.out, row.attempt) == (saying("a"), 2)
            desk.outbox.settle(CLAIM, row, Outcome(S.SENT, "", "78"))

        outcome = await receipt.outcome(within=5.0)
    assert outcome == Outcome(S.SENT, "", "78")
    assert desk.tracker.index.counts().pending == 0


async def test_a_retried_message_is_in_doubt_no_longer(
    desk: Desk, autojump_clock: MockClock
) -> None:
    """Somebody has looked, and it is not out: refused for now, it is certainly `queued`."""
    receipt = await desk.said("a", S.UNKNOWN)
    await desk.repairs.repair("a", Repair.RETRY)
    (row,) = await claimed(desk.outbox, CLAIM, QQ)
    assert row.doubts == 0
    assert desk.outbox.again(CLAIM, row, trio.current_time())
    assert receipt.state is S.QUEUED
    assert await desk.journal.recall("a") is S.QUEUED


async def test_a_retried_message_goes_before_what_was_said_later(
    desk: Desk, autojump_clock: MockClock
) -> None:
    """Old before new, where still possible: not before what is on its way."""
    for key in "abc":
        await desk.said(key, S.UNKNOWN if key != "c" else S.QUEUED)
    for key in "ba":
        await desk.repairs.repair(key, Repair.RETRY)
    sent = []
    while rows := await claimed(desk.outbox, CLAIM, QQ):
        sent.append(rows[0].out.key)
        desk.outbox.settle(CLAIM, rows[0], Outcome(S.SENT))
    assert sent == ["a", "b", "c"]


async def test_a_retried_message_has_a_new_time_to_live(
    desk: Desk, autojump_clock: MockClock
) -> None:
    receipt = await desk.said("a", S.UNKNOWN)
    await trio.sleep(3_600)
    await desk.repairs.repair("a", Repair.RETRY)
    assert desk.outbox.due_at <= trio.current_time() + 600
    states = []
    for seconds in (599, 1):
        await trio.sleep(seconds)
        desk.outbox.sweep()
        states.append(receipt.state)
    assert states == [S.QUEUED, S.EXPIRED]


@pytest.mark.parametrize("repair", list(Repair))
async def test_more_unknown_ones_than_are_kept_in_mind_can_be_repaired(
    repair: Repair, tmp_path: Path, autojump_clock: MockClock
) -> None:
    """They are closed and only in the file; an operator's word opens them again."""
    async with in_form("file", tmp_path, OutgoingLimits(unknown=1)) as desk:
        for key in "abc":
            await desk.said(key, S.UNKNOWN, room=key)
        listed = await desk.journal.said(Sought(states=[S.UNKNOWN]))
        assert [row.key for row in listed] == ["a", "b", "c"]
        outcome = await desk.repairs.repair("a", repair)
        assert outcome.state is REPAIRS[repair][S.UNKNOWN]
        row = await desk.journal.said_of("a")
        assert row is not None
        assert row.outcome.state is outcome.state


# --- dead letters ------------------------------------------------------------------------


async def test_a_dead_change_is_made_anew_of_the_same_message(
    desk: Desk, autojump_clock: MockClock
) -> None:
    delete = saying("d", text="", change=Delete(Ours("a")))
    receipt = await desk.outbox.say(delete)
    (row,) = await claimed(desk.outbox, CLAIM, QQ)
    desk.outbox.settle(CLAIM, row, Outcome(S.REJECTED, "nobody knows"))
    assert receipt.state is S.REJECTED
    await desk.repairs.say_anew(row.seq)
    (again,) = await claimed(desk.outbox, CLAIM, QQ)
    assert (again.out.key, again.out.change) == (retry_key("d"), delete.change)
    assert again.out.body == ()


async def test_a_dead_message_is_said_anew_once_however_often_it_is_asked_for(
    desk: Desk, autojump_clock: MockClock
) -> None:
    states = (S.EXPIRED, S.REJECTED)
    for n, state in enumerate(states, 1):
        await desk.said(f"k{n}", state, room=str(n))
    for n, state in enumerate(states, 1):
        first = await desk.repairs.say_anew(n)
        assert first == (state, retry_key(f"k{n}"))
        assert await desk.repairs.say_anew(n) == first
    rows = await claimed(desk.outbox, CLAIM, QQ, 10)
    assert [row.out.key for row in rows] == [retry_key("k1"), retry_key("k2")]
    assert all(row.out.body == saying("k").body for row in rows)
    assert await desk.journal.on_the_shelf() == {}


async def test_what_is_not_dead_is_left_alone(
    desk: Desk, autojump_clock: MockClock
) -> None:
    await desk.said("k", S.SENT)
    await desk.journal.append("qq", "1", event("1"), trace="t")
    for seq in (1, 99):
        with pytest.raises(CannotRepair):
            await desk.repairs.say_anew(seq)
        with pytest.raises(CannotRepair):
            await desk.repairs.hear_again(seq)
    with pytest.raises(CannotRepair):
        await desk.repairs.put_away(0, 1)


async def test_a_dead_event_is_new_again_before_what_came_later(
    desk: Desk, autojump_clock: MockClock
) -> None:
    """Contract: failed, quarantined, expired -> new; deaths count from 0; not too old."""
    journal = desk.journal
    for name in "12":
        await journal.append("qq", "1", event(name), trace=f"t{name}")
    claim = ROUTER
    (row,) = await journal.claim_inbound(claim, 1)
    for life in (2, 3, 4):
        claim = Claim("router", life)
        await journal.release(claim)
        if life < 4:
            (row,) = await journal.claim_inbound(claim, 1)
    assert (await journal.letters([InboundState.QUARANTINED], None, 5))[
        0
    ].seq == row.seq
    await trio.sleep(1_000)

    assert await desk.repairs.hear_again(row.seq) is InboundState.QUARANTINED

    again, later = await journal.claim_inbound(claim, 5)
    assert (again.seq, again.event, again.trace) == (row.seq, row.event, row.trace)
    assert (again.boots, again.received_at) == (0, trio.current_time())
    assert later.seq > again.seq
    assert await journal.on_the_shelf() == {}


async def test_a_letter_that_was_put_away_stays_away(
    desk: Desk, autojump_clock: MockClock
) -> None:
    await desk.said("k", S.REJECTED)
    await desk.repairs.put_away(1, 1)
    await desk.repairs.put_away(1, 1)
    assert await desk.journal.letters([S.REJECTED], None, 5) == []
    assert await desk.journal.recall("k") is S.REJECTED
