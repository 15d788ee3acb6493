"""Whoever breaks a platform is noticed, by the case that is about it, and told how."""

from __future__ import annotations

import pytest

from rookery.testing.lab import Case, NotConforming, Peer, prove
from tests.rookery.testing.lab import sabotaged
from tests.rookery.testing.lab.sabotaged import Tiny, TinySlowPeer

BROKEN = [
    (Case.TALKS, sabotaged.Mute, "nobody has heard one"),
    (Case.TALKS, sabotaged.Deaf, "these were not handled: hello"),
    (Case.TALKS, sabotaged.Confused, "each answer must settle what it answers"),
    (Case.REFUSED, sabotaged.Eager, "a delay that doubles comes to 40 at most"),
    (Case.REFUSED, sabotaged.Sulky, "at least 4 must be tried"),
    (Case.THROWN_OUT, sabotaged.Eager, "a delay that doubles comes to 40 at most"),
    (Case.HALF_OPEN, sabotaged.Patient, "silence_seconds promises 150"),
    (Case.HALF_OPEN, sabotaged.Trusting, "said nothing: it waits for ever"),
    (Case.REDELIVERS, sabotaged.Fresh, "handled more than once: message 1"),
    (Case.CANCELLED, sabotaged.Forgetful, "these were not handled: say life"),
    (Case.REORDERS, sabotaged.Ascending, "these were not handled: message 0"),
    (Case.GAP, sabotaged.Ascending, "these were not handled: late"),
    (Case.GAP, sabotaged.Contiguous, "these were not handled: after 0"),
    (
        Case.TOO_MANY,
        sabotaged.Insistent,
        "it was said again after 1.00 s, and the server had said 20",
    ),
    (Case.TOO_MANY, sabotaged.Offended, "nobody has heard hello"),
    (Case.CUT, sabotaged.Stammering, "it was repeated with another key"),
    (Case.CUT, sabotaged.Careless, "people have seen it"),
    (Case.BAD_TOKEN, sabotaged.Knocking, "raise NeedsOperator(why)"),
    (Case.BURST, sabotaged.Hoarding, "while the journal took none; 1300 is the most"),
    (Case.BURST, sabotaged.Dropping, "messages are lost"),
    (Case.BURST, sabotaged.Scattered, "was handled in another order"),
    (Case.CANCELLED, sabotaged.Locking, "after it was cancelled at step"),
    (Case.RUBBISH, sabotaged.Touchy, "two hours after an object of nothing"),
    (Case.LEAVES, sabotaged.Haunting, "a task is still there: a ghost"),
    (
        Case.LEAVES,
        sabotaged.Untidy,
        "a connection that was opened at 0.00 s is still open",
    ),
]


def peer_of(platform: type[Tiny]) -> type[Peer]:
    """A faithful server, with a platform that is broken."""

    class BrokenPeer(TinySlowPeer):
        kind = platform

    return BrokenPeer


@pytest.mark.parametrize("case", Case, ids=lambda case: case.name.lower())
def test_what_is_whole_conforms(case: Case) -> None:
    assert not prove(sabotaged.Whole, case)


@pytest.mark.parametrize(
    ("case", "platform", "saw"),
    BROKEN,
    ids=[f"{case.name.lower()}-{platform.__name__}" for case, platform, _ in BROKEN],
)
def test_what_is_broken_does_not(case: Case, platform: type[Tiny], saw: str) -> None:
    with pytest.raises(NotConforming) as failed:
        prove(peer_of(platform), case)
    assert failed.value.case is case
    told = str(failed.value)
    assert told.startswith(f"{case.name}: {case.value}; but ")
    assert saw in told


def test_every_case_was_broken() -> None:
    assert {case for case, _, _ in BROKEN} == set(Case)
