"""Durations as people write them: `30`, `1.5`, `"30s"`, `"5m"`, `"1h"`."""

from __future__ import annotations

import math
import re

from rookery.config.faults import Wrong, shown

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_WRITTEN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_EXPECTED = 'seconds as a number, or a text such as "30s", "5m" or "1h"'


def seconds(value: object) -> float:
    """Return *value* in seconds, finite and not negative.

    Raises:
        Wrong: *value* is no duration.
    """
    match value:
        case bool():
            pass
        case int() | float() if math.isfinite(value) and value >= 0:
            return float(value)
        case str():
            if found := _WRITTEN.fullmatch(value):
                return float(found[1]) * _UNITS[found[2]]
        case _:
            pass
    raise Wrong(expected=_EXPECTED, got=shown(value))
