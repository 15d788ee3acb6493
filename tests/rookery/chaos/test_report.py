"""What is lost is what is in no other account: the sum is always right."""

from __future__ import annotations

from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from rookery.chaos.observer import Seen
from rookery.chaos.report import (
    Counted,
    Faults,
    Report,
    dead_letters_of,
    events_of,
    messages_of,
    quantile,
    recovery_of,
)
from rookery.cli.rendering import chaos_line, chaos_text

NOTHING = Counted(
    accepted=0,
    ended={},
    in_hand=0,
    parked=0,
    handled_again=0,
    answered=0,
    unknown=0,
    doubled=0,
    dead_letters={},
)
NUMBERS = st.integers(0, 50)


@given(before=NUMBERS, came=NUMBERS, data=st.data())
def test_what_is_lost_is_neither_settled_nor_in_hand(
    before: int, came: int, data: st.DataObject
) -> None:
    in_hand_before = data.draw(st.integers(0, before))
    there = in_hand_before + came
    done = data.draw(st.integers(0, there))
    failed = data.draw(st.integers(0, there - done))
    lost = data.draw(st.integers(0, there - done - failed))
    old = before - in_hand_before
    first = evolve(
        NOTHING, accepted=before, in_hand=in_hand_before, ended={"done": old}
    )
    last = evolve(
        NOTHING,
        accepted=before + came,
        in_hand=there - done - failed - lost,
        ended={"done": old + done, "failed": failed},
    )

    events = events_of(first, last, target=last.accepted)

    assert events.accepted == came
    assert events.lost == lost
    assert sum(events.ended.values()) == done + failed
    assert events.late == there - done - failed  # the lost ones are late, too


def test_what_waits_for_a_person_is_not_late() -> None:
    last = evolve(NOTHING, accepted=3, ended={"done": 2}, in_hand=1, parked=1)

    assert events_of(NOTHING, last, target=3).late == 0
    assert events_of(NOTHING, evolve(last, parked=0), target=3).late == 1
    assert events_of(NOTHING, evolve(last, parked=0), target=None).late == 0
    assert events_of(NOTHING, evolve(last, parked=0), target=2).late == 0


@given(st.lists(st.floats(0, 100), min_size=1), st.floats(0.01, 1))
def test_a_quantile_is_one_of_them_and_bounds_that_part(
    times: list[float], part: float
) -> None:
    found = quantile(sorted(times), part)
    assert found in times
    assert sum(time <= found for time in times) >= part * len(times) - 1e-6


def test_only_what_is_more_is_told() -> None:
    before = evolve(NOTHING, answered=3, unknown=5, dead_letters={"crashed": 1})
    now = evolve(
        before, answered=7, unknown=2, dead_letters={"crashed": 1, "expired": 2}
    )

    assert dead_letters_of(before, now) == {"expired": 2}
    messages = messages_of(before, now)
    assert (messages.answered, messages.unknown, messages.doubled) == (4, 0, 0)


def test_a_report_can_be_read_by_people() -> None:
    seen = Seen(restarts=3)
    seen.recoveries.extend([1.0, 2.0, 3.0])
    report = Report(
        id="1",
        phase="done",
        seconds=12.0,
        healed="asked to",
        faults=Faults(total=1, by_effect={"kills": 1}),
        restarts=3,
        escalated=2,
        escalations=("/core", "/core"),
        recovery=recovery_of(seen, ["/x (waiting)"]),
    )

    said = chaos_text(report.as_json())
    assert "12.0 s of chaos; healed because asked to" in said
    assert "gave up      2: /core\n" in said
    assert "p50 2.00 s, p99 3.00 s of 3; still down: /x (waiting)" in said
    assert said.endswith("somebody is still down.")
    assert "\n" not in chaos_line(report.as_json())
    sound = evolve(report, recovery=recovery_of(Seen(), [], ["/y"]))
    assert "waits for its next try: /y\n" in chaos_text(sound.as_json())
    assert "nobody had to" in chaos_text(sound.as_json())
    assert chaos_text(sound.as_json()).endswith("everybody is back.")
    idle = evolve(sound, faults=Faults())
    assert "No fault fired, so nothing was proved" in chaos_text(idle.as_json())
