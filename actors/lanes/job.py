"""One item on its way through a lane, and how it ended."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from actors.lanes.pool import Lanes

K = TypeVar("K")
T = TypeVar("T")


class Ended(StrEnum):
    """How an item ended. Each of them concerns this item and nothing else."""

    DONE = "done"
    RAISED = "raised"
    """The body raised; `Job.error` has it."""
    TIMED_OUT = "timed_out"
    """Its deadline came. A body that does not let go even then is left behind."""
    INTERRUPTED = "interrupted"
    """The lanes were closed while it ran or was parked."""
    UNSTARTED = "unstarted"
    """The lanes were closed before its turn came."""


class Work(Protocol):
    """What a worker must know about a job."""

    @property
    def within(self) -> float:
        """Seconds it may take, from its start."""
        ...

    @property
    def trace(self) -> str:
        """Current while it is done."""
        ...

    @property
    def parked(self) -> bool:
        """Whether it waits for somebody, and counts neither as work nor against a deadline."""
        ...


class Job(Generic[K, T]):
    """One item in the hand of a worker. The body may park it; nobody else touches it."""

    __slots__ = (
        "_lanes",
        "error",
        "free",
        "group",
        "item",
        "key",
        "parked",
        "trace",
        "within",
    )

    def __init__(
        self,
        lanes: Lanes[K, T],
        key: K,
        item: T,
        within: float,
        trace: str,
        *,
        group: str,
    ) -> None:
        self._lanes = lanes
        self.group = group
        self.key = key
        self.item = item
        self.within = within
        """Seconds the body may take; while it is parked, what is left of them."""
        self.trace = trace
        self.error: BaseException | None = None
        """What the body raised."""
        self.parked = False
        self.free = False
        """Whether it was ever parked: then its lane has gone on without it."""

    def park(self) -> None:
        """Step out of the lane: its deadline stops and the next item of its key starts.

        To be called by the body, in its own task.

        Raises:
            TooManyParked: so many are parked already that this one may not.
        """
        self._lanes.park(self)

    def resume(self) -> None:
        """Go on, outside of the lane's order, with what was left of its deadline."""
        self._lanes.resume(self)
