"""One receipt for a message in parts: never better than the worst of them."""

from __future__ import annotations

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from actors.messages import OutboundState, Outcome
from actors.tracker import Receipt, ReceiptOfParts
from actors.tracker.parts import together
from tests.actors.journal.builders import to

S = OutboundState
OUTCOMES = st.builds(Outcome, st.sampled_from(S), st.just(""), st.text(max_size=2))
OPEN = {S.QUEUED, S.SENDING}


@given(st.lists(OUTCOMES, min_size=1, max_size=6))
def test_a_whole_is_open_while_a_part_is_and_sent_when_all_are(
    outcomes: list[Outcome],
) -> None:
    """A24: a failure of one part is never told as success of the message."""
    states = {outcome.state for outcome in outcomes}
    whole = together(outcomes)
    assert (whole.state in OPEN) == bool(states & OPEN)
    assert (whole.state is S.SENT) == (states == {S.SENT})
    assert whole.delivered == (states <= {S.SENT, S.DEGRADED})
    assert whole.state in states
    if not states & OPEN:
        assert whole.unknown == (S.UNKNOWN in states)
    assert whole.message_id == outcomes[0].message_id


def test_it_says_which_part_it_was() -> None:
    parts = [Outcome(S.SENT, "", "7"), Outcome(S.REJECTED, "too rude")]
    assert together(parts) == Outcome(S.REJECTED, "part 2 of 2: too rude", "7")


async def test_it_waits_for_all_of_them(autojump_clock: MockClock) -> None:
    parts = [Receipt(f"k{n}", to(), Outcome(S.QUEUED)) for n in range(3)]
    receipt = ReceiptOfParts(parts)
    assert (receipt.id, receipt.to, receipt.state) == ("k0", to(), S.QUEUED)
    assert (await receipt.outcome(within=5)).state is S.QUEUED
    assert trio.current_time() == pytest.approx(5, abs=0.1)

    async def settle() -> None:
        for part in reversed(parts):
            await trio.sleep(1)
            part.settle(Outcome(S.SENT, "", part.id))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(settle)
        assert await receipt.outcome(within=50) == Outcome(S.SENT, "", "k0")
    assert receipt.settled
    parts[1].settle(Outcome(S.UNKNOWN, "?"))
    assert receipt.unknown
    assert repr(receipt) == "<Receipt k0 unknown>"
