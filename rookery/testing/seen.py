"""What there is to see of a tree under test, now and so far."""

from __future__ import annotations

from actors.kernel import (
    ActorSnapshot,
    AddressNotFound,
    Crash,
    ExitReason,
    Incarnation,
    LifeEnded,
    System,
)
from rookery.testing.census import above
from rookery.testing.log import Entry, Log
from supervision import events


class Seen:
    """Reads the records of a system and its log; disturbs nothing."""

    def __init__(self, system: System, log: Log) -> None:
        self.system = system
        self.log = log

    @property
    def time(self) -> float:
        """The virtual time, in seconds; a tree starts at 0."""
        return self.log.now

    @property
    def events(self) -> tuple[Entry, ...]:
        """Everything that happened, in order."""
        return tuple(self.log.entries)

    @property
    def children(self) -> dict[str, str]:
        """The phase of every actor below the root, by path."""
        cells = self.system.cells.items()
        return {path: cell.phase for path, cell in cells if path != "/"}

    @property
    def ended(self) -> ExitReason | None:
        """Why the root has ended: it gave up, as a rule. `None` while it lives."""
        return next(iter(self.exits("/")), None)

    def snapshot(self, path: str = "/") -> ActorSnapshot:
        """Return what can be seen at *path* and below."""
        return self.system.snapshot(path)

    def lives(self, path: str) -> bool:
        """Tell whether somebody lives at *path* at this moment."""
        cell = self.system.cells.get(path)
        return cell is not None and cell.incarnation is not None

    def life(self, path: str) -> Incarnation:
        """Return who lives at *path*.

        Raises:
            AddressNotFound: nobody does, at this moment.
        """
        life = self.system.find(path).cell.incarnation
        if life is None:
            nobody = f"{path} ({self.children.get(path, 'ended')})"
            raise AddressNotFound(nobody)
        return life

    # --- what happened -------------------------------------------------------------------

    def exits(self, path: str) -> list[ExitReason]:
        """Return why each life at *path* ended, in order."""
        happened = (entry.event for entry in self.log.entries)
        return [
            event.reason
            for event in happened
            if isinstance(event, LifeEnded) and event.path == path
        ]

    def crashes(self, path: str) -> list[type[BaseException]]:
        """Return the types of the exceptions that ended lives at *path*, in order."""
        ends = self.exits(path)
        return [type(end.exception) for end in ends if isinstance(end, Crash)]

    def delays(self, path: str) -> list[float]:
        """Return how long *path* slept before each restart, in seconds.

        A group sleeps once, in the name of the one that failed.
        """
        child = path.rpartition("/")[2]
        decided = (entry.event for entry in self.log.entries)
        return [
            event.action.seconds
            for event in decided
            if isinstance(event, events.Decided)
            and isinstance(event.action, events.SetTimer)
            and (event.path, event.action.child) == (above(path), child)
        ]

    def story(self, path: str = "/") -> str:
        """Return what happened at *path* and below, a line for each event."""
        return "\n".join(self.log.lines(path))
