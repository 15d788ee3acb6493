"""What happened in a world, in order, as text; and which laws it broke.

The lines go into a digest as they come, so a day of them need not be kept.
"""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Callable, Iterable

from rookery.testing.laws import Broken

KEPT = 200
"""How many of the newest lines are kept where nobody has asked for the whole log."""


class Chronicle:
    """Notes what happens. *keep* all lines, or the newest."""

    def __init__(self, clock: Callable[[], float], *, keep: bool) -> None:
        self.lines: deque[str] = deque(maxlen=None if keep else KEPT)
        self.broken: list[Broken] = []
        self.counts: Counter[str] = Counter()
        self.written = 0
        self._clock = clock
        self._hash = hashlib.sha256()

    @property
    def now(self) -> float:
        return self._clock()

    @property
    def digest(self) -> str:
        """The log in 16 hex digits: equal logs, equal digests."""
        return self._hash.hexdigest()[:16]

    def add(self, what: str) -> None:
        """Write a line."""
        line = f"{self._clock():12.6f}  {what}"
        self.written += 1
        self._hash.update(f"{line}\n".encode())
        self.lines.append(line)

    def count(self, kind: str, what: str) -> None:
        """Write a line, and count it among those of its kind."""
        self.counts[kind] += 1
        self.add(what)

    def note(self, law: str, found: Iterable[str]) -> None:
        """Write down what was *found* to break *law*."""
        for what in found:
            self.broken.append(Broken(law, self.now, what))
            self.add(f"broken: {law}: {what}")
