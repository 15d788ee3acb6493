"""What is wrong with a plan: the field, what must hold, what was got."""

from __future__ import annotations

from sys import float_info

from attrs import frozen


@frozen
class Wrong:
    """One mistake in a plan."""

    field: str
    """As it is called in a plan's file: `at`, `path`, `message`, `nth`, `raises`, ..."""
    must: str
    got: object = None

    def __str__(self) -> str:
        return f"{self.field} {self.must} (got {self.got!r})"


class BadPlan(ValueError):
    """A plan, or a part of one, that cannot work; *wrong* says which."""

    def __init__(self, wrong: Wrong) -> None:
        super().__init__(str(wrong))
        self.wrong = wrong


def is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def is_seconds(value: object) -> bool:
    """Say whether *value* is a number above 0, and finite."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return 0 < value <= float_info.max
