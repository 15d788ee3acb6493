"""A value that never shows itself: tokens and passwords of a configuration."""

from __future__ import annotations

from hmac import compare_digest


class Secret:
    """Holds a secret. `repr`, `str`, f-strings and pickles do not give it away.

    Two secrets are equal when their values are; that and `matches` take the same
    time whatever differs.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value itself. Whoever calls this must not log or store it."""
        return self._value

    def matches(self, given: str) -> bool:
        """Say whether *given* is this secret, in constant time."""
        return compare_digest(self._value.encode(), given.encode())

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.matches(other._value)

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:
        msg = "a Secret cannot be pickled or copied into a file"
        raise TypeError(msg)
