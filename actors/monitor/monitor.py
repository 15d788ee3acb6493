"""The monitor: answers what an operator asks about connections and faults."""

from __future__ import annotations

from typing import TypeAlias, assert_never

from attrs import frozen

from actors.journal import Journal, JournalCounts, PlatformCounts
from actors.kernel import Actor, ActorContext, Query
from actors.monitor.board import Board
from actors.monitor.connections import ConnectionState
from actors.monitor.faults import Fault, Faults
from actors.tracker import Tracker, TrackerCounts


@frozen
class Connection:
    """One connection as an operator sees it."""

    platform: str
    account: str
    state: ConnectionState
    since: float
    """Monotonic seconds."""


@frozen
class Status:
    """What the monitor knows at one instant."""

    connections: tuple[Connection, ...]
    journal: JournalCounts
    platforms: tuple[PlatformCounts, ...]
    """What each platform has brought, and where that stands, lane by lane."""
    tracker: TrackerCounts
    faults: int
    """How many there were since the start."""


@frozen
class AskStatus(Query[Status]):
    """How is everything?"""


@frozen
class AskFaults(Query[tuple[Fault, ...]]):
    """What went wrong lately? Newest first."""

    limit: int = 100


MonitorMessage: TypeAlias = AskStatus | AskFaults


class Monitor(Actor[MonitorMessage]):
    """Lives at `/core/monitor`. What it shows outlives it."""

    def __init__(
        self, board: Board, faults: Faults, journal: Journal, tracker: Tracker
    ) -> None:
        self._board = board
        self._faults = faults
        self._journal = journal
        self._tracker = tracker

    async def handle(self, ctx: ActorContext, message: MonitorMessage) -> None:
        match message:
            case AskStatus():
                ctx.answer(message, self._status())
            case AskFaults(limit):
                ctx.answer(message, tuple(self._faults.newest(limit)))
            case _:
                assert_never(message)

    def _status(self) -> Status:
        return Status(
            tuple(
                Connection(platform, account, state, since)
                for (platform, account), (state, since) in self._board.states().items()
            ),
            self._journal.counts(),
            self._journal.platforms(),
            self._tracker.index.counts(),
            sum(self._faults.counts().values()),
        )
