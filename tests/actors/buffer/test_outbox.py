"""The outbox: said once, kept while offline, shelved when stale, one writer of states."""

from __future__ import annotations

from math import inf
from pathlib import Path

import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from trio.testing import MockClock

from actors.buffer import Outbox, OutboxKeeper
from actors.journal import Claim, MemoryJournal, OutgoingLimits
from actors.messages import Outbound, OutboundKind, OutboundState, Outcome
from actors.tracker import Final, Tracker
from tests.actors.buffer.claims import claimed
from tests.actors.journal.builders import (
    end_and_start_again,
    journal,
    nest,
    saying,
)
from tests.actors.journal.forms import in_file

S = OutboundState
SENT = Outcome(S.SENT, "", "77")
CLAIM = Claim("sender", 1)
QQ = ("qq", "1")


class Desk:
    """An outbox with all that it needs, and what it shelved."""

    def __init__(self, queued: int = 10_000) -> None:
        self.journal: MemoryJournal = journal(outbox=OutgoingLimits(queued=queued))
        self.tracker = Tracker(trio.current_time)
        self.shelf: list[tuple[str, str]] = []
        self.outbox = Outbox(
            self.journal, self.tracker, trio.current_time, dead=self._dead
        )

    def _dead(self, out: Outbound, why: str) -> None:
        self.shelf.append((out.key, why))

    def keeper(self) -> OutboxKeeper:
        return OutboxKeeper(self.outbox)


async def test_saying_it_again_returns_the_recorded_receipt() -> None:
    """Law 5, E23: one delivery per key, however often a handler is run."""
    desk = Desk()
    first = await desk.outbox.say(saying("a"))
    assert await desk.outbox.say(saying("a")) is first
    (row,) = await claimed(desk.outbox, CLAIM, QQ)
    assert first.state is S.SENDING
    assert desk.outbox.settle(CLAIM, row, SENT)

    again = await desk.outbox.say(saying("a"))

    assert again.current == SENT
    assert await claimed(desk.outbox, CLAIM, QQ) == []


async def test_another_content_under_the_same_key_is_logged_and_not_said() -> None:
    desk = Desk()
    await desk.outbox.say(saying("a", text="one"))
    with capture_logs() as logs:
        await desk.outbox.say(saying("a", text="two"))
    assert [line["event"] for line in logs] == ["reply.diverged"]
    assert logs[0]["trace"] == "t-a"
    (row,) = await claimed(desk.outbox, CLAIM, QQ)
    assert row.out == saying("a", text="one")


async def test_what_waits_too_long_goes_to_the_shelf_with_a_reason(
    autojump_clock: MockClock,
) -> None:
    """B38, B39, law 7: a reply after 10 minutes, a notice after a day, by a timer."""
    desk = Desk()
    async with nest(outbox=desk.keeper):
        notice = await desk.outbox.say(saying("n", kind=OutboundKind.NOTICE))
        reply = await desk.outbox.say(saying("r"))
        started = trio.current_time()

        outcome = await reply.outcome(within=1e6)
        assert trio.current_time() - started == 600.0
        assert outcome.state is S.EXPIRED
        assert desk.shelf == [("r", "expired: could not be said within 600 s")]

        assert (await notice.outcome(within=1e6)).state is S.EXPIRED
        assert trio.current_time() - started == 24 * 3600.0
    assert len(desk.shelf) == 2


async def test_a_restart_of_the_keeper_loses_nothing(
    autojump_clock: MockClock,
) -> None:
    """Design 4: the rows belong to the journal, their time to whoever keeps it next."""
    desk = Desk()
    async with nest(outbox=desk.keeper) as system:
        reply = await desk.outbox.say(saying("r"))
        await trio.sleep(100)
        await end_and_start_again(system, "/outbox", desk.keeper)
        assert (await reply.outcome(within=1e6)).state is S.EXPIRED


async def test_nothing_stale_is_said_even_without_a_keeper(
    autojump_clock: MockClock,
) -> None:
    desk = Desk()
    stale = await desk.outbox.say(saying("old"))
    await trio.sleep(599)
    fresh = await desk.outbox.say(saying("new"))
    await trio.sleep(2)

    rows = await claimed(desk.outbox, CLAIM, QQ)

    assert [row.out.key for row in rows] == ["new"]
    assert stale.state is S.EXPIRED
    assert fresh.state is S.SENDING
    assert [key for key, _ in desk.shelf] == ["old"]


async def test_overflow_tells_whose_message_gave_way() -> None:
    """B26, B33, section 2 (buffer): exactly one victim, never "accepted" for nothing."""
    desk = Desk(queued=2)
    receipts = [await desk.outbox.say(saying(f"k{n}")) for n in range(3)]
    assert [receipt.state for receipt in receipts] == [S.DROPPED, S.QUEUED, S.QUEUED]
    assert [key for key, _ in desk.shelf] == ["k0"]


async def test_a_newcomer_that_nothing_gives_way_to_is_refused_by_name() -> None:
    """B26, section 2 (buffer): never "accepted" for something that is not kept."""
    desk = Desk(queued=1)
    reply = await desk.outbox.say(saying("r"))
    with capture_logs() as logs:
        notice = await desk.outbox.say(saying("n", kind=OutboundKind.NOTICE))
    assert (reply.state, notice.state) == (S.QUEUED, S.DROPPED)
    assert "does not give way to this notice" in notice.current.detail
    assert desk.shelf == [("n", f"dropped: {notice.current.detail}")]
    (line,) = [line for line in logs if line["event"] == "outbox.row_shed"]
    assert (line["key"], line["trace"], line["state"]) == ("n", "t-n", "dropped")


async def test_a_late_answer_is_believed_once() -> None:
    """Law 6, contract: unknown -> sent, and nothing else becomes sent that way."""
    desk = Desk()
    receipt = await desk.outbox.say(saying("a"))
    assert not desk.outbox.answered_late("a", "77")
    (row,) = await claimed(desk.outbox, CLAIM, QQ)
    desk.outbox.settle(CLAIM, row, Outcome(S.UNKNOWN, "line lost"))

    assert desk.outbox.answered_late("a", "77")
    assert not desk.outbox.answered_late("a", "78")
    assert receipt.current == SENT


async def test_what_has_not_left_can_be_taken_back() -> None:
    desk = Desk()
    receipt = await desk.outbox.say(saying("a"))
    assert desk.outbox.withdraw("a", "changed my mind")
    assert receipt.state is S.CANCELLED
    assert not desk.outbox.withdraw("a", "again")
    assert await claimed(desk.outbox, CLAIM, QQ) == []


async def test_a_stale_claim_changes_no_receipt() -> None:
    """Design 5: a new sender; what the old one says no longer counts."""
    desk = Desk()
    receipt = await desk.outbox.say(saying("a"))
    (row,) = await claimed(desk.outbox, CLAIM, QQ)
    with capture_logs():
        await desk.outbox.release(Claim("sender", 2))
    assert receipt.unknown
    assert not desk.outbox.settle(CLAIM, row, SENT)
    assert not desk.outbox.again(CLAIM, row, 0.0)
    assert receipt.unknown


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.sampled_from(["sent", "unknown", "again"])),
        max_size=30,
    )
)
def test_each_receipt_tells_what_the_journal_knows(
    plan: list[tuple[int, str]],
) -> None:
    """One writer: tracker and journal never tell two stories."""

    async def main() -> None:
        desk = Desk()
        receipts = {}
        for n, what in plan:
            key = f"k{n}"
            receipts[key] = await desk.outbox.say(saying(key, room=key))
            for row in await claimed(desk.outbox, CLAIM, QQ):
                match what:
                    case "sent":
                        desk.outbox.settle(CLAIM, row, SENT)
                    case "unknown":
                        desk.outbox.settle(CLAIM, row, Outcome(S.UNKNOWN))
                    case _:
                        desk.outbox.again(CLAIM, row, trio.current_time())
            for name, receipt in receipts.items():
                known = desk.journal.outcome_of(name)
                assert known is not None
                assert receipt.state is known.state

    trio.run(main, clock=MockClock(autojump_threshold=0))


async def test_what_an_earlier_process_said_is_tracked_again(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """E21: its late answers are told from those of nobody, and its ids are known."""
    async with in_file(tmp_path) as file:
        outbox = Outbox(file, Tracker(trio.current_time), trio.current_time, dead=print)
        receipt = await outbox.say(saying("a"))
        (row,) = await claimed(outbox, CLAIM, QQ)
        assert outbox.settle(CLAIM, row, SENT)
        await outbox.say(saying("b"))
        assert await claimed(outbox, CLAIM, QQ)
        await outbox.say(saying("c", "elsewhere"))
        assert receipt.state is S.SENT

    async with in_file(tmp_path) as file:
        await file.cursor("qq", "1")
        tracker = Tracker(trio.current_time)
        outbox = Outbox(file, tracker, trio.current_time, dead=print)
        outbox.recall()
        found = tracker.index.by_message("77", to=saying("a").to)
        assert isinstance(found, Final)
        assert found.key == "a"
        assert tracker.index.pending("c") is not None
        assert outbox.answered_late("b", "78")
        assert tracker.index.counts().verdicts["late"] == 1
        assert outbox.due_at < inf


async def test_a_receipt_hears_of_an_answer_that_came_before_it_was_made(
    tmp_path: Path,
) -> None:
    """Speaker and sender are told of the same commit, and trio wakes them in any order."""
    async with in_file(tmp_path) as file:
        tracker = Tracker(trio.current_time)
        outbox = Outbox(file, tracker, trio.current_time, dead=lambda _out, _why: None)

        async def send_at_once() -> None:
            (row,) = await claimed(outbox, CLAIM, QQ)
            assert outbox.settle(CLAIM, row, Outcome(S.SENT, "", row.out.key))

        for key in map(str, range(30)):
            async with trio.open_nursery() as nursery:
                file.on_outbound(lambda _: nursery.start_soon(send_at_once))
                receipt = await outbox.say(saying(key))
            assert receipt.state is S.SENT
            final = tracker.index.final(key)
            assert final is not None
            assert final.outcome == receipt.current
