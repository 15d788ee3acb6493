"""The laws of when and why: what each lets pass, and what it does not."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf
from types import SimpleNamespace
from typing import Any, cast

import pytest
from attrs import evolve

from rookery.testing.hostsim import laws, timely, truthful
from rookery.testing.hostsim.chronicle import Chronicle
from rookery.testing.hostsim.diary import CUT, DONE, Diary, Promise, Run
from rookery.testing.hostsim.laws import Books, Came, Went
from rookery.testing.hostsim.servers import Books as Seen
from rookery.testing.hostsim.servers import Heard, Server
from rookery.testing.hostsim.words import WALL_ZERO, Verb, long_reply

ROW = Went(
    seq=1,
    key="key",
    state="sent",
    detail="",
    expires_at=WALL_ZERO + 600,
    settled_at=WALL_ZERO + 1,
    platform="north",
    chat="group:1",
    text="1:alpha:0",
    queued_at=WALL_ZERO,
    trace="t1",
)
HEARD = Heard("group:1", "1:alpha:0", "key", attempt_unknown=False, at=1.0)


class Room:
    """One platform that knows keys for ever, one chat, and what happened there."""

    def __init__(self) -> None:
        self.diary = Diary(Chronicle(lambda: 0.0, keep=False))
        self.seen = Seen()
        self.came: list[Came] = []
        self.went: list[Went] = []

    def says(self, verb: Verb, user: str = "ann") -> int:
        said = self.diary.say(verb, "north", "1", user)
        row = Came(
            seq=said.number,
            state="done",
            why="",
            received_at=WALL_ZERO,
            settled_at=WALL_ZERO + 1,
            said=said,
            trace=f"t{said.number}",
        )
        self.came.append(row)
        return said.number

    def runs(
        self, number: int, *began: float, ended: str = DONE, life: int = 1
    ) -> None:
        lived = cast(Any, SimpleNamespace(number=life, dead=True))
        runs = [Run("alpha", number, lived, at, ended=ended) for at in began]
        self.diary.runs.setdefault((number, "alpha"), []).extend(runs)

    def found(self, law: Any, *, rows: int = 2) -> int:
        """Return how often *law* is broken; an outbox of the room holds two rows."""
        server = SimpleNamespace(
            name="north", books=self.seen, temper=SimpleNamespace(keeps_keys=inf)
        )
        books = Books(
            self.diary,
            {"north": cast(Server, server)},
            self.came,
            self.went,
            WALL_ZERO + 300,
            rows,
        )
        found: Iterator[str] = law(books)
        return len(list(found))


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.mark.parametrize(
    ("heard", "broken"),
    [
        (HEARD, 0),
        (evolve(HEARD, text="something"), 1),
        (evolve(HEARD, chat="group:2"), 1),
    ],
)
def test_what_is_heard_is_what_was_written(
    room: Room, heard: Heard, broken: int
) -> None:
    room.went, room.seen.heard = [ROW], [heard]
    assert room.found(truthful.what_is_heard_is_what_was_written) == broken


@pytest.mark.parametrize(("trace", "broken"), [("t1", 0), ("", 1), ("t2", 1)])
def test_a_reply_bears_the_trace_of_its_event(
    room: Room, trace: str, broken: int
) -> None:
    """Design 5, law 12."""
    room.says(Verb.SAY)
    room.went = [evolve(ROW, trace=trace), evolve(ROW, text="tick 5", trace="own")]
    assert room.found(truthful.a_reply_bears_the_trace_of_its_event) == broken


@pytest.mark.parametrize(("there", "broken"), [(0, 0), (1, 1), (2, 1), (3, 0)])
def test_parts_are_written_together(room: Room, there: int, broken: int) -> None:
    number = room.says(Verb.LONG)
    parts = long_reply(number, "alpha")[:there]
    room.went = [
        evolve(ROW, key=part, text=part, seq=n) for n, part in enumerate(parts)
    ]
    assert room.found(truthful.parts_are_written_together) == broken


def test_parts_are_in_their_order(room: Room) -> None:
    parts = long_reply(room.says(Verb.LONG), "alpha")
    room.went = [
        evolve(ROW, key=part, text=part, seq=-n) for n, part in enumerate(parts)
    ]
    assert room.found(truthful.parts_are_written_together) == 1


@pytest.mark.parametrize(("others", "broken"), [(1, 0), (0, 1)])
def test_what_is_dropped_makes_room(room: Room, others: int, broken: int) -> None:
    """Only two rows fit; the one that comes sees as many as that."""
    waiting = [evolve(ROW, seq=n, settled_at=None) for n in range(others)]
    room.went = [*waiting, evolve(ROW, state="dropped", settled_at=WALL_ZERO + 9)]
    assert room.found(truthful.what_is_dropped_makes_room) == broken


@pytest.mark.parametrize(
    ("does", "newer", "broken"),
    [("edit", "edit", 0), ("edit", "delete", 1), ("react", "edit", 1)],
)
def test_only_an_edit_gives_way_and_only_to_a_newer_one(
    room: Room, does: str, newer: str, broken: int
) -> None:
    old = evolve(ROW, text=f"{does} key x", target="key", state="cancelled")
    room.went = [old]
    law = truthful.what_is_cancelled_gave_way_to_something_newer
    assert room.found(law) == 1
    room.went.append(evolve(ROW, seq=2, text=f"{newer} key y", target="key"))
    room.went[0] = evolve(old, state="cancelled")
    assert room.found(law) == broken


@pytest.mark.parametrize(("asked", "broken"), [("ann", 0), ("ben", 1)])
def test_an_answer_is_of_whom_was_asked(room: Room, asked: str, broken: int) -> None:
    room.says(Verb.ASK, asked)
    room.diary.answers.add(room.says(Verb.ANSWER, "ann"))
    assert room.found(truthful.an_answer_is_of_whom_was_asked) == broken


def test_a_handler_is_tried_as_often_as_it_says(room: Room) -> None:
    number = room.says(Verb.FLAKY)
    room.runs(number, 1.0, 2.0, 3.0)
    law = truthful.a_handler_is_tried_as_often_as_it_says
    assert room.found(law) == 0
    room.runs(number, 4.0)
    assert room.found(law) == 1
    room.diary.ends.append(2.5)
    assert room.found(law) == 0


def test_an_event_is_quarantined_after_three_boots(room: Room) -> None:
    """Law 8; the process that it came to may have died before it had claimed it."""
    number = room.says(Verb.SAY)
    for life in range(1, 6):
        assert room.found(truthful.nobody_costs_too_many_processes) == 0
        room.runs(number, float(life), ended=CUT, life=life)
        room.diary.killed.add(life)
    assert room.found(truthful.nobody_costs_too_many_processes) == 1
    room.diary.killed.discard(5)
    assert room.found(truthful.nobody_costs_too_many_processes) == 0


def test_who_has_answered_late_is_believed(room: Room) -> None:
    """Contract: unknown -> sent, by a late answer."""
    room.went, room.seen.late = [evolve(ROW, state="unknown")], {"key": 100.0}
    law = truthful.who_has_answered_late_is_believed
    assert room.found(law) == 1
    room.diary.ends.append(900.0)
    assert room.found(law) == 1
    # The disk may have been full until then.
    room.diary.ends.append(600.0)
    assert room.found(law) == 0


@pytest.mark.parametrize(
    ("verb", "began", "broken"),
    [(Verb.SAY, 290.0, 0), (Verb.SAY, 400.0, 1), (Verb.HI, 400.0, 0)],
)
def test_no_stale_command_is_begun(
    room: Room, verb: Verb, began: float, broken: int
) -> None:
    room.runs(room.says(verb), began)
    assert room.found(timely.no_stale_command_is_begun) == broken


@pytest.mark.parametrize(
    ("kind", "at", "broken"), [("reply", 599, 0), ("reply", 700, 1), ("notice", 700, 0)]
)
def test_nothing_stale_is_said(room: Room, kind: str, at: float, broken: int) -> None:
    room.went, room.seen.heard = [evolve(ROW, kind=kind)], [evolve(HEARD, at=at)]
    assert room.found(timely.nothing_stale_is_said) == broken


@pytest.mark.parametrize(("age", "broken"), [(600, 0), (20, 1)])
def test_nothing_fresh_is_given_up_for_stale(
    room: Room, age: float, broken: int
) -> None:
    room.went = [evolve(ROW, state="expired", settled_at=WALL_ZERO + age)]
    assert room.found(timely.nothing_stale_is_said) == broken


@pytest.mark.parametrize(("lasted", "broken"), [(5.0, 0), (300.0, 1)])
def test_a_handler_ends_at_its_deadline(room: Room, lasted: float, broken: int) -> None:
    number = room.says(Verb.HANG)
    room.runs(number, 1.0, ended=CUT)
    room.diary.runs[number, "alpha"][0].lasted = lasted
    assert room.found(timely.a_handler_ends_at_its_deadline) == broken


@pytest.mark.parametrize(("at", "broken"), [(100.0, 0), (99.0, 2)])
def test_nothing_comes_before_its_time(room: Room, at: float, broken: int) -> None:
    room.diary.laters[1] = Promise(1, 100.0)
    room.diary.rung[1] = at
    room.diary.ticks.append((100.0, at))
    assert room.found(timely.nothing_comes_before_its_time) == broken


@pytest.mark.parametrize(
    ("trouble", "broken"), [((100.0, 200.0), 1), ((700.0, 800.0), 0), ((0.0, 2e3), 0)]
)
def test_a_schedule_keeps_its_time(
    room: Room, trouble: tuple[float, float], broken: int
) -> None:
    """The run of 1,200 s is missing: somebody must have been in trouble around it."""
    room.diary.ticks += [(0.0, 0.0), (600.0, 600.0), (1_800.0, 1_800.0)]
    room.diary.disturbed.append(trouble)
    room.diary.disturbed.append((900.0, 1_000.0) if not broken else trouble)
    assert room.found(timely.a_schedule_keeps_its_time) == broken


@pytest.mark.parametrize(("doubts", "broken"), [(1, 1), (3, 1), (4, 0)])
def test_what_can_be_repeated_becomes_known_within_four_tries(
    room: Room, doubts: int, broken: int
) -> None:
    room.went = [evolve(ROW, state="unknown", doubts=doubts)]
    assert room.found(laws.what_can_be_repeated_becomes_known) == broken


@pytest.mark.parametrize(("state", "broken"), [("unknown", 0), ("sent", 1)])
def test_a_change_stays_unknown_only_with_its_message(
    room: Room, state: str, broken: int
) -> None:
    """It may have gone out once; now nobody can tell which message it is meant for."""
    message = evolve(ROW, seq=1, state=state, doubts=5)
    change = evolve(
        ROW, seq=2, key="change", state="unknown", doubts=1, target=message.key
    )
    room.went = [message, change]
    assert room.found(laws.what_can_be_repeated_becomes_known) == broken
