"""What is said in a lab, and what a platform has to stand there."""

from __future__ import annotations

from enum import Enum
from typing import Final

from attrs import frozen

TOKEN: Final = "the-right-token"  # noqa: S105 - it opens nothing
WRONG_TOKEN: Final = "a-wrong-token"  # noqa: S105 - nor this


@frozen
class Said:
    """What a person says. What room and person are called is the protocol's business."""

    number: int
    """Counts from 1. The same number is the same message, whenever it is told."""
    text: str
    room: int = 1
    person: int = 1


@frozen
class Heard:
    """What people have seen of us."""

    room: int
    text: str
    key: str | None
    """Under which the server knows it again; `None` where it knows none."""
    at: float
    """When, in virtual seconds."""


@frozen
class TooMany:
    """The server refuses what we say: too fast."""

    after: float | None
    """How long to leave it alone, in seconds; `None`: it does not say."""


class Case(Enum):
    """What a platform is put through. The value tells what must hold."""

    TALKS = "what is said is handled once, and what we say is heard once"
    REFUSED = "nobody is there at first: it tries again, slower, until somebody is"
    THROWN_OUT = "who is let in and thrown out again and again waits longer each time"
    LET_IN = "it is up once it was let in, and not before"
    HALF_OPEN = (
        "a line on which nothing arrives any more is noticed in the promised time"
    )
    REDELIVERS = "what is told again is handled once"
    REORDERS = "what is told in another order is handled, each once"
    GAP = "a number that is missing holds up nothing, and is handled if it comes late"
    TOO_MANY = "too many: it waits as long as the server says, and then is heard once"
    CUT = "a line that is cut before the answer repeats nothing that cannot be repeated"
    LOST = "what was lost on its way is said again or unknown: never sent"
    BAD_TOKEN = "a token that is refused needs a person; nobody knocks again"  # noqa: S105 - a sentence
    BURST = "a burst while the journal is blocked loses nothing, in order, in bounded memory"
    BROKEN_OFF = "a delivery that is broken off ends the session: it was not journalled"
    CANCELLED = (
        "whenever a session is cancelled, nothing is left, and the next one works"
    )
    STOPPED = "whenever the host stops, it leaves in time, and loses nothing"
    RUBBISH = "whatever comes over the line, the host lives and the talk goes on"
    LEAVES = "after its end no task, no connection and no request of it is left"


PROTOCOL: Final = frozenset(
    {Case.REDELIVERS, Case.REORDERS, Case.GAP, Case.TOO_MANY, Case.BAD_TOKEN}
)
"""What a protocol may be unable to do. The rest is not a matter of the protocol."""
