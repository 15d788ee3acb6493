"""The shelf for what could not be handled: bounded, counted, readable."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from attrs import frozen

from actors.kernel.reasons import told

if TYPE_CHECKING:
    from actors.kernel.envelope import Envelope

DEFAULT_LIMIT = 10_000


@frozen
class DeadLetter:
    """A message that was accepted by an address and never handled to its end."""

    path: str
    """For whom it was."""
    message: object
    why: str
    at: float
    """Instant of the system's clock, seconds."""
    trace: str = ""
    attempts: int = 1
    error: str = ""
    """What went wrong, as text: an exception would keep its frames, and so its actor."""
    number: int = 0
    """Counts all there ever were in this process, from 1."""


class DeadLetters:
    """The newest *limit* letters, and a count by reason of all there ever were."""

    def __init__(self, clock: Callable[[], float], limit: int = DEFAULT_LIMIT) -> None:
        self._clock = clock
        self._shelf: deque[DeadLetter] = deque(maxlen=limit)
        self._last = 0
        self.counts: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._shelf)

    def newest(self, limit: int = 100) -> list[DeadLetter]:
        """Return up to *limit* letters, newest first."""
        return [
            letter
            for _, letter in zip(range(limit), reversed(self._shelf), strict=False)
        ]

    def numbered(self, number: int) -> DeadLetter | None:
        """Return that letter, if it is still here."""
        place = self._place(number)
        return None if place is None else self._shelf[place]

    def discard(self, number: int) -> bool:
        """Keep that letter no longer; False: it is not here."""
        place = self._place(number)
        if place is None:
            return False
        del self._shelf[place]
        return True

    def _place(self, number: int) -> int | None:
        # By number: two letters must not be compared, whatever they hold.
        places = (n for n, letter in enumerate(self._shelf) if letter.number == number)
        return next(places, None)

    def add(
        self,
        path: str,
        envelope: Envelope,
        why: str,
        error: BaseException | None,
    ) -> None:
        self.counts[why] += 1
        self._last += 1
        self._shelf.append(
            DeadLetter(
                path,
                envelope.body,
                why,
                self._clock(),
                envelope.trace,
                envelope.attempt,
                "" if error is None else told(error),
                self._last,
            )
        )
