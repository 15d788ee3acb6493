"""On which terms a platform takes what we say."""

from __future__ import annotations

from math import inf

from attrs import field, frozen

from actors.journal import ChatKey, Pacing


class Unpaced:
    """A `Pacing` for a platform without rates: it only waits when the platform says so."""

    __slots__ = ("_until",)

    def __init__(self) -> None:
        self._until = 0.0

    def wait(self, now: float) -> float:
        return max(0.0, self._until - now)

    def take(self, key: ChatKey, now: float) -> float:
        return max(0.0, self._until - now)

    def close(self, now: float, seconds: float) -> None:
        self._until = max(self._until, now + seconds)


@frozen
class Terms:
    """The terms of one account.

    They outlive its lines, so that a new line has no new allowance.
    """

    pacing: Pacing = field(factory=Unpaced)
    idempotent_for: float = 0.0
    """Seconds from the first attempt for which the platform recognises a key; `inf` for ever."""
    keys_since: float = -inf
    """Monotonic seconds: a key that was tried first before then it does not recognise."""
