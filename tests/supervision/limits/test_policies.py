"""What a policy may be: refused when it is built, in the words of a spec."""

from __future__ import annotations

from math import inf, nan

import pytest

from supervision import FOREVER, Backoff, BadSpec
from supervision.limits import BreakerPolicy, Pace, PermitPolicy


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"min_calls": 0}, "min_calls must be a whole number from 1 (got 0)"),
        ({"probes": True}, "probes must be a whole number from 1 (got True)"),
        ({"successes": 1.5}, "successes must be a whole number from 1 (got 1.5)"),
        ({"failure_rate": 0.0}, "failure_rate must be above 0 and at most 1 (got 0.0)"),
        ({"failure_rate": nan}, "failure_rate must be above 0 and at most 1 (got nan)"),
        ({"slow_rate": 80}, "slow_rate must be above 0 and at most 1 (got 80)"),
        ({"slow_rate": None}, "slow_rate must be above 0 and at most 1 (got None)"),
        ({"window": inf}, "window must be a positive number of seconds (got inf)"),
        ({"slow_after": 0}, "slow_after must be a positive number of seconds (got 0)"),
        (
            {"consecutive": 0},
            "consecutive must be a whole number from 1, or None (got 0)",
        ),
        (
            {"consecutive": None, "failure_rate": None},
            "consecutive must not be None together with failure_rate and slow_after (got None)",
        ),
        (
            {"open_for": Backoff()},
            "open_for.give_up must be FOREVER: a breaker always tries again (got 8)",
        ),
    ],
)
def test_a_breaker_policy_says_which_field_is_wrong_and_what_must_hold(
    wrong: dict[str, object], what: str
) -> None:
    with pytest.raises(BadSpec) as raised:
        BreakerPolicy(**wrong)  # type: ignore[arg-type]  # wrong on purpose

    assert str(raised.value) == f"breaker.{what}"


def test_one_reason_to_open_is_enough() -> None:
    BreakerPolicy(consecutive=None, failure_rate=None, slow_after=3.0)
    BreakerPolicy(consecutive=1, failure_rate=None)
    BreakerPolicy(open_for=Backoff(first=1.0, give_up=FOREVER))


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ((0, 1.0), "pace.count must be a whole number from 1 (got 0)"),
        ((0.5, 1.0), "pace.count must be a whole number from 1 (got 0.5)"),
        ((1, 1.0, 0), "pace.burst must be a whole number from 1 (got 0)"),
        (
            (1, 0),
            "pace.seconds must be a number of seconds, at least a microsecond (got 0)",
        ),
        (
            (1, inf),
            "pace.seconds must be a number of seconds, at least a microsecond (got inf)",
        ),
        (
            (1, 1e308),
            "pace.seconds must be a number of seconds, at least a microsecond (got 1e+308)",
        ),
        (
            (1, 1e-7),
            "pace.seconds must be a number of seconds, at least a microsecond (got 1e-07)",
        ),
    ],
)
def test_a_pace_says_which_field_is_wrong_and_what_must_hold(
    wrong: tuple[int, ...], what: str
) -> None:
    with pytest.raises(BadSpec) as raised:
        Pace(*wrong)

    assert str(raised.value) == what


def test_a_burst_is_what_one_period_brings_unless_it_is_given() -> None:
    assert Pace(60, 60.0).burst == 60
    assert Pace(60, 60.0, burst=5).burst == 5


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"size": 0}, "permits.size must be a whole number from 1 (got 0)"),
        (
            {"max_waiting": -1},
            "permits.max_waiting must be a whole number from 0 (got -1)",
        ),
        (
            {"ageing": 10**400},
            f"permits.ageing must be a positive number of seconds (got {10**400})",
        ),
        (
            {"ageing": 0.0},
            "permits.ageing must be a positive number of seconds (got 0.0)",
        ),
    ],
)
def test_a_permit_policy_says_which_field_is_wrong_and_what_must_hold(
    wrong: dict[str, float], what: str
) -> None:
    with pytest.raises(BadSpec) as raised:
        PermitPolicy(**{"size": 1, "max_waiting": 1, **wrong})  # type: ignore[arg-type]

    assert str(raised.value) == what
