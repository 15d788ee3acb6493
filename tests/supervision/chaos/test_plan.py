"""A plan is a value: built step by step, refused where it could not happen."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from actors.kernel import ActorDown, MailboxFull, Point
from supervision.chaos import (
    LIFE,
    POINTS,
    POSSIBLE,
    WITH_MESSAGE,
    BadPlan,
    BlocksLoop,
    Chaos,
    Delays,
    Drops,
    Duplicates,
    Effect,
    FillsMailbox,
    Hangs,
    Kills,
    PlannedFault,
    Raises,
    Reorders,
    When,
    Where,
)


class Say:
    """A message."""


class Shout(Say):
    """A louder one."""


EFFECTS: list[Effect] = [
    Raises(MailboxFull),
    Hangs(1.0),
    Delays(0.1, 0.2),
    Drops(),
    Duplicates(),
    Reorders(3),
    FillsMailbox(),
    BlocksLoop(0.1),
    Kills(),
]


def test_a_plan_is_written_as_one_says_it() -> None:
    plan = (
        Chaos(seed=7)
        .at("handle", "/tg", Say)
        .nth(3)
        .raises(ConnectionError)
        .at("start", "/db")
        .times(2)
        .raises(OSError)
        .at("handle", "/tg")
        .p(0.01)
        .hangs(30.0)
    )

    assert plan == Chaos(
        seed=7,
        faults=(
            PlannedFault(
                Point.BEFORE_HANDLE,
                Raises(ConnectionError),
                "/tg",
                Say,
                When(nth=3),
            ),
            PlannedFault(Point.START, Raises(OSError), "/db", when=When(times=2)),
            PlannedFault(Point.BEFORE_HANDLE, Hangs(30.0), "/tg", when=When(p=0.01)),
        ),
    )


def test_a_plan_that_was_begun_can_be_continued_twice() -> None:
    begun = Chaos().at("deliver").p(0.5)

    assert begun.drops().faults[0].effect == Drops()
    assert begun.duplicates().faults[0].effect == Duplicates()


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("effect", EFFECTS, ids=str)
def test_what_is_possible_where_is_one_table(point: Where, effect: Effect) -> None:
    if point in POSSIBLE[type(effect)]:
        assert PlannedFault(point, effect).effect == effect
    else:
        with pytest.raises(BadPlan, match=f"for {effect.name}") as refused:
            PlannedFault(point, effect)
        assert refused.value.wrong.field == "at"


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda: Chaos().at("nowhere"), "at must be one of restart, start"),
        (lambda: Chaos().at("start", "db").kills(), "path must be a path with a slash"),
        (lambda: Chaos().at("stop", "/a", Say).kills(), "no message (got 'Say')"),
        (lambda: Chaos().at("start", where=bool).kills(), "must be nothing at start"),
        (lambda: Chaos().at("stop", "/**" * 4).kills(), "`**` at most 3 times"),
        (lambda: Chaos().at("send").nth(0).drops(), "nth must be a whole number"),
        (lambda: Chaos().at("send").times(0).drops(), "times must be a whole number"),
        (lambda: Chaos().at("send").every(True).drops(), "every must be a whole"),
        (lambda: Chaos().at("send").after(-1).drops(), "after must be a whole number"),
        (lambda: Chaos().at("send").p(1.5).drops(), "p must be a chance"),
        (lambda: Chaos().at("send").p(0).drops(), "p must be a chance"),
        (lambda: Chaos().at("send").between(2, 1).drops(), "between must be two"),
        (lambda: Chaos().at("send").nth(1).every(2).drops(), "must be nothing beside"),
        (lambda: Chaos().at("send").nth(1).times(2).drops(), "must be nothing beside"),
        (lambda: Chaos().at("send").nth(1).p(0.5).drops(), "must be nothing beside"),
        (lambda: Chaos().at("handle").hangs(-1), "hangs must be a positive number"),
        (lambda: Chaos().at("handle").hangs(ignore_cancel=True), "got 'for ever'"),
        (lambda: Chaos().at("handle").delays(2, 1), "0 <= low <= high"),
        (lambda: Chaos().at("send").reorders(1), "must be a whole number from 2"),
        (lambda: Chaos().at("send").reorders(2, within=0), "within must be"),
        (lambda: Chaos().at("send").blocks_loop(0), "blocks_loop must be"),
        (lambda: Chaos().at("tick").blocks_loop(60.1), "nobody could end it"),
        (lambda: Chaos().at("tick").blocks_loop(1e300), "nobody could end it"),
        (lambda: Chaos().at("send").raises(OSError), "MailboxFull or ActorDown"),
        (
            lambda: Chaos().at("handle").raises(KeyboardInterrupt),  # type: ignore[arg-type]
            "must be an Exception",
        ),
        (lambda: Chaos().at("handle").raises(UnicodeDecodeError), "give an instance"),
        (lambda: Chaos(duration=0), "duration must be a positive"),
        (lambda: Chaos(max_faults=0), "max_faults must be a whole"),
        # A whole number may be larger than any float.
        (lambda: Chaos(duration=10**400), "duration must be a positive"),
        (lambda: Chaos().at("handle").delays(0, 10**400), "0 <= low <= high"),
    ],
)
def test_what_makes_no_sense_is_refused_when_it_is_written(
    write: object, said: str
) -> None:
    assert callable(write)
    with pytest.raises(BadPlan, match=re.escape(said)):
        write()


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("/tg", "/tg", True),
        ("/tg", "/tg/a", False),
        ("/platforms/*", "/platforms/qq", True),
        ("/platforms/*", "/platforms", False),
        ("/platforms/*", "/platforms/qq/10001", False),
        ("/platforms/**", "/platforms/qq/10001", True),
        ("/platforms/**", "/platforms", False),
        ("/**/v?", "/bots/demo/v2", True),
        ("/**/v?", "/bots/demo/v10", False),
        ("/**", "/a", True),
        ("/**", "/", False),
        ("/*", "/", False),
        ("/?*", "/", False),
        ("/", "/", True),
        ("/", "/a", False),
        ("/a.c", "/abc", False),
    ],
)
def test_a_path_may_mean_many(pattern: str, path: str, fits: bool) -> None:
    fault = PlannedFault(Point.START, Kills(), pattern)

    assert fault.fits(path, None) is fits


def plainly(pattern: str, path: str) -> bool:
    """Say the same by trying everything."""
    if not pattern:
        return not path
    if pattern.startswith("**"):
        return any(plainly(pattern[2:], path[n:]) for n in range(1, len(path) + 1))
    if pattern[0] == "*":
        stretch = path.split("/", maxsplit=1)[0]
        return any(plainly(pattern[1:], path[n:]) for n in range(len(stretch) + 1))
    if not path or (path[0] == "/" and pattern[0] == "?"):
        return False
    return pattern[0] in ("?", path[0]) and plainly(pattern[1:], path[1:])


@example("**", "a\n")
@given(st.text("ab/*?\n", max_size=8), st.text("ab/\n", min_size=1, max_size=8))
def test_stars_mean_what_they_say(pattern: str, path: str) -> None:
    assume(pattern and pattern.count("**") <= 3)
    fault = PlannedFault(Point.START, Kills(), f"/{pattern}")

    assert fault.fits(f"/{path}", None) is plainly(f"/{pattern}", f"/{path}")


def test_many_stars_take_no_longer_than_a_few() -> None:
    """They did: each one more multiplied the time by the length of a name."""
    fault = PlannedFault(Point.START, Kills(), f"/{'*a' * 50}b")

    assert not fault.fits(f"/{'a' * 100}", None)
    assert fault.fits(f"/{'a' * 100}b", None)


def test_a_message_is_meant_by_its_class_or_the_name_of_it() -> None:
    for kind in (Say, "Say"):
        fault = PlannedFault(Point.DELIVER, Drops(), message=kind)
        assert fault.fits("/a", Say())
        assert fault.fits("/a", Shout())
        assert not fault.fits("/a", "Say")
    picky = PlannedFault(Point.DELIVER, Drops(), where=lambda m: m == "me")
    assert picky.fits("/a", "me")
    assert not picky.fits("/a", "you")


@given(st.sampled_from([MailboxFull, ActorDown]))
def test_a_way_can_be_refused_as_a_receiver_refuses_it(kind: type[Exception]) -> None:
    assert Chaos().at("deliver").raises(kind).faults[0].effect == Raises(kind)


def test_points_of_a_life_and_of_a_way_are_all_there_are() -> None:
    assert set(Point) == LIFE | WITH_MESSAGE


def test_every_fault_says_what_it_is() -> None:
    said = {str(PlannedFault(min(POSSIBLE[type(e)], key=str), e)) for e in EFFECTS}
    assert len(said) == len(EFFECTS)
    assert str(Chaos().at("handle", "/tg", "Say").hangs().faults[0]) == (
        "before_handle /tg Say: hangs for ever"
    )
