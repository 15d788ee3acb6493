"""What of an outcome is known before the platform answers: what was lost, whose id it has.

An answer that comes when nobody waits any more is completed with it as well.
"""

from __future__ import annotations

from typing import Final

from attrs import evolve

from actors.sender import Sent

NOTHING: Final = Sent()
REMEMBERED = 1000
"""Messages without an answer of which something is known; the oldest are forgotten."""


class Beforehand:
    """Of the messages of one session, by their keys."""

    def __init__(self) -> None:
        self._known: dict[str, Sent] = {}

    def note(self, key: str, known: Sent) -> None:
        """Remember *known* until the answer for *key* is there."""
        self._known.pop(key, None)
        if len(self._known) >= REMEMBERED:
            del self._known[next(iter(self._known))]
        self._known[key] = known

    def completed(self, key: str, sent: Sent) -> Sent:
        """Return what *sent* comes to with what was known of *key*, which is over now."""
        known = self._known.pop(key, NOTHING)
        return evolve(
            sent, id=known.id or sent.id, degraded=both(known.degraded, sent.degraded)
        )


def both(one: str, other: str) -> str:
    """Return two losses as one text; either may be empty."""
    return "; ".join(filter(None, [one, other]))
