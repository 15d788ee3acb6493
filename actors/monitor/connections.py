"""The state of every connection: one truth, everybody subscribes to it."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from attrs import frozen


class Phase(StrEnum):
    STARTING = "starting"
    CONNECTING = "connecting"
    CATCHING_UP = "catching_up"
    UP = "up"
    DEGRADED = "degraded"
    BACKING_OFF = "backing_off"
    NEEDS_OPERATOR = "needs_operator"
    FINISHED = "finished"
    STOPPING = "stopping"
    STOPPED = "stopped"


@frozen
class ConnectionState:
    """Where a connection stands. The plain ones are made from their phase alone."""

    phase: Phase
    why: str = ""
    until: float | None = None
    """Monotonic seconds; only of `BACKING_OFF`."""

    @classmethod
    def degraded(cls, why: str) -> Self:
        """Usable, but not whole: the platform or the peer says so."""
        return cls(Phase.DEGRADED, why)

    @classmethod
    def backing_off(cls, until: float, why: str) -> Self:
        """Waiting until *until* before the next attempt."""
        return cls(Phase.BACKING_OFF, why, until)

    @classmethod
    def needs_operator(cls, why: str) -> Self:
        """Only a person can help; no more attempts are made."""
        return cls(Phase.NEEDS_OPERATOR, why)

    @property
    def online(self) -> bool:
        """Can something be said through it?"""
        return self.phase in (Phase.UP, Phase.DEGRADED, Phase.CATCHING_UP)

    def __str__(self) -> str:
        return f"{self.phase.value} ({self.why})" if self.why else self.phase.value
