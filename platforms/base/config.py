"""What a platform's configuration is: a frozen attrs class that can find fault with itself.

Unknown keys and wrong types are found when the class is built from the file. What
only shows between two keys (`forward` needs `url`) is a `Fault` each, so that all of
them can be printed at once.
"""

from __future__ import annotations

from typing import Protocol

from attrs import frozen


@frozen
class Fault:
    """One mistake in a configuration."""

    key: str
    """The key at fault, below the platform's own path."""
    message: str
    """What must hold, what was got, what to do."""

    def __str__(self) -> str:
        return f"{self.key}: {self.message}"


class PlatformConfig(Protocol):
    """A frozen attrs class, one field per key of the file."""

    def faults(self) -> tuple[Fault, ...]:
        """Return every mistake at once; empty when it can be used. Pure."""
        ...
