"""The states of a connection, as values."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from attrs import frozen


class Phase(StrEnum):
    """How far a connection has come, in one word."""

    STARTING = "starting"
    """It was made, and has not begun to connect."""
    CONNECTING = "connecting"
    """It dials, or waits to be dialled."""
    CATCHING_UP = "catching_up"
    """It can be used, and is told what was said while it was away."""
    UP = "up"
    DEGRADED = "degraded"
    """The conversation stands, but something is missing: a socket, a channel, the account."""
    BACKING_OFF = "backing_off"
    """It was lost or failed, and waits before the next attempt."""
    NEEDS_OPERATOR = "needs_operator"
    """Only a person can help: a token was refused, say."""
    FINISHED = "finished"
    """It has ended, and nothing more will come: a console at its end of input."""
    STOPPING = "stopping"
    STOPPED = "stopped"
    """The host has stopped it."""


@frozen
class ConnectionState:
    """Where a connection stands: its phase, and why."""

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
        """Whether something can be said through it, at least in part."""
        return self.phase in (Phase.UP, Phase.DEGRADED, Phase.CATCHING_UP)

    def __str__(self) -> str:
        return f"{self.phase.value} ({self.why})" if self.why else self.phase.value
