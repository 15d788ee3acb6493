"""The configuration of the console: none but its type."""

from __future__ import annotations

from attrs import frozen


@frozen
class ConsoleConfig:
    """`type = "console"` and nothing else."""

    def invitation(self) -> str:
        return "type here"
