"""What counts as a number in a spec: never a bool, never NaN, never infinity."""

from __future__ import annotations

from sys import float_info
from typing import TypeGuard


def is_whole(value: object) -> TypeGuard[int]:
    """Tell whether *value* is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_time(value: object) -> TypeGuard[float]:
    """Tell whether *value* is a finite number from 0."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    # Compared, not converted: an int may be more than any float.
    return 0 <= value <= float_info.max


def is_seconds(value: object) -> TypeGuard[float]:
    """Tell whether *value* is a finite number above 0."""
    return is_time(value) and value > 0
