"""What became of a world, as a value."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen

from rookery.testing.laws import Broken


@frozen(kw_only=True)
class Outcome:
    """What became of a world."""

    seed: int
    hours: float
    """That it was to last."""
    lived: float = 0.0
    """Virtual hours that it did last, with the quiet end."""
    counts: Mapping[str, int] = field(factory=dict)
    log: tuple[str, ...] = field(default=(), repr=False)
    digest: str = ""
    """The log in 16 hex digits: equal logs, equal digests."""
    broken: tuple[Broken, ...] = ()
    interrupted: bool = False
    """Nobody wanted to see the end of it."""
