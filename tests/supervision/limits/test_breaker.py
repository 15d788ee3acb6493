"""The breaker's rules, one by one. `test_breaker_model.py` has all of them at once."""

from __future__ import annotations

from math import inf, nan

import pytest
from attrs import evolve

from supervision import EQUAL
from supervision.limits import (
    FAILURE,
    IGNORED,
    SUCCESS,
    BreakerPolicy,
    BreakerState,
    Judgement,
    Signal,
    Verdict,
)
from supervision.limits.breaker import TRANSITIONS, Changed, NotAdmitted, Ticket
from tests.supervision.limits.breaking import (
    CLOSED,
    HALF_OPEN,
    OPEN,
    PAUSES,
    POLICY,
    Driven,
)

FAILURES = (FAILURE, FAILURE, FAILURE)


def opened(policy: BreakerPolicy = POLICY) -> Driven:
    driven = Driven(policy)
    driven.call(*FAILURES)
    assert driven.state is OPEN
    return driven


def half_open(policy: BreakerPolicy = POLICY) -> tuple[Driven, Ticket]:
    driven = opened(policy)
    driven.passes(10.0)
    return driven, driven.enter()


def test_the_table_leads_from_every_state_back_to_closed() -> None:
    assert set(TRANSITIONS) == set(BreakerState)
    assert {s for row in TRANSITIONS.values() for s in row} == set(Signal)
    assert all(row[Signal.RESET] is CLOSED for row in TRANSITIONS.values())


# --- opening --------------------------------------------------------------------------


def test_failures_in_a_row_open_it() -> None:
    driven = Driven()
    driven.call(FAILURE, FAILURE)
    assert driven.state is CLOSED
    driven.call(FAILURE)

    assert driven.changes == [Changed(CLOSED, OPEN, Signal.FAILED_IN_A_ROW, 1, 10.0)]
    assert driven.refused() == NotAdmitted(OPEN, 10.0)


def test_a_success_begins_the_row_anew() -> None:
    """A06: without a success path the count only ever grew."""
    driven = Driven()
    driven.call(FAILURE, FAILURE, SUCCESS, FAILURE, FAILURE)
    assert driven.state is CLOSED
    assert driven.breaker.status(driven.now).in_a_row == 2


RATES = BreakerPolicy(
    consecutive=None, failure_rate=0.5, window=60.0, min_calls=4, open_for=PAUSES
)


def test_rare_failures_never_open_it() -> None:
    """A08: two a minute among many successes, and one a day without any, for a year."""
    driven = Driven(RATES)
    for _ in range(50):
        driven.call(FAILURE, SUCCESS, SUCCESS, SUCCESS, FAILURE)
        driven.passes(60.0)
    for _ in range(365):
        driven.call(FAILURE)
        driven.passes(86400.0)
    assert driven.state is CLOSED


def test_a_rate_over_the_window_opens_it() -> None:
    driven = Driven(RATES)
    driven.call(SUCCESS, SUCCESS, FAILURE)
    assert driven.state is CLOSED
    driven.call(FAILURE)

    assert [c.why for c in driven.changes] == [Signal.FAILED_TOO_OFTEN]


def test_a_rate_of_fewer_calls_than_the_minimum_means_nothing() -> None:
    driven = Driven(RATES)
    driven.call(FAILURE, FAILURE, FAILURE)
    assert driven.state is CLOSED


def test_a_good_call_never_opens_it() -> None:
    driven = Driven(RATES)
    driven.call(FAILURE, FAILURE, FAILURE, SUCCESS)
    assert driven.state is CLOSED


def test_slow_calls_open_it() -> None:
    """D80: they succeed, and hold everything up."""
    policy = BreakerPolicy(
        consecutive=None,
        failure_rate=None,
        slow_after=5.0,
        slow_rate=0.5,
        min_calls=4,
        window=600.0,
        open_for=PAUSES,
    )
    driven = Driven(policy)
    driven.call(SUCCESS, SUCCESS, SUCCESS, took=5.0)
    driven.call(SUCCESS, SUCCESS, took=5.1)
    assert driven.state is CLOSED
    driven.call(SUCCESS, took=5.1)
    assert [c.why for c in driven.changes] == [Signal.TOO_OFTEN_SLOW]

    driven.passes(10.0)
    driven.call(SUCCESS, took=5.1)
    assert driven.changes[-1].why is Signal.PROBE_FAILED


def test_what_is_ignored_never_counts() -> None:
    """A11, D75: a cancelled call and a fault of ours say nothing about the peer."""
    driven = Driven()
    driven.call(FAILURE, FAILURE, *[IGNORED] * 50)
    status = driven.breaker.status(driven.now)
    assert (status.state, status.calls, status.in_a_row) == (CLOSED, 2, 2)
    driven.call(FAILURE)
    assert driven.state is OPEN


# --- open -----------------------------------------------------------------------------


def test_a_refusal_says_what_is_so_and_when_to_come_again() -> None:
    """D78."""
    driven = opened()
    driven.passes(4.0)
    assert driven.refused() == NotAdmitted(OPEN, 6.0)
    driven.passes(6.0)
    driven.enter()
    assert driven.refused() == NotAdmitted(HALF_OPEN, PAUSES.first)


@pytest.mark.parametrize(
    "judgement", [SUCCESS, FAILURE, Judgement(Verdict.FAILURE, 99)]
)
def test_stragglers_of_the_outage_change_nothing(judgement: Judgement) -> None:
    """A10, D74: a late failure does not prolong it, a late success does not end it."""
    driven = Driven()
    late = [driven.enter() for _ in range(3)]
    driven.call(*FAILURES)
    before = driven.breaker.status(driven.now)
    driven.passes(1.0)
    for ticket in late[:2]:
        driven.leave(ticket, judgement)

    after = driven.breaker.status(driven.now)
    assert after == evolve(before, retry_after=before.retry_after - 1.0)

    driven.passes(9.0)
    probe = driven.enter()
    driven.leave(late[2], judgement)
    assert driven.state is HALF_OPEN
    driven.leave(probe, SUCCESS)
    assert driven.state is CLOSED


def test_it_stays_open_longer_each_time_up_to_the_cap() -> None:
    """A13."""
    driven = opened()
    for _ in range(5):
        driven.passes(driven.refused().retry_after)
        driven.call(FAILURE)
    assert [c.open_for for c in driven.changes if c.after is OPEN] == [
        10.0,
        20.0,
        40.0,
        80.0,
        80.0,
        80.0,
    ]


def test_the_pause_is_left_to_chance() -> None:
    """A13: clients that open together do not come back together."""
    policy = evolve(POLICY, open_for=evolve(PAUSES, jitter=EQUAL))
    pauses = set()
    for u in (0.0, 0.25, 0.9):
        driven = Driven(policy)
        driven.call(FAILURE, FAILURE)
        driven.leave(driven.enter(), FAILURE, u)
        pauses.add(driven.refused().retry_after)
    assert pauses == {5.0, 6.25, 9.5}


def test_only_a_stable_run_makes_pauses_short_again() -> None:
    driven = opened()
    driven.passes(10.0)
    driven.call(SUCCESS)
    driven.passes(59.0)
    driven.call(*FAILURES)
    assert driven.refused().retry_after == 20.0

    driven.passes(20.0)
    driven.call(SUCCESS)
    driven.passes(60.0)
    driven.call(*FAILURES)
    assert driven.refused().retry_after == 10.0


@pytest.mark.parametrize(
    ("hint", "seconds"),
    [
        (3.0, 3.0),
        (120.0, 120.0),
        (1e9, 86400.0),
        (inf, 86400.0),
        (nan, 10.0),
        (-5, 10.0),
    ],
)
def test_what_the_peer_asks_for_wins(hint: float, seconds: float) -> None:
    """A20: shorter or longer than ours; nonsense does not."""
    driven = Driven()
    driven.call(FAILURE, FAILURE, Judgement(Verdict.FAILURE, hint))
    assert driven.refused().retry_after == seconds


def test_an_earlier_hint_is_remembered_until_it_opens() -> None:
    driven = Driven()
    driven.call(Judgement(Verdict.IGNORED, 30.0), FAILURE, FAILURE)
    driven.passes(10.0)
    driven.call(FAILURE)
    assert driven.refused().retry_after == 20.0


def test_of_several_hints_the_latest_instant_counts() -> None:
    driven = Driven()
    driven.call(*(Judgement(Verdict.FAILURE, hint) for hint in (30.0, 50.0, 20.0)))
    assert driven.refused().retry_after == 50.0


def test_it_can_be_opened_until_somebody_resets_it() -> None:
    driven = Driven()
    call = driven.enter()
    assert driven.breaker.trip(driven.now, inf).open_for == inf
    driven.passes(1e9)
    assert driven.refused() == NotAdmitted(OPEN, inf)

    changed = driven.breaker.reset(driven.now)

    assert (changed.before, changed.after) == (OPEN, CLOSED)
    driven.leave(call, FAILURE)
    driven.call(FAILURE, FAILURE)
    assert driven.state is CLOSED


@pytest.mark.parametrize("seconds", [0.0, -1.0, nan])
def test_to_open_it_for_no_time_is_a_mistake(seconds: float) -> None:
    with pytest.raises(ValueError, match="for some time"):
        Driven().breaker.trip(0.0, seconds)


def test_a_reset_makes_pauses_short_again() -> None:
    driven = opened()
    driven.passes(10.0)
    driven.call(FAILURE)
    driven.breaker.reset(driven.now)
    driven.call(*FAILURES)
    assert driven.refused().retry_after == 10.0


# --- half open ------------------------------------------------------------------------


@pytest.mark.parametrize("probes", [1, 3])
def test_exactly_the_probes_get_in(probes: int) -> None:
    """A07, D70, D71: fifty callers at the same instant; who flips it is one of them."""
    driven = opened(evolve(POLICY, probes=probes))
    driven.passes(10.0)

    found = [driven.attempt() for _ in range(50)]

    assert [isinstance(one, Ticket) for one in found] == [True] * probes + [False] * (
        50 - probes
    )
    assert [c.why for c in driven.changes[1:]] == [Signal.WAITED]
    assert driven.breaker.status(driven.now).probing == probes


def test_calls_from_before_take_no_probe_slot() -> None:
    """D72."""
    driven = Driven()
    early = [driven.enter() for _ in range(20)]
    driven.call(*FAILURES)
    driven.passes(10.0)
    driven.enter()
    for ticket in early:
        driven.leave(ticket, SUCCESS)
    status = driven.breaker.status(driven.now)
    assert (status.state, status.probing) == (HALF_OPEN, 1)
    driven.refused()


def test_enough_successes_close_it_and_it_forgets() -> None:
    """A06, D73: successes count since it was half open, failures from before do not."""
    policy = evolve(POLICY, successes=2)
    driven = Driven(policy)
    driven.call(SUCCESS, SUCCESS, SUCCESS, *FAILURES)
    driven.passes(10.0)
    driven.call(SUCCESS)
    assert driven.state is HALF_OPEN
    driven.call(SUCCESS)
    assert driven.state is CLOSED

    driven.call(FAILURE, FAILURE)
    assert driven.state is CLOSED


def test_one_failed_probe_opens_it_again() -> None:
    driven, probe = half_open(evolve(POLICY, successes=3))
    driven.leave(probe, SUCCESS)
    driven.call(FAILURE)
    assert driven.changes[-1] == Changed(HALF_OPEN, OPEN, Signal.PROBE_FAILED, 3, 20.0)


def test_a_cancelled_probe_frees_its_slot_and_says_nothing() -> None:
    """D75, D77."""
    driven, probe = half_open()
    driven.leave(probe, IGNORED)
    assert driven.state is HALF_OPEN
    driven.leave(driven.enter(), SUCCESS)
    assert driven.state is CLOSED


def test_a_probe_counts_once() -> None:
    driven, probe = half_open(evolve(POLICY, successes=2))
    driven.leave(probe, SUCCESS)
    driven.leave(probe, SUCCESS)
    assert driven.state is HALF_OPEN


def test_a_generation_begins_with_nothing() -> None:
    driven, probe = half_open(evolve(POLICY, failure_rate=1.0, min_calls=4))
    driven.leave(probe, SUCCESS)
    status = driven.breaker.status(driven.now)
    assert (status.calls, status.failures, status.in_a_row) == (0, 0, 0)
