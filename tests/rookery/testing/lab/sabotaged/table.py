"""Which case notices which TinyChat, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rookery.testing.lab import Case, Peer
from tests.rookery.testing.lab.sabotaged import ending, lines, load, protocol
from tests.rookery.testing.lab.sabotaged.whole import Tiny, TinySlowPeer

BROKEN = [
    (Case.TALKS, lines.Mute, "nobody has heard one"),
    (Case.TALKS, lines.Deaf, "these were not handled: hello"),
    (Case.TALKS, lines.Confused, "each answer must settle what it answers"),
    (Case.REFUSED, lines.Eager, "a delay that doubles comes to 40 at most"),
    (Case.REFUSED, lines.Sulky, "at least 4 must be tried"),
    (Case.THROWN_OUT, lines.Eager, "a delay that doubles comes to 40 at most"),
    (Case.REFUSED, lines.Doubtful, "at least 4 must be tried"),
    (Case.THROWN_OUT, lines.Clinging, "a delay that doubles comes to 40 at most"),
    (Case.LEAVES, lines.Loyal, "a task is still there: a ghost"),
    (Case.REORDERS, protocol.Jumping, "these were not handled: message 0"),
    (Case.STOPPED, ending.Keeping, "these were not handled: say life"),
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

ALONE: Final[Mapping[Case, type[Tiny]]] = {
    Case.TALKS: lines.Confused,
    Case.REFUSED: lines.Doubtful,
    Case.THROWN_OUT: lines.Clinging,
    Case.LET_IN: lines.Hasty,
    Case.HALF_OPEN: lines.Patient,
    Case.CUT: lines.Careless,
    Case.LOST: lines.Hopeful,
    Case.LEAVES: lines.Loyal,
    Case.REDELIVERS: protocol.Fresh,
    Case.REORDERS: protocol.Jumping,
    Case.GAP: protocol.Contiguous,
    Case.TOO_MANY: protocol.Offended,
    Case.BAD_TOKEN: protocol.Knocking,
    Case.RUBBISH: protocol.Touchy,
    Case.BURST: load.Dropping,
    Case.BROKEN_OFF: ending.Stubborn,
    Case.CANCELLED: ending.Locking,
    Case.STOPPED: ending.Keeping,
}
"""One for each case that no other notices: without it, nobody would."""


def peer_of(platform: type[Tiny]) -> type[Peer]:
    """A faithful server, with a platform that is broken."""

    class BrokenPeer(TinySlowPeer):
        kind = platform

    return BrokenPeer
