"""Durations as people write them: `30`, `1.5`, `"30s"`, `"5m"`, `"1h"`. Pure."""

from __future__ import annotations

import re
from datetime import timedelta
from sys import float_info

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_WRITTEN = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,12})?)(ms|s|m|h|d)")


def duration(value: object) -> float | None:
    """Return *value* in seconds, finite and not negative; `None`: it is no duration."""
    match value:
        case bool():
            return None
        case int() | float() if 0 <= value <= float_info.max:
            return float(value)
        case timedelta() if value >= timedelta():
            return value.total_seconds()
        case str():
            found = _WRITTEN.fullmatch(value)
            return None if found is None else float(found[1]) * _UNITS[found[2]]
        case _:
            return None


def in_short(seconds: float) -> str:
    """Return a duration in the largest unit that needs no fraction: `90m`, `2h`."""
    for unit in ("d", "h", "m"):
        if seconds and seconds % _UNITS[unit] == 0:
            return f"{seconds / _UNITS[unit]:.0f}{unit}"
    return f"{seconds:g}s"
