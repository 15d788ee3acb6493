"""How a world may end, and how it may not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from actors.kernel import (
    ActorError,
    Crash,
    LifeEnded,
    NeedsOperator,
    StartFailed,
    leaves,
)
from rookery.testing.laws import Broken
from rookery.testing.log import Log
from rookery.testing.simulation.faults import Struck
from supervision import ChildNotStarted

EXPECTED = (Struck, NeedsOperator, ActorError, ChildNotStarted)
"""What may end a life in a world of ours."""


def note(log: Log, law: str, found: Iterable[str]) -> None:
    """Write down what was *found* to break *law*."""
    log.broken += [Broken(law, log.now, what) for what in found]


def alive(log: Log) -> Iterator[str]:
    """Say who lives although it is all over."""
    for path in log.census.lives:
        yield f"{path} lives after the end"


def unprovoked(log: Log, *, stopped: bool) -> Iterator[str]:
    """The root ends because it gives up or is told to: nothing below takes it along."""
    ended = log.census.ended.get("/")
    if ended is not None and not stopped and not log.census.reigns["/"].leaving:
        yield f"the root ended with {ended[1]}"


def strange_crashes(log: Log, ours: bool) -> Iterator[str]:
    """What raises but the faults, and what the kernel raises on purpose, is a mistake.

    Actors of somebody else may raise what they like; supervisors may not.
    """
    for entry in log.entries:
        match entry.event:
            case LifeEnded(path, number, Crash(error) | StartFailed(error)):
                strange = [e for e in leaves(error) if not isinstance(e, EXPECTED)]
                if strange and (ours or path in log.census.specs):
                    yield f"{path}#{number} raised {strange[0]!r}"
            case _:
                pass
