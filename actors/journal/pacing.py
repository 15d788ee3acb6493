"""How fast things may be said through one account, as the journal asks about it."""

from __future__ import annotations

from typing import Protocol, TypeAlias

ChatKey: TypeAlias = tuple[str, str]
"""Kind and id: a plain tuple is a cheaper key than the value it stands for."""


class Pacing(Protocol):
    """One for each account; it outlives lines and senders. Times are monotonic seconds.

    Made by whoever knows the platform's rates; here it is only asked.
    """

    def wait(self, now: float) -> float:
        """Return the seconds until anything may be said at all."""
        ...

    def take(self, key: ChatKey, now: float) -> float:
        """Take leave to say one thing in that chat, and return 0.0.

        Or take nothing, and return the seconds until it is worth asking again.
        """
        ...

    def close(self, now: float, seconds: float) -> None:
        """The platform itself has said *not now*, to the whole account."""
        ...
