"""What can be done to a tree in a test, as values."""

from __future__ import annotations

from attrs import field, frozen


@frozen
class Exit:
    """After a pause, the actor at `path` raises `error`, or is killed where that is `None`."""

    path: str
    after: float = 0.0
    """Seconds since what was done before."""
    error: Exception | None = field(factory=RuntimeError, eq=repr)
