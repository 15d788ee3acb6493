"""What is too long for one message: rows of their own, one receipt, nothing twice."""

from __future__ import annotations

from collections.abc import Sequence

import trio
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from trio.testing import MockClock

from actors.buffer import Outbox
from actors.journal import Claim, MemoryJournal, OutboundRow
from actors.messages import (
    Delete,
    Edit,
    Ours,
    Outbound,
    OutboundState,
    Outcome,
    Segment,
    Text,
    plain_text,
)
from actors.tracker import Receipt, ReceiptOfParts, Tracker
from tests.actors.buffer.claims import claimed
from tests.actors.journal.builders import journal, saying

S = OutboundState
CLAIM = Claim("sender", 1)
QQ = ("qq", "1")


async def by_words(out: Outbound) -> Sequence[tuple[Segment, ...]]:
    return [(Text(word),) for word in plain_text(out.body).split()]


class Desk:
    def __init__(self, kept: MemoryJournal | None = None) -> None:
        self.journal = kept or journal()
        self.outbox = Outbox(
            self.journal,
            Tracker(trio.current_time),
            trio.current_time,
            dead=lambda _out, _why: None,
            split=by_words,
        )

    async def take(self, claim: Claim = CLAIM) -> OutboundRow:
        (row,) = await claimed(self.outbox, claim, QQ)
        return row

    async def send(self) -> str:
        row = await self.take()
        self.outbox.settle(CLAIM, row, Outcome(S.SENT, "", f"m{row.seq}"))
        return plain_text(row.out.body)


async def test_one_receipt_tells_what_became_of_all_parts(
    autojump_clock: MockClock,
) -> None:
    desk = Desk()
    receipt = await desk.outbox.say(saying("a", text="one two three"))
    assert isinstance(receipt, ReceiptOfParts)
    assert receipt.id == "a"
    assert [await desk.send() for _ in range(2)] == ["one", "two"]
    assert not receipt.settled
    row = await desk.take()
    desk.outbox.settle(CLAIM, row, Outcome(S.UNKNOWN, "the line was lost"))
    assert await receipt.outcome() == Outcome(
        S.UNKNOWN, "part 3 of 3: the line was lost", "m1"
    )
    assert desk.outbox.answered_late(row.out.key, "m3")
    assert receipt.state is S.SENT


async def test_each_part_has_a_key_of_its_own_that_fits_a_nonce() -> None:
    desk = Desk()
    receipt = await desk.outbox.say(saying("a", text="one two"))
    assert isinstance(receipt, ReceiptOfParts)
    first, second = (part.id for part in receipt.parts)
    assert (first, second != "a", len(second) <= 25) == ("a", True, True)
    assert type(await desk.outbox.say(saying("b", text="one"))) is Receipt


async def test_a_new_sender_repeats_no_part_and_loses_none(
    autojump_clock: MockClock,
) -> None:
    """B36: killed between two parts, what was sent stays sent, what waits still waits."""
    desk = Desk()
    receipt = await desk.outbox.say(saying("a", text="one two three"))
    assert await desk.send() == "one"
    await desk.take()  # the second is on the wire
    after = Claim("sender", 2)
    await desk.outbox.release(after)
    row = await desk.take(after)
    assert plain_text(row.out.body) == "three"
    desk.outbox.settle(after, row, Outcome(S.SENT))
    assert receipt.state is S.UNKNOWN
    assert receipt.current.detail.startswith("part 2 of 3: ")


async def test_a_part_that_is_refused_for_good_keeps_back_no_other() -> None:
    """Half of it is read all the same; the receipt names the part that is missing."""
    desk = Desk()
    receipt = await desk.outbox.say(saying("a", text="one two three"))
    row = await desk.take()
    desk.outbox.again(CLAIM, row, trio.current_time())  # not now: it stays the first
    row = await desk.take()
    assert plain_text(row.out.body) == "one"
    desk.outbox.settle(CLAIM, row, Outcome(S.REJECTED, "muted"))
    assert [await desk.send() for _ in range(2)] == ["two", "three"]
    assert receipt.current == Outcome(S.REJECTED, "part 1 of 3: muted")


async def test_a_handler_that_runs_again_says_nothing_twice() -> None:
    """Law 5, E23: whatever it says the second time, the first stands."""
    desk = Desk()
    first = await desk.outbox.say(saying("a", text="one two"))
    again = await desk.outbox.say(saying("a", text="one two"))
    assert isinstance(first, ReceiptOfParts)
    assert isinstance(again, ReceiptOfParts)
    assert again.parts == first.parts
    with capture_logs() as logs:
        longer = await desk.outbox.say(saying("a", text="one more than two"))
    assert {line["event"] for line in logs} == {"reply.diverged"}
    assert isinstance(longer, ReceiptOfParts)
    assert [await desk.send() for _ in range(2)] == ["one", "two"]
    assert desk.journal.counts().queued == 0


async def test_what_has_not_left_is_withdrawn_with_all_its_parts() -> None:
    desk = Desk()
    receipt = await desk.outbox.say(saying("a", text="one two three"))
    assert await desk.send() == "one"
    assert desk.outbox.withdraw("a", "never mind")
    assert receipt.current == Outcome(S.CANCELLED, "part 2 of 3: never mind", "m1")
    assert not desk.outbox.withdraw("a", "again")
    assert desk.journal.counts().queued == 0


WORDS = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4).map(" ".join)


@given(st.lists(WORDS, min_size=1, max_size=6), st.data())
def test_whatever_is_killed_parts_go_out_once_and_in_order(
    texts: list[str], data: st.DataObject
) -> None:
    """A sender dies at any part; the next one goes on behind it."""

    async def main() -> None:
        desk = Desk()
        for number, text in enumerate(texts):
            await desk.outbox.say(saying(f"k{number}", text=text))
        said: list[str] = []
        claim = Claim("sender", 1)
        while rows := await claimed(desk.outbox, claim, QQ):
            (row,) = rows
            said.append(plain_text(row.out.body))
            if data.draw(st.booleans()):
                desk.outbox.settle(claim, row, Outcome(S.SENT))
            else:
                claim = Claim("sender", claim.incarnation + 1)
                await desk.outbox.release(claim)
            for number, text in enumerate(texts):
                if data.draw(st.booleans()):
                    await desk.outbox.say(saying(f"k{number}", text=text))
        assert said == [word for text in texts for word in text.split()]

    trio.run(main, clock=MockClock(autojump_threshold=0))


async def test_a_message_in_parts_is_deleted_part_by_part(
    autojump_clock: MockClock,
) -> None:
    """One row for each part, written down together; the same delete again is the same."""
    desk = Desk()
    said = await desk.outbox.say(saying("a", text="one two three"))
    assert isinstance(said, ReceiptOfParts)
    delete = saying("d", text="", change=Delete(Ours("a", parts=3)))
    receipt = await desk.outbox.say(delete)
    assert isinstance(receipt, ReceiptOfParts)
    assert [part.change for part in receipt.parts] == [
        Delete(Ours(part.id)) for part in said.parts
    ]
    again = await desk.outbox.say(delete)
    assert isinstance(again, ReceiptOfParts)
    assert [part.id for part in again.parts] == [part.id for part in receipt.parts]
    assert receipt.id == "d"


async def test_an_edit_is_never_said_in_parts() -> None:
    desk = Desk()
    receipt = await desk.outbox.say(saying("e", text="one two", change=Edit("7")))
    assert type(receipt) is Receipt
    assert receipt.change == Edit("7")
