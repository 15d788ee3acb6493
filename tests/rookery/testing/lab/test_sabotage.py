"""Whoever breaks a platform is noticed, by the case that is about it, and told how."""

from __future__ import annotations

import pytest

from rookery.testing.lab import Case, NotConforming, Peer, prove
from tests.rookery.testing.lab.sabotaged import ending, lines, load, protocol, whole
from tests.rookery.testing.lab.sabotaged.whole import Tiny, TinySlowPeer

BROKEN = [
    (Case.TALKS, lines.Mute, "nobody has heard one"),
    (Case.TALKS, lines.Deaf, "these were not handled: hello"),
    (Case.TALKS, lines.Confused, "each answer must settle what it answers"),
    (Case.REFUSED, lines.Eager, "a delay that doubles comes to 40 at most"),
    (Case.REFUSED, lines.Sulky, "at least 4 must be tried"),
    (Case.THROWN_OUT, lines.Eager, "a delay that doubles comes to 40 at most"),
    (Case.LET_IN, lines.Hasty, "the server has not let it in yet"),
    (Case.LET_IN, lines.Boastful, "who took its connection has not said a word"),
    (Case.LOST, lines.Hopeful, "it is sent, and nobody has heard it"),
    (Case.BROKEN_OFF, ending.Stubborn, "it went on as if nothing had been"),
    (Case.BROKEN_OFF, ending.Insisting, "it went on as if nothing had been"),
    (Case.STOPPED, ending.Lingering, "a session had to be killed"),
    (Case.HALF_OPEN, lines.Patient, "silence_seconds promises 150"),
    (Case.HALF_OPEN, lines.Trusting, "said nothing: it waits for ever"),
    (Case.REDELIVERS, protocol.Fresh, "handled more than once: message 1"),
    (Case.CANCELLED, ending.Forgetful, "these were not handled: say life"),
    (Case.REORDERS, protocol.Ascending, "these were not handled: message 0"),
    (Case.GAP, protocol.Ascending, "these were not handled: late"),
    (Case.GAP, protocol.Contiguous, "these were not handled: after 0"),
    (
        Case.TOO_MANY,
        protocol.Insistent,
        "it was said again after 1.00 s, and the server had said 20",
    ),
    (Case.TOO_MANY, protocol.Offended, "nobody has heard hello"),
    (Case.CUT, lines.Stammering, "it was repeated with another key"),
    (Case.CUT, lines.Careless, "people have seen it"),
    (Case.BAD_TOKEN, protocol.Knocking, "raise NeedsOperator(why)"),
    (Case.BURST, load.Hoarding, "while the journal took none; 1300 is the most"),
    (Case.BURST, load.Dropping, "messages are lost"),
    (Case.BURST, load.Scattered, "was handled in another order"),
    (Case.CANCELLED, ending.Locking, "after it was cancelled at step"),
    (Case.RUBBISH, protocol.Touchy, "two hours after an object of nothing"),
    (Case.LEAVES, lines.Haunting, "a task is still there: a ghost"),
    (
        Case.LEAVES,
        lines.Untidy,
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
    assert not prove(whole.Whole, case)


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
