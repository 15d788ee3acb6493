"""The configuration of the console: none but its type."""

from __future__ import annotations

from attrs import frozen

from platforms.base import Fault


@frozen
class ConsoleConfig:
    """`type = "console"` and nothing else."""

    def faults(self) -> tuple[Fault, ...]:
        return ()
