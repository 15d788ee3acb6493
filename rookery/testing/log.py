"""What happened in a tree, in order: entries of an instant and an event.

The kernel tells of lives, supervisors of what they decide; whoever runs the tree adds
what was done to it from outside, as a `Did`.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import field, frozen

from rookery.testing.census import Census
from rookery.testing.laws import LAWS, Broken, Law
from rookery.testing.telling import line
from supervision import Supervisor


@frozen
class Entry:
    """One event."""

    at: float
    """Instant of the virtual clock, in seconds."""
    event: object
    """A `LifeBegan`, `LifeUp`, `LifeEnded`, `supervision.events.Decided` or `Did`."""

    def __str__(self) -> str:
        return f"{self.at:12.6f}  {line(self.event)}"


@frozen
class Did:
    """Something that was done to the tree from outside."""

    what: str = field(converter=str)

    def __str__(self) -> str:
        return self.what


class Log:
    """The entries so far, and the laws that they broke. `witness` is for a `System`."""

    def __init__(
        self,
        root: Supervisor,
        clock: Callable[[], float],
        laws: tuple[Law, ...] = LAWS,
    ) -> None:
        self.entries: list[Entry] = []
        self.broken: list[Broken] = []
        self.census = Census(root)
        self._clock = clock
        self._laws = laws

    def witness(self, event: object) -> None:
        """Write *event* down, and the laws that it breaks."""
        at = self._clock()
        self.entries.append(Entry(at, event))
        for law in self._laws:
            for what in law(self.census, at, event):
                self.broken.append(Broken(law.__name__, at, what))
        self.census.note(at, event)

    @property
    def now(self) -> float:
        """The present instant."""
        return self._clock()

    def did(self, what: object) -> None:
        """Note something done from outside."""
        self.witness(Did(str(what)))

    def lines(self, path: str = "/") -> list[str]:
        """Return the entries about *path* and what is below it, as text."""
        return [str(e) for e in self.entries if _is_about(e.event, path)]


def _is_about(event: object, path: str) -> bool:
    if path == "/":
        return True
    place = getattr(event, "path", None)
    if not isinstance(place, str):
        return False
    action = getattr(event, "action", None)
    child = getattr(action, "child", None)
    if isinstance(child, str):
        place = f"{place.rstrip('/')}/{child}"
    return place == path or place.startswith(f"{path}/")
