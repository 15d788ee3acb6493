"""Looks at one process from inside: lives, decisions, mailboxes, what memory holds."""

from __future__ import annotations

from collections.abc import Iterator

from actors.kernel import (
    ActorError,
    Crash,
    LifeEnded,
    NeedsOperator,
    StartFailed,
    leaves,
)
from platforms.base import SessionEnded
from rookery.host import Parts
from rookery.testing.census import Census
from rookery.testing.hostsim.chronicle import Chronicle
from rookery.testing.hostsim.climate import Climate
from rookery.testing.hostsim.diary import Diary
from rookery.testing.hostsim.plans import Struck
from rookery.testing.laws import LAWS, lost
from rookery.testing.simulation.audit import boxes
from rookery.testing.telling import line
from supervision import ChildNotStarted, Supervisor

EXPECTED = (Struck, NeedsOperator, ActorError, ChildNotStarted, SessionEnded)
"""What may end a life in a simulated host; any other exception is a mistake."""
IN_HAND = 9_000
"""Rows that a router may have in hand, see docs/reference/limits.md."""
ON_THE_WIRE = 32
"""Chats of one account that may wait for an answer, see docs/explanation/guarantees.md."""


class Overseer:
    """The witness of a system, and the laws of every tree."""

    def __init__(self, root: Supervisor, chronicle: Chronicle, diary: Diary) -> None:
        self.census = Census(root)
        self._chronicle = chronicle
        self._diary = diary

    def witness(self, event: object) -> None:
        """Note *event*, and whether it may be."""
        chronicle = self._chronicle
        at = chronicle.now
        for law in LAWS:
            chronicle.note(law.__name__, law(self.census, at, event))
        match event:
            case LifeEnded(path, number, reason):
                self._diary.ends.append(at)
                chronicle.count("ends", line(event))
                if isinstance(reason, Crash | StartFailed):
                    chronicle.counts["crashes"] += 1
                    chronicle.note(
                        "only_faults_are_crashes",
                        _strange(path, number, reason.exception),
                    )
            case _:
                chronicle.add(line(event))
        self.census.note(at, event)

    def lost(self) -> Iterator[str]:
        """Say who should be there and is not, when all is quiet."""
        return lost(self.census, self._chronicle.now)


def _strange(path: str, number: int, error: BaseException) -> Iterator[str]:
    for leaf in leaves(error):
        if not isinstance(leaf, EXPECTED):
            yield f"{path}#{number} raised {leaf!r}"


def most_queued(climate: Climate) -> int:
    """Return how many rows may wait in all outboxes: what is on the wire may come back."""
    return (climate.outbox_rows + ON_THE_WIRE) * len(climate.platforms)


def bounds(parts: Parts, climate: Climate) -> Iterator[str]:
    """Say what has grown beyond what it may."""
    yield from boxes(parts.system)
    counts, desks = parts.journal.counts(), parts.desks
    for what, size, most in (
        ("rows in hand", desks.in_hand, IN_HAND),
        ("queued rows", counts.queued, most_queued(climate)),
        (
            "open events",
            counts.new + counts.claimed + counts.parked,
            # What the host itself says of its connections and schedules comes on top.
            (climate.inbox_rows + 1) * (len(climate.platforms) + 1),
        ),
        ("faults", len(parts.faults.newest(1_000_000)), 1_000),
    ):
        if size > most:
            yield f"there are {size} {what}, of {most} at most"
