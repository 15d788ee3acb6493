"""How often something may happen, as people write it: `"5/min per user"`. Pure.

A rate is only a value here. What keeps one: `actors.bots.rates` for handlers,
`supervision.limits` for what goes out.
"""

from __future__ import annotations

import re
from enum import StrEnum

from attrs import frozen

UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0, "day": 86400.0}


class Scope(StrEnum):
    """Who shares an allowance."""

    ALL = "all"
    USER = "user"
    CHAT = "chat"
    GROUP = "group"
    """As `CHAT`, but not for private talks. Only platforms have such rates."""


@frozen
class Rate:
    """*count* in *seconds*, for all together, or for each user, chat or group."""

    count: int
    seconds: float
    per: Scope = Scope.ALL

    def __str__(self) -> str:
        named = (name for name, seconds in UNITS.items() if seconds == self.seconds)
        unit = next(named, f"{self.seconds:g}s")
        shared = "" if self.per is Scope.ALL else f" per {self.per.value}"
        return f"{self.count}/{unit}{shared}"


_GRAMMAR = re.compile(
    r"\s*(\d{1,9})\s*/\s*(s|min|h|day)(?:\s+per\s+(user|chat))?\s*", re.ASCII
)


def read_rate(text: object) -> Rate | None:
    """Read `COUNT/UNIT [per user|per chat]`; `None` when *text* is no rate."""
    found = _GRAMMAR.fullmatch(text) if isinstance(text, str) else None
    if found is None or not int(found[1]):
        return None
    return Rate(int(found[1]), UNITS[found[2]], Scope(found[3] or "all"))
