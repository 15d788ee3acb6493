"""Durations as people write them: `30`, `1.5`, `"30s"`, `"5m"`, `"1h"`."""

from __future__ import annotations

from actors.schedule import duration
from rookery.config.faults import Wrong, shown

_EXPECTED = 'seconds as a number, or a text such as "30s", "5m" or "1h"'


def seconds(value: object) -> float:
    """Return *value* in seconds, finite and not negative.

    Raises:
        Wrong: *value* is no duration.
    """
    found = duration(value)
    if found is None:
        raise Wrong(expected=_EXPECTED, got=shown(value))
    return found
