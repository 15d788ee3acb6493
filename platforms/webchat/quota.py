"""Who may keep how much, and what makes room for it. Pure.

If a person has too much, the oldest files of that person go. If all together have too
much, first go files that no message names after an hour, then more of that person's own,
then those of people who have been away for a day, beginning with who holds most. If that
is not enough, there is no room.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from attrs import define, field

MAX_FILE_BYTES: Final = 4 * 1024 * 1024
MAX_PERSON_BYTES: Final = 16 * 1024 * 1024
MAX_ALL_BYTES: Final = 256 * 1024 * 1024
FILE_BYTES: Final = 4096
"""What each file counts beside its bytes, so that many small ones are limited, too."""
UNNAMED_SECONDS: Final = 3600.0
AWAY_SECONDS: Final = 86400.0


@define
class Holding:
    """One file that is kept."""

    id: str
    person: str
    at: float
    """Seconds since 1970 when it came."""
    cost: int
    """Its bytes, and `FILE_BYTES`."""
    names: int = 0
    """Events that name it."""


@define
class Holdings:
    """All that are kept, the oldest first."""

    by_id: dict[str, Holding] = field(factory=dict)
    total: int = 0
    _of: dict[str, dict[str, Holding]] = field(factory=dict)
    _held: dict[str, int] = field(factory=dict)

    def add(self, one: Holding) -> None:
        self.by_id[one.id] = one
        self._of.setdefault(one.person, {})[one.id] = one
        self._held[one.person] = self._held.get(one.person, 0) + one.cost
        self.total += one.cost

    def remove(self, id_: str) -> Holding | None:
        one = self.by_id.pop(id_, None)
        if one is None:
            return None
        theirs = self._of[one.person]
        del theirs[id_]
        self._held[one.person] -= one.cost
        self.total -= one.cost
        if not theirs:
            del self._of[one.person], self._held[one.person]
        return one

    def held_by(self, person: str) -> int:
        """Return how many bytes are *person*'s."""
        return self._held.get(person, 0)

    def room_for(
        self, person: str, cost: int, now: float, away: Callable[[str], bool]
    ) -> list[Holding] | None:
        """Return what has to go so that *person* may keep *cost* more; `None`: nothing can.

        Args:
            person: Who brings something.
            cost: Its size and `FILE_BYTES`.
            now: Seconds since 1970.
            away: Says of somebody whether nobody has heard of them for a day.
        """
        going: dict[str, Holding] = {}
        too_much = self.held_by(person) + cost - MAX_PERSON_BYTES
        for one in self._of.get(person, {}).values():
            if too_much <= 0:
                break
            going[one.id] = one
            too_much -= one.cost
        if too_much > 0:
            return None
        too_much = self.total - sum(each.cost for each in going.values())
        too_much += cost - MAX_ALL_BYTES
        if too_much > 0:
            for one in self._dispensable(person, now, away):
                if one.id in going:
                    continue
                going[one.id] = one
                too_much -= one.cost
                if too_much <= 0:
                    break
        return None if too_much > 0 else list(going.values())

    def _dispensable(
        self, person: str, now: float, away: Callable[[str], bool]
    ) -> Iterator[Holding]:
        """Yield files that may go when all is full, those that are missed least first."""
        for one in self.by_id.values():
            if not one.names and one.at < now - UNNAMED_SECONDS:
                yield one
        yield from self._of.get(person, {}).values()
        gone = [
            who
            for who, theirs in self._of.items()
            if who != person
            and next(reversed(theirs.values())).at < now - AWAY_SECONDS
            and away(who)
        ]
        for who in sorted(gone, key=self.held_by, reverse=True):
            yield from self._of[who].values()
