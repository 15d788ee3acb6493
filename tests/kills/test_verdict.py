"""The verdict itself: it sees each promise that is broken, and accuses nobody wrongly."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from tests.kills.verdict import Evidence, Said, complaints, replies

CHATS = 3


def perfect(events: int) -> Evidence:
    """All that is found after a day without any mishap."""
    texts = [(n % CHATS, text) for n in range(events) for text in replies(n)]
    return Evidence(
        handled=dict.fromkeys(range(events), "done"),
        outbox=tuple(Said(f"k {text}", text, "sent") for _, text in texts),
        heard=tuple(texts),
    )


def said(state: str, index: int = 4) -> tuple[Evidence, Said]:
    """The same, but one reply is *state* and was not heard."""
    found = perfect(5)
    row = evolve(found.outbox[index], state=state)
    outbox = (*found.outbox[:index], row, *found.outbox[index + 1 :])
    heard = tuple(each for each in found.heard if each[1] != row.text)
    return evolve(found, outbox=outbox, heard=heard), row


@given(st.integers(0, 30))
def test_a_day_without_mishap_is_no_cause_for_complaint(events: int) -> None:
    assert list(complaints(perfect(events))) == []


def test_what_was_on_its_way_may_be_unknown_heard_or_not() -> None:
    """Law 6: listed, and at most once at the peer."""
    found, row = said("unknown")
    found = evolve(found, in_the_air=frozenset({row.key}))
    assert list(complaints(found)) == []
    assert list(complaints(evolve(perfect(5), outbox=found.outbox, torn=True))) == []


def test_what_was_repeated_twice_may_come_late() -> None:
    """Law 6: a chat waits for the first repetition, and for no more of what is unknown."""
    found = perfect(4)
    heard = (*found.heard[1:], found.heard[0])

    def late(doubts: int) -> list[str]:
        rows = (evolve(found.outbox[0], doubts=doubts), *found.outbox[1:])
        return list(complaints(evolve(found, outbox=rows, heard=heard)))

    assert late(doubts=2) == []
    assert late(doubts=1) != []
    assert late(doubts=0) != []


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        (evolve(perfect(3), handled={0: "done", 1: "new", 2: "done"}), "is new"),
        (evolve(perfect(3), outbox=perfect(3).outbox[:-1]), "is lost"),
        (evolve(perfect(3), heard=perfect(3).heard[:-1]), "heard it 0 times"),
        (
            evolve(perfect(3), heard=(*perfect(3).heard, perfect(3).heard[-1])),
            "heard it 2 times",
        ),
        (
            evolve(perfect(3), outbox=(*perfect(3).outbox, perfect(3).outbox[0])),
            "written down twice",
        ),
        (evolve(perfect(3), heard=((0, "re 9 0"), *perfect(3).heard)), "in no journal"),
        (evolve(perfect(4), heard=perfect(4).heard[::-1]), "was said after what"),
        (
            evolve(perfect(2), handled={2: "done", 1: "done"}),
            "event 1 was accepted after event 2",
        ),
        (said("unknown")[0], "not on its way at any kill"),
        (said("queued")[0], "neither at the peer nor listed"),
        (said("expired")[0], "neither at the peer nor listed"),
        (evolve(said("unknown")[0], keyed=True), "its key is known for ever"),
        (evolve(perfect(2), certain=3), "is in no journal"),
        (evolve(perfect(1), faults=("SQLite: torn page",)), "torn page"),
    ],
)
def test_a_broken_promise_is_seen(broken: Evidence, complaint: str) -> None:
    assert any(complaint in line for line in complaints(broken))
