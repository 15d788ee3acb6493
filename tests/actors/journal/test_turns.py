"""Whose row is handed out next, whatever else waits: fairness at the journal's door."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from actors.journal import Claim, FileJournal, InboxLimits
from actors.journal.inbox import Inbox
from actors.messages import InboundState, Priority
from tests.actors.journal.builders import event, journal
from tests.actors.journal.forms import AnyJournal, crash, in_file

ROUTER = Claim("router", 1)
S = InboundState


def claimed(inbox: Inbox, limit: int = 100_000) -> list[tuple[str, int]]:
    return [
        (record.backlog.platform, record.seq) for record in inbox.claim(ROUTER, limit)
    ]


def test_a_backlog_beyond_the_window_leaves_room_for_a_new_row() -> None:
    """Law 4, B32: ninety thousand wait, nothing of them ever ends, and it is next."""
    inbox = Inbox(InboxLimits(waiting=1_000))
    noisy = inbox.account("noisy", "1")
    for seq in range(90_000):
        inbox.restore(noisy, ("group", str(seq % 5_000)), 1 + seq, 500, 0)
    in_hand = claimed(inbox)
    assert len(in_hand) == 2_250  # of 2,500, what is not kept for what is urgent
    assert inbox.resident == 2_250

    inbox.restore(inbox.account("quiet", "1"), ("group", "1"), 100_000, 500, 0)

    assert claimed(inbox) == [("quiet", 100_000)]


def test_many_platforms_that_hang_leave_each_one_its_own_places() -> None:
    """Law 4: what is everybody's may be gone, what is one's own is not."""
    limits = InboxLimits()
    inbox = Inbox(limits)
    for name in range(12):
        noisy = inbox.account(f"noisy{name}", "1")
        for seq in range(3_000):
            inbox.restore(noisy, ("group", str(seq)), 1 + name * 3_000 + seq, 500, 0)
    first = len(claimed(inbox))
    assert limits.shared - 250 <= first <= limits.shared + 12 * limits.own
    assert not inbox.ready

    quiet = inbox.account("quiet", "1")
    for n in range(100):
        inbox.restore(quiet, ("group", str(n)), 100_000 + n, 500, 0)

    assert Counter(name for name, _ in claimed(inbox)) == {"quiet": limits.own}
    assert inbox.claimed <= 9_000


def test_an_urgent_row_is_handed_out_while_its_platform_hangs() -> None:
    """Law 3: and takes along what stands before it in its chat (B25)."""
    inbox = Inbox()
    mine = inbox.account("qq", "1")
    for n in range(4_000):
        inbox.append(mine, event(str(n), str(n)), "t", 0.0, 1, priority=Priority.BULK)
    assert len(claimed(inbox)) == 2_000
    before = inbox.append(
        mine, event("before", "ops"), "t", 0.0, 1, priority=Priority.BULK
    )
    urgent = inbox.append(
        mine, event("urgent", "ops"), "t", 0.0, 1, priority=Priority.URGENT
    )

    assert [seq for _, seq in claimed(inbox)] == [before, urgent]


rows = st.lists(
    st.tuples(
        st.sampled_from(["qq", "irc"]),
        st.sampled_from("xyz"),
        st.sampled_from(Priority),
    ),
    min_size=1,
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(rows, st.integers(1, 4))
def test_the_order_of_a_chat_is_kept_whatever_is_urgent(
    plan: list[tuple[str, str, Priority]], width: int
) -> None:
    """B25: priorities move chats, never the rows in them; and every row is counted."""
    inbox = Inbox(InboxLimits(claimed_per_chat=width, settled=0))
    came: dict[tuple[str, str], list[int]] = {}
    lanes: dict[int, tuple[str, str]] = {}
    for n, (platform, room, priority) in enumerate(plan):
        account = inbox.account(platform, "1")
        seq = inbox.append(
            account, event(str(n), room), "t", float(n), 1, priority=priority
        )
        came.setdefault((platform, room), []).append(seq)
        lanes[seq] = (platform, priority.name.lower())
    handed: dict[tuple[str, str], list[int]] = {}
    while records := inbox.claim(ROUTER, 3):
        for record in records:
            handed.setdefault((record.backlog.platform, record.chat[2]), []).append(
                record.seq
            )
            inbox.settle(ROUTER, record.seq, S.DONE, "")
    assert handed == came
    routed = {
        (platform.platform, lane.priority): (lane.routed, lane.ended)
        for platform in inbox.counts_of(0.0, lambda _: 0)
        for lane in platform.lanes
        if lane.routed
    }
    assert routed == {
        lane: (n, {"done": n}) for lane, n in Counter(lanes.values()).items()
    }


async def bring(store: AnyJournal, platform: str, n: int, room: str) -> None:
    await store.append(platform, "1", event(str(n), room), trace="t")


async def test_what_is_urgent_is_urgent_after_a_restart(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    def rank(_platform: str, _account: str, said: object) -> Priority:
        return Priority.URGENT if "urgent" in str(said) else Priority.BULK

    async with in_file(tmp_path) as store:
        store.rank_by(rank)
        for n in range(5):
            await bring(store, "qq", n, f"chat{n}")
        await bring(store, "qq", 6, "urgent")
        await crash(store)
    async with in_file(tmp_path) as store:
        assert isinstance(store, FileJournal)
        await store.cursor("qq", "1")
        (first, second) = await store.claim_inbound(ROUTER, 2)
        assert (first.seq, first.priority) == (6, Priority.URGENT)
        assert (second.seq, second.priority) == (1, Priority.BULK)


async def test_a_large_file_is_taken_over_page_by_page(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """Law 9: a million rows may wait in it; what is read of them at once is bounded."""
    count = 12_000
    async with in_file(tmp_path) as store:
        for n in range(count):
            await bring(store, "noisy", n, str(n % 50))
        await bring(store, "quiet", 1, "a")
        await crash(store)
    async with in_file(tmp_path) as store:
        pages: list[int] = []
        read = store._store.open_inbound

        def counted(after: int, limit: int) -> object:
            page = read(after, limit)
            pages.append(len(page))
            return page

        store._store.open_inbound = counted  # type: ignore[method-assign, assignment]
        await store.cursor("noisy", "1")
        assert pages == [5_000, 5_000, 2_001, 0]
        assert store._inbox.resident == 0
        quick = await store.claim_inbound(ROUTER, 2)
        assert {row.platform for row in quick} == {"noisy", "quiet"}
        (noisy, quiet) = store.platforms()
        assert (noisy.rows, quiet.rows) == (count, 1)


async def test_lanes_are_counted(autojump_clock: MockClock) -> None:
    """Per platform accepted, duplicate, refused; per lane depth, age and outcomes."""
    store = journal(clock=lambda: 30.0)
    for n in range(3):
        await bring(store, "qq", n, str(n))
    await bring(store, "qq", 0, "0")
    row, other = await store.claim_inbound(ROUTER, 2)
    store.settle_inbound(ROUTER, row.seq, S.FAILED, "raised")
    store.settle_inbound(ROUTER, other.seq, S.EXPIRED, "too old")
    (seen,) = store.platforms()
    assert (seen.accepted, seen.duplicates, seen.refused, seen.rows) == (3, 1, 0, 1)
    urgent, normal, bulk = seen.lanes
    assert (urgent.waiting, bulk.waiting) == (0, 0)
    assert (normal.priority, normal.waiting, normal.in_hand) == ("normal", 1, 0)
    assert (normal.oldest_seconds, urgent.oldest_seconds) == (0.0, None)
    assert (normal.routed, normal.ended) == (2, {"failed": 1, "expired": 1})
