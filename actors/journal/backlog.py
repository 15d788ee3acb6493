"""What the index of what came in is made of: limits, records, backlogs, accounts."""

from __future__ import annotations

from math import inf
from typing import TypeAlias

from attrs import frozen

from actors.journal.dedup import Dedup
from actors.journal.tallies import Lane, PlatformCounts
from actors.journal.values import Claim, InboundRow
from actors.lanes import Places
from actors.messages import Inbound, InboundState, Priority, priority_of

AccountChat: TypeAlias = tuple[str, str, str]
"""(account, kind of chat, id of chat): rows of one chat are handed out in order. Empty kind
and id: those that belong to no chat."""
MarkKey: TypeAlias = tuple[str, str, str, int]
"""(kind of chat, id of chat, id of the event, number of the edit)."""
DERIVED_BELOW_SECONDS = 3600.0
"""An id that is remembered for no longer than this is a derived one; see `is_derived`."""


@frozen(kw_only=True)
class InboxLimits:
    """How much an inbox holds; for each platform, unless it says otherwise."""

    rows: int = 100_000
    """Unsettled rows; when there are more, `append` waits."""
    size_bytes: int = 256 * 1024 * 1024
    """The same, by size."""
    claimed: int = 2_500
    """Rows in somebody's hand: a noisy platform leaves room for the others. Of bulk a
    fifth less, so that there is room for what is more urgent."""
    own: int = 64
    """So many of these are the platform's own, whatever all the others have in hand."""
    claimed_per_chat: int = 64
    """Rows of one chat in somebody's hand: a noisy chat leaves room for its neighbours."""
    marks: int = 100_000
    """Dedup marks, for each account."""
    settled: int = 1_000
    """Settled rows kept to look at, of all platforms. They are in memory only and end with
    the process, so few will do."""
    settled_bytes: int = 16 * 1024 * 1024
    """The same, by size."""
    shared: int = 8_000
    """Rows in somebody's hand beyond what is each platform's own, of all platforms."""
    waiting: float = inf
    """Rows that nobody has claimed and whose content is in memory, of all platforms. Only
    to be limited where there is a file to fetch the others from."""

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
        chat: AccountChat,
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
        """How many claimers have died with it in hand."""
        self.aside = False
        """Claimed, but without a place among the claimed ones; see `Journal.set_aside`."""
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
        """Counts the sessions that began without knowing whose login they are."""
        self.cursor: str | None = None
        """The cursor that any of its accounts was moved to last."""
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
        """Count one row of that size less."""
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
        """The value of `Backlog.begun` when an event was given up before it was accepted."""

    def tear(self) -> None:
        """Note that an event was given up before it was accepted.

        Until a new session begins, which is told that event again, the cursor must not
        move past it.
        """
        self.torn_in = self.backlog.begun

    @property
    def torn(self) -> bool:
        """Whether an event was given up and no session has begun since."""
        return self.torn_in == self.backlog.begun

    def move(self, cursor: str) -> None:
        """Note that everything up to *cursor* is journalled."""
        if not self.torn:
            self.cursor = self.backlog.cursor = cursor

    def begin(self) -> str | None:
        """Begin a session: return the cursor that it goes on from.

        A session that does not know yet whose login it is (an empty name) begins for
        every account of its platform, and goes on where any of them was last.
        """
        if self.name:
            self.torn_in = None
            return self.cursor
        self.backlog.begun += 1
        return self.backlog.cursor


def is_derived(event: Inbound) -> bool:
    """Say whether the id of *event* was made of its fields, because the wire has none."""
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


def chat_key(account: str, event: Inbound) -> AccountChat:
    """Return whose order *event* has to keep."""
    chat = event.chat
    return (account, "", "") if chat is None else (account, chat.kind, chat.id)


def mark_key(event: Inbound) -> MarkKey:
    """Return by what *event* is recognised when it comes again."""
    chat = event.chat
    if chat is None:
        return ("", "", event.id, event.edit)
    return (chat.kind, chat.id, event.id, event.edit)
