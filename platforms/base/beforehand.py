"""What of an outcome is known before the platform answers.

That a picture had to be told in words is known when the message leaves, and that an edit
goes under the id of the message it edits. The answer is completed with it; so is one that
comes when nobody waits any more.
"""

from __future__ import annotations

from typing import Final

from attrs import evolve

from actors.sender import Sent

NOTHING: Final = Sent()
REMEMBERED = 1000
"""Of so many messages without an answer something is remembered; the oldest go first."""


class Beforehand:
    """What is known of the messages of one session, by their keys."""

    def __init__(self) -> None:
        self._known: dict[str, Sent] = {}

    def note(self, key: str, known: Sent) -> None:
        """Remember *known* until the answer for *key* is there."""
        self._known.pop(key, None)
        if len(self._known) >= REMEMBERED:
            del self._known[next(iter(self._known))]
        self._known[key] = known

    def completed(self, key: str, sent: Sent) -> Sent:
        """Return *sent* together with what was known of *key*, which is forgotten now."""
        known = self._known.pop(key, NOTHING)
        return evolve(
            sent, id=known.id or sent.id, degraded=both(known.degraded, sent.degraded)
        )


def both(one: str, other: str) -> str:
    """Return two descriptions of what was lost as one text; either may be empty."""
    return "; ".join(filter(None, [one, other]))
