"""What became of the events of one platform, for whoever looks after the host. Pure."""

from __future__ import annotations

import msgspec

from actors.journal.ages import Ages
from actors.messages import InboundState, Priority


class LaneCounts(msgspec.Struct, frozen=True):
    """One lane: what one platform has brought of one priority."""

    priority: str
    waiting: int
    """Rows that nobody has claimed."""
    oldest_seconds: float | None
    """For how long the oldest of them has waited; `None` without any."""
    in_hand: int
    """Rows that are claimed; parked ones apart."""
    routed: int
    """Claims since the start; a row whose claimer died is claimed again."""
    ended: dict[str, int]
    """Settled rows since the start, by how they ended."""


class PlatformCounts(msgspec.Struct, frozen=True):
    """What one platform has brought since the start, and what of it is here."""

    platform: str
    accepted: int
    duplicates: int
    refused: int
    """Events that could not be written down."""
    waiting_for_room: int
    """Events that wait to be accepted, because the backlog is full."""
    rows: int
    """Unsettled rows, in memory or not."""
    bytes: int
    lanes: tuple[LaneCounts, ...]


class Lane:
    """The counts of one priority, as they change."""

    __slots__ = ("ages", "claimed", "ended", "routed", "waiting")

    def __init__(self) -> None:
        self.waiting = 0
        self.claimed = 0
        self.routed = 0
        self.ended: dict[InboundState, int] = {}
        self.ages = Ages()

    def came(self, seq: int, at: float) -> None:
        """Count a new row that waits."""
        self.waiting += 1
        self.ages.add(seq, at)

    def came_back(self, seq: int, at: float | None) -> None:
        """Count a row that waits again, because its claimer is gone."""
        self.waiting += 1
        self.ages.add_again(seq, at)

    def took(self, seq: int) -> None:
        """Count a row that was claimed."""
        self.waiting -= 1
        self.claimed += 1
        self.routed += 1
        self.ages.remove(seq)

    def settled(self, state: InboundState) -> None:
        """Count a row that has ended."""
        self.ended[state] = self.ended.get(state, 0) + 1

    def counts(self, priority: Priority, now: float) -> LaneCounts:
        oldest = self.ages.oldest()
        return LaneCounts(
            priority=priority.name.lower(),
            waiting=self.waiting,
            oldest_seconds=None if oldest is None else max(0.0, now - oldest),
            in_hand=self.claimed,
            routed=self.routed,
            ended={state.value: n for state, n in sorted(self.ended.items())},
        )
