"""The two state tables: everything in them, and nothing else."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import (
    FINAL_INBOUND,
    FINAL_OUTBOUND,
    IllegalTransition,
    InboundState,
    OutboundState,
    check_inbound,
    check_outbound,
)

I = InboundState  # noqa: E741 - the tables below are read aloud
O = OutboundState  # noqa: E741

# Copied from the contract by hand: a typing mistake has to be made twice.
INBOUND = {
    (I.NEW, I.CLAIMED),
    (I.CLAIMED, I.DONE),
    (I.CLAIMED, I.FAILED),
    (I.CLAIMED, I.EXPIRED),
    (I.CLAIMED, I.NEW),
    (I.CLAIMED, I.QUARANTINED),
    (I.CLAIMED, I.PARKED),
    (I.PARKED, I.DONE),
    (I.PARKED, I.FAILED),
    (I.FAILED, I.NEW),
    (I.QUARANTINED, I.NEW),
    (I.EXPIRED, I.NEW),
}
OUTBOUND = {
    (O.QUEUED, O.SENDING),
    (O.QUEUED, O.EXPIRED),
    (O.QUEUED, O.CANCELLED),
    (O.QUEUED, O.DROPPED),
    (O.SENDING, O.SENT),
    (O.SENDING, O.DEGRADED),
    (O.SENDING, O.REJECTED),
    (O.SENDING, O.QUEUED),
    (O.SENDING, O.UNKNOWN),
    (O.UNKNOWN, O.SENT),
    (O.UNKNOWN, O.QUEUED),
    (O.UNKNOWN, O.CANCELLED),
}


@pytest.mark.parametrize("before", list(InboundState))
@pytest.mark.parametrize("after", list(InboundState))
def test_inbound_moves_as_the_contract_says(
    before: InboundState, after: InboundState
) -> None:
    if (before, after) in INBOUND:
        check_inbound(before, after)
        return
    with pytest.raises(IllegalTransition) as caught:
        check_inbound(before, after)
    assert caught.value.before == before
    assert set(caught.value.legal) == {b for a, b in INBOUND if a == before}


@pytest.mark.parametrize("before", list(OutboundState))
@pytest.mark.parametrize("after", list(OutboundState))
def test_outbound_moves_as_the_contract_says(
    before: OutboundState, after: OutboundState
) -> None:
    if (before, after) in OUTBOUND:
        check_outbound(before, after)
        return
    with pytest.raises(IllegalTransition) as caught:
        check_outbound(before, after)
    assert set(caught.value.legal) == {b for a, b in OUTBOUND if a == before}


@given(st.lists(st.sampled_from(list(OutboundState)), max_size=12))
def test_what_was_sent_is_never_said_again(path: list[OutboundState]) -> None:
    """Whatever is tried: after `sent` nothing follows, and each send began queued."""
    state = OutboundState.QUEUED
    history = [state]
    for wanted in path:
        try:
            check_outbound(state, wanted)
        except IllegalTransition:
            continue
        state = wanted
        history.append(state)
    for before, after in pairwise(history):
        if after is OutboundState.SENDING:
            assert before is OutboundState.QUEUED
        assert before not in FINAL_OUTBOUND
    # A message whose fate is unknown may only go out again by somebody's decision.
    assert (OutboundState.UNKNOWN, OutboundState.SENDING) not in OUTBOUND


def test_handled_means_settled_with_any_outcome() -> None:
    assert {I.DONE, I.FAILED, I.EXPIRED, I.QUARANTINED} == FINAL_INBOUND
    assert OutboundState.UNKNOWN not in FINAL_OUTBOUND


def test_error_says_what_was_tried_and_what_is_legal() -> None:
    with pytest.raises(
        IllegalTransition, match=r"'new' cannot become 'done' \(legal: claimed\)"
    ):
        check_inbound(I.NEW, I.DONE)
