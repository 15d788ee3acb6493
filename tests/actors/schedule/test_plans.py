"""When work is due, against a clock that is looked at each minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.schedule import BadPlan, Plan, cron, every
from tests.actors.schedule.clocks import Naive

DAY = 86400
ZONES = (
    "UTC",
    "Asia/Shanghai",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour
    "Africa/Casablanca",  # backwards in spring
    "Pacific/Chatham",
)


def at(text: str, tz: str = "UTC", fold: int = 0) -> float:
    return (
        datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(tz), fold=fold).timestamp()
    )


def shown(plan: Plan, after: float, count: int = 1) -> list[str]:
    found = []
    for _ in range(count):
        after = plan.next(after)
        found.append(f"{datetime.fromtimestamp(after, plan.zone):%m-%d %H:%M %Z}")
    return found


def numbers(lowest: int, highest: int) -> st.SearchStrategy[str]:
    one = st.integers(lowest, highest)
    spans = st.tuples(one, one).map(lambda pair: "{}-{}".format(*sorted(pair)))
    steps = st.integers(1, max(highest // 2, 2)).map(lambda step: f"*/{step}")
    terms = st.one_of(one.map(str), spans)
    lists = st.lists(terms, min_size=1, max_size=3).map(",".join)
    return st.one_of(st.just("*"), lists, steps)


expressions = st.tuples(
    numbers(0, 59), numbers(0, 23), numbers(1, 28), numbers(1, 12), numbers(0, 7)
).map(" ".join)
# Sundays on which clocks are changed somewhere, and any other day.
mornings = st.sampled_from(
    ["2026-03-08", "2026-03-29", "2026-04-05", "2026-10-04", "2026-10-25", "2026-11-01"]
).map(at) | st.dates(
    datetime(2025, 1, 1, tzinfo=UTC).date(), datetime(2027, 1, 1, tzinfo=UTC).date()
).map(lambda day: at(day.isoformat()))


@given(
    expressions.map(lambda text: " ".join([*text.split()[:2], "* * *"])) | expressions,
    st.sampled_from(ZONES),
    mornings,
    st.integers(-DAY, DAY),
)
@settings(max_examples=50)
def test_cron_is_due_when_a_look_at_the_clock_each_minute_says_so(
    expression: str, tz: str, morning: float, beside: int
) -> None:
    after = int(morning) + beside
    until = after + 2 * DAY
    expected = list(Naive(expression, tz).due(after, until))
    plan = cron(expression, tz)

    due, last = [], float(after)
    while (last := plan.next(last)) <= until:
        due.append(last)
        if len(due) > len(expected):
            break

    assert due == expected
    assert list(plan.before(until, after)) == expected[::-1]


@given(
    st.one_of(
        st.floats(1, 30 * DAY).map(every),
        st.tuples(expressions, st.sampled_from(ZONES)).map(lambda pair: cron(*pair)),
    ),
    mornings,
    st.floats(0, DAY),
    st.floats(0, 2 * DAY),
)
def test_looking_back_finds_what_looking_ahead_would_have(
    plan: Plan, morning: float, beside: float, span: float
) -> None:
    after = morning + beside
    back = list(islice(plan.before(after + span, after), 20))

    assert back == sorted(set(back), reverse=True)
    assert all(after < one <= after + span for one in back)
    for later, earlier in pairwise(back):
        assert plan.next(earlier) == pytest.approx(later, abs=1e-3)
    newest = back[0] if back else after
    assert plan.next(newest) > after + span - 1e-3


def test_an_hour_that_is_left_out_moves_its_runs_behind_it() -> None:
    plan = cron("30 2 * * *", "Europe/Berlin")
    assert shown(plan, at("2026-03-28T12:00", "Europe/Berlin"), 2) == [
        "03-29 03:00 CEST",
        "03-30 02:30 CEST",
    ]
    # Both fall on the same instant, which is one run.
    plan = cron("15,45 2 * * *", "Europe/Berlin")
    assert shown(plan, at("2026-03-28T12:00", "Europe/Berlin"), 2) == [
        "03-29 03:00 CEST",
        "03-30 02:15 CEST",
    ]


def test_an_hour_that_comes_twice_has_its_runs_once() -> None:
    plan = cron("30 2 * * *", "Europe/Berlin")
    assert shown(plan, at("2026-10-24T12:00", "Europe/Berlin"), 2) == [
        "10-25 02:30 CEST",
        "10-26 02:30 CET",
    ]
    second = at("2026-10-25T02:10", "Europe/Berlin", fold=1)
    assert shown(plan, second) == ["10-26 02:30 CET"]
    # Clocks show less than at the run, and yet it is behind us.
    assert list(plan.before(second, second - DAY)) == [
        at("2026-10-25T02:30", "Europe/Berlin")
    ]


def test_what_is_due_all_the_time_goes_on_through_both_hours() -> None:
    plan = cron("*/30 * * * *", "Europe/Berlin")
    assert shown(plan, at("2026-10-25T02:10", "Europe/Berlin"), 4) == [
        "10-25 02:30 CEST",
        "10-25 02:00 CET",
        "10-25 02:30 CET",
        "10-25 03:00 CET",
    ]


def test_workdays_at_nine_in_shanghai() -> None:
    plan = cron("0 9 * * 1-5", tz="Asia/Shanghai")
    assert shown(plan, at("2026-11-26T01:00"), 3) == [
        "11-27 09:00 CST",
        "11-30 09:00 CST",
        "12-01 09:00 CST",
    ]


@pytest.mark.parametrize("period", ["90s", 90, timedelta(seconds=90), "1.5m"])
def test_a_period_may_be_written_in_several_ways(period: object) -> None:
    assert every(period).next(1000.5) == 1090.5


@pytest.mark.parametrize(
    "period", ["soon", "", "0s", 0, -1, "500ms", True, None, "367d", float("nan")]
)
def test_what_is_no_period_is_refused(period: object) -> None:
    with pytest.raises(BadPlan, match="a period must be"):
        every(period)


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("* * * *", "five fields"),
        ("* * * * * *", "five fields"),
        ("@daily", "five fields"),
        (None, "five fields"),
        ("60 * * * *", r"bad minute \(0 to 59\)"),
        ("* * * 13 *", r"bad month \(1 to 12"),
        ("* * * * MOO", r"bad day-of-week \(0 to 7"),
        ("0 0 30 2 *", "bad day-of-month .* one of its months has to have it"),
    ],
)
def test_what_is_no_expression_is_refused(expression: object, why: str) -> None:
    with pytest.raises(BadPlan, match=why):
        cron(expression)


@pytest.mark.parametrize(
    "tz", ["Asia/Shangai", "", "../etc/passwd", "America", 8, "\0"]
)
def test_what_is_no_zone_is_refused(tz: object) -> None:
    with pytest.raises(BadPlan, match="tz must be the name of a time zone"):
        cron("0 9 * * *", tz)


def test_plans_are_equal_and_told_by_what_they_say() -> None:
    assert cron("0  9 * * *", "UTC") == cron("0 9 * * *")
    assert str(cron("0  9 * * *")) == "cron 0 9 * * * UTC"
    assert str(every("90m")) == "every 90m"
    assert str(every(0.5 + 1)) == "every 1.5s"
