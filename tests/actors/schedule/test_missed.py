"""What is owed of a schedule that was not looked at in time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from hypothesis import given
from hypothesis import strategies as st

from actors.schedule import MISSED_CAP, ON_TIME_SECONDS, Missed, Owed, every, owed
from actors.schedule.missed import corrected
from actors.schedule.plans import CORRECTION_SECONDS, cron

policies = st.sampled_from(Missed)
HOUR = 3600.0


@given(policies, st.integers(1, 5000), st.integers(0, 200_000))
def test_every_run_is_begun_or_passed_over_and_the_rest_is_still_to_come(
    missed: Missed, period: int, waited: int
) -> None:
    plan = every(period)
    debt = owed(plan, missed, 1e9, 1e9 + waited)

    came_due = waited // period
    latest = 1e9 + came_due * period
    on_time = waited % period <= ON_TIME_SECONDS
    begun = {
        Missed.ALL: min(came_due, MISSED_CAP),
        Missed.ONCE: min(came_due, 1),
        Missed.SKIP: min(came_due, 1) if on_time else 0,
    }[missed]
    assert len(debt.due) == begun
    assert debt.until == (latest if came_due else None)
    assert debt.passed_over == min(came_due - begun, MISSED_CAP, MISSED_CAP + 1 - begun)
    assert list(debt.due) == [latest - period * n for n in reversed(range(begun))]


@given(policies, st.lists(st.integers(1, 50_000), max_size=20))
def test_however_often_one_looks_nothing_is_begun_twice(
    missed: Missed, looks: list[int]
) -> None:
    plan, since, now = every(HOUR), 1e9, 1e9
    begun: list[float] = []
    for waited in looks:
        now += waited
        debt = owed(plan, missed, since, now)
        begun += debt.due
        since = since if debt.until is None else debt.until
    assert begun == sorted(set(begun))
    assert all((due - 1e9) % HOUR == 0 for due in begun)


@given(policies)
def test_years_away_do_not_hold_up_the_loop(missed: Missed) -> None:
    """Ten years of seconds, and of minutes: a few hundred steps."""
    for plan in (every(1), cron("* * * * *")):
        debt = owed(plan, missed, 1e9, 1e9 + 10 * 366 * 86400.0)
        assert len(debt.due) == {"skip": 1, "once": 1, "all": MISSED_CAP}[missed]


def test_what_is_due_by_looking_ahead_is_owed_whatever_looking_back_finds() -> None:
    """Else the scheduler would look again and again, and never sleep."""

    class Forgetful:
        zone, patience = UTC, 60.0

        def next(self, after: float) -> float:
            return after + 60

        def before(self, now: float, after: float) -> Iterator[float]:
            return iter(())

    assert owed(Forgetful(), Missed.ONCE, 0.0, 59.0) == Owed()
    assert owed(Forgetful(), Missed.ONCE, 0.0, 200.0) == Owed((60.0,), 60.0)


def test_a_clock_that_goes_back_a_little_is_waited_for() -> None:
    daily, often = cron("0 9 * * *"), every(60)
    assert corrected(daily, 1e9, 1e9 - CORRECTION_SECONDS) == 1e9
    assert corrected(daily, 1e9, 1e9 - CORRECTION_SECONDS - 1) == 1e9 - 10801
    assert corrected(often, 1e9, 1e9 - 60) == 1e9
    assert corrected(often, 1e9, 1e9 - 61) == 1e9 - 61
    assert corrected(often, 1e9, 1e9 + 5000) == 1e9
