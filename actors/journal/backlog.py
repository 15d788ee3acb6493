"""What the inbound half of a journal counts with: limits, rows, backlogs, accounts."""

from __future__ import annotations

from math import inf
from typing import TypeAlias

from attrs import frozen

from actors.journal.dedup import Dedup
from actors.journal.tallies import Lane, PlatformCounts
from actors.journal.values import Claim, InboundRow
from actors.lanes import Places
from actors.messages import Inbound, InboundState, Priority, priority_of

ChatKey: TypeAlias = tuple[str, str, str]
"""Account, kind and id."""
MarkKey: TypeAlias = tuple[str, str, str, int]
DERIVED_BELOW_SECONDS = 3600.0
"""Ids that live shorter are derived ones, and have a window of their own."""


@frozen(kw_only=True)
class InboxLimits:
    """How much an inbox holds. All of them per platform, but the last five."""

    rows: int = 100_000
    """Unsettled rows; beyond, `append` waits."""
    size_bytes: int = 256 * 1024 * 1024
    """The same, by size."""
    claimed: int = 2_500
    """Rows in somebody's hand: a noisy platform leaves room for the others. Of bulk a
    fifth less, so that there is room for what is more urgent."""
    own: int = 64
    """As many of these are the platform's own, whatever all the others have in hand."""
    claimed_per_chat: int = 64
    """The same for a chat: a noisy chat leaves room for its neighbours."""
    marks: int = 100_000
    """Dedup marks per account."""
    settled: int = 1_000
    """Settled rows kept to look at. They end with the process anyway, so few will do."""
    settled_bytes: int = 16 * 1024 * 1024
    shared: int = 8_000
    """Rows in somebody's hand beyond what is each platform's own."""
    waiting: float = inf
    """Rows in memory that nobody has claimed, of all platforms; only where there is a
    file to fetch the others from."""

    @property
    def places(self) -> Places:
        """Return how many rows may be in somebody's hand."""
        return Places(
            own=self.own,
            shared=self.shared,
            group=self.claimed,
            kept=self.claimed // 10,
            key=self.claimed_per_chat,
        )


class InboxRecord:
    """One row and where it stands."""

    __slots__ = (
        "aside",
        "backlog",
        "boots",
        "chat",
        "claim",
        "priority",
        "row",
        "seq",
        "size",
        "state",
        "why",
    )

    def __init__(
        self,
        seq: int,
        row: InboundRow | None,
        backlog: Backlog,
        chat: ChatKey,
        size: int,
        *,
        priority: Priority,
    ) -> None:
        self.seq = seq
        self.row = row
        """What to hand out; `None` while it is in the file only."""
        self.backlog = backlog
        self.chat = chat
        self.size = size
        self.priority = priority
        self.boots = 0
        self.aside = False
        """In somebody's hand, and in nobody's way."""
        self.state = InboundState.NEW
        self.claim: Claim | None = None
        self.why = ""


class Backlog:
    """What one platform has brought and nobody has settled yet, and its counts."""

    __slots__ = (
        "accepted",
        "begun",
        "cursor",
        "duplicates",
        "lanes",
        "platform",
        "refused",
        "rows",
        "size",
    )

    def __init__(self, platform: str) -> None:
        self.platform = platform
        self.begun = 0
        """Counts the sessions that did not know whose login they were."""
        self.cursor: str | None = None
        """Where the cursor of any of its accounts was moved to last."""
        self.rows = 0
        self.size = 0
        self.accepted = 0
        self.duplicates = 0
        self.refused = 0
        self.lanes = tuple(Lane() for _ in Priority)
        """By priority."""

    @property
    def waiting(self) -> int:
        return sum(lane.waiting for lane in self.lanes)

    @property
    def claimed(self) -> int:
        return sum(lane.claimed for lane in self.lanes)

    def shrink(self, size: int) -> None:
        """There is one row less."""
        self.rows -= 1
        # Of a row that was lost from the file nobody knows the size.
        self.size = self.size - size if self.rows else 0

    def counts(self, now: float, waiting_for_room: int) -> PlatformCounts:
        return PlatformCounts(
            platform=self.platform,
            accepted=self.accepted,
            duplicates=self.duplicates,
            refused=self.refused,
            waiting_for_room=waiting_for_room,
            rows=self.rows,
            bytes=self.size,
            lanes=tuple(
                self.lanes[priority].counts(priority, now) for priority in Priority
            ),
        )


class InboxAccount:
    """What one login of ours has brought: its marks, its cursor, its platform's backlog."""

    __slots__ = ("backlog", "cursor", "derived", "name", "named", "platform", "torn_in")

    def __init__(self, platform: str, name: str, backlog: Backlog, marks: int) -> None:
        self.platform = platform
        self.name = name
        self.backlog = backlog
        self.named: Dedup[MarkKey] = Dedup(marks)
        # Ids that were derived from fields live a minute. Apart, so that many of them
        # cannot push out those that must live a day.
        self.derived: Dedup[MarkKey] = Dedup(marks // 10)
        self.cursor: str | None = None
        self.torn_in: int | None = None
        """`Backlog.begun` when an event was given up before it was accepted."""

    def tear(self) -> None:
        """An event was given up: the cursor may not pass it until a session begins."""
        self.torn_in = self.backlog.begun

    @property
    def torn(self) -> bool:
        """Was an event given up that no session has asked for since?"""
        return self.torn_in == self.backlog.begun

    def move(self, cursor: str) -> None:
        """Everything up to *cursor* is journalled."""
        if not self.torn:
            self.cursor = self.backlog.cursor = cursor

    def begin(self) -> str | None:
        """Return where a new session goes on, which is told again what was given up.

        One that has no name yet begins for every account of its platform, and goes on
        where any of them was last.
        """
        if self.name:
            self.torn_in = None
            return self.cursor
        self.backlog.begun += 1
        return self.backlog.cursor


def is_derived(event: Inbound) -> bool:
    """Was its id derived from its fields, because the wire has none?"""
    return event.dedup_seconds <= DERIVED_BELOW_SECONDS


def packed(seq: int, priority: Priority) -> int:
    """Return one number that stands for a row which is in the file only: 40 bytes each."""
    return seq << 2 | priority


def unpacked(number: int) -> tuple[int, Priority]:
    """Return what *number* stands for."""
    return number >> 2, _PRIORITIES[number & 3]


def seq_of(item: InboxRecord | int) -> int:
    """Return the number of what waits in a queue."""
    return item >> 2 if isinstance(item, int) else item.seq


_PRIORITIES = tuple(Priority)


def by_itself(_platform: str, _account: str, event: Inbound) -> Priority:
    """Return how urgent an event is, as far as it says so itself."""
    return priority_of(event)


def chat_key(account: str, event: Inbound) -> ChatKey:
    chat = event.chat
    return (account, "", "") if chat is None else (account, chat.kind, chat.id)


def mark_key(event: Inbound) -> MarkKey:
    chat = event.chat
    if chat is None:
        return ("", "", event.id, event.edit)
    return (chat.kind, chat.id, event.id, event.edit)
