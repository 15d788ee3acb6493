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
"""What may end a life in a simulated tree; any other exception is a mistake."""


def note(log: Log, law: str, found: Iterable[str]) -> None:
    """Write down what was *found* to break *law*."""
    log.broken += [Broken(law, log.now, what) for what in found]


def alive(log: Log) -> Iterator[str]:
    """Say who still lives although the tree has stopped."""
    for path in log.census.lives:
        yield f"{path} lives after the end"


def unprovoked(log: Log, *, stopped: bool) -> Iterator[str]:
    """Say so if the root ended though it neither gave up nor was told to stop."""
    ended = log.census.ended.get("/")
    if ended is not None and not stopped and not log.census.reigns["/"].leaving:
        yield f"the root ended with {ended[1]}"


def strange_crashes(log: Log, ours: bool) -> Iterator[str]:
    """Say what raised that is neither one of our faults nor raised on purpose by the kernel.

    If the tree is not one of *ours*, its actors may raise what they like; its supervisors
    may not.
    """
    for entry in log.entries:
        match entry.event:
            case LifeEnded(path, number, Crash(error) | StartFailed(error)):
                strange = [e for e in leaves(error) if not isinstance(e, EXPECTED)]
                if strange and (ours or path in log.census.specs):
                    yield f"{path}#{number} raised {strange[0]!r}"
            case _:
                pass
