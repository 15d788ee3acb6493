"""What an operator may do is in the tables of the contract, and all of it."""

from __future__ import annotations

from itertools import product

import pytest

from actors.messages import (
    DEAD_INBOUND,
    DEAD_OUTBOUND,
    FINAL_INBOUND,
    FINAL_OUTBOUND,
    NotRepairable,
    OutboundState,
    Repair,
    check_outbound,
    repaired,
)
from actors.messages.lives import INBOUND, OUTBOUND, InboundState

O = OutboundState  # noqa: E741 - the table below is read aloud

# Copied from the contract by hand: a typing mistake has to be made twice.
MOVES = {
    (O.UNKNOWN, Repair.RETRY): O.QUEUED,
    (O.UNKNOWN, Repair.MARK_SENT): O.SENT,
    (O.UNKNOWN, Repair.DISCARD): O.CANCELLED,
    (O.QUEUED, Repair.DISCARD): O.CANCELLED,
}


@pytest.mark.parametrize(("state", "repair"), list(product(OutboundState, Repair)))
def test_a_repair_moves_as_the_contract_says(
    state: OutboundState, repair: Repair
) -> None:
    if (state, repair) in MOVES:
        after = repaired(state, repair)
        assert after is MOVES[state, repair]
        check_outbound(state, after)
        return
    with pytest.raises(NotRepairable, match=f"this one is {state.value}"):
        repaired(state, repair)


def test_whatever_may_become_of_an_unknown_one_an_operator_can_do() -> None:
    by_hand = {after for (before, _), after in MOVES.items() if before is O.UNKNOWN}
    assert by_hand == OUTBOUND[O.UNKNOWN]


def test_dead_is_what_ended_and_was_not_to_end_so() -> None:
    assert {
        s for s, after in INBOUND.items() if after == {InboundState.NEW}
    } == DEAD_INBOUND
    assert FINAL_INBOUND - {InboundState.DONE} == DEAD_INBOUND
    assert FINAL_OUTBOUND - {O.SENT, O.DEGRADED, O.CANCELLED} == DEAD_OUTBOUND
