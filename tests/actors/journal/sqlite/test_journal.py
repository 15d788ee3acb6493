"""The form in a file: what it costs in memory and commits, and what cancelling leaves."""

from __future__ import annotations

from functools import partial
from math import inf
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.journal import (
    AccountKey,
    Appended,
    Arrived,
    Claim,
    FileJournal,
    InboxLimits,
    OutboundRow,
    OutgoingLimits,
    OwnThread,
    SqliteStore,
)
from actors.journal.inbox import Inbox
from actors.journal.sqlite.handouts import WAITING_ROWS
from actors.journal.sqlite.tempo import RIDE_SECONDS
from actors.messages import InboundState, OutboundState, Outcome
from tests.actors.journal.builders import event, saying
from tests.actors.journal.builders import journal as in_memory_journal
from tests.actors.journal.claiming import claimed_outbound
from tests.actors.journal.forms import crash, file_store, in_file
from tests.actors.journal.sqlite.test_store import look

ROUTER = Claim("router", 1)
SENDER = Claim("sender", 1)
ACCOUNT = ("qq", "1")
SENT = Outcome(OutboundState.SENT)


class Counted(SqliteStore):
    """Counts its commits, and can be told to keep somebody waiting."""

    commits = 0

    def commit(self, batch: object) -> list[object]:
        self.commits += 1
        return super().commit(batch)  # type: ignore[arg-type]


def counted(folder: Path) -> Counted:
    return Counted(
        folder / "journal.sqlite", new_id="test", wall_clock=trio.current_time
    )


async def bring(journal: FileJournal, n: int, room: str = "42") -> None:
    await journal.append("qq", "1", event(str(n), room), trace="t")


async def test_two_commits_lie_on_the_way_of_a_message_and_its_reply(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """Design 5: append; reply and `sending`. What became of both rides along."""
    store = counted(tmp_path)
    async with in_file(tmp_path, store=store, latency=0.01) as journal:
        await journal.cursor("qq", "1")
        rows: list[OutboundRow] = []

        def send(account: AccountKey) -> None:
            picked = journal.pick_outbound(SENDER, account)
            journal.hand_out(SENDER, picked, rows.extend)

        journal.on_outbound(send)
        await bring(journal, 1)
        (row,) = await journal.claim_inbound(ROUTER, 5)
        queued = await journal.enqueue(saying("k"), expires_at=600)
        await trio.lowlevel.checkpoint()
        assert [each.seq for each in rows] == [queued.seq]
        assert queued.outcome.state is OutboundState.QUEUED
        assert store.commits == 2

        assert journal.settle_outbound(SENDER, queued.seq, Outcome(OutboundState.SENT))
        assert journal.settle_inbound(ROUTER, row.seq, InboundState.DONE)
        await bring(journal, 2)
        assert store.commits == 3
        assert look(tmp_path, "SELECT state FROM inbound ORDER BY seq") == [
            ("done",),
            ("new",),
        ]
        assert look(tmp_path, "SELECT state FROM outbound") == [("sent",)]


async def test_who_waits_for_a_bot_that_is_away_loses_no_life_when_the_host_leaves(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """Law 8: quarantined is what was in hand when somebody died, not what waited."""
    for boot in range(5):
        async with in_file(tmp_path) as journal:
            await bring(journal, 1)
            (row,) = await journal.claim_inbound(ROUTER, 5)
            assert (row.event.id, row.boots) == ("1", 0), boot
            journal.leave()
    async with in_file(tmp_path) as journal:
        await journal.cursor("qq", "1")
        assert len(await journal.claim_inbound(ROUTER, 5)) == 1
        await bring(journal, 2)  # the claim rides along
        await crash(journal)
    async with in_file(tmp_path) as journal:
        await journal.cursor("qq", "1")  # it is open
        rows = await journal.claim_inbound(ROUTER, 5)
        assert [(row.event.id, row.boots) for row in rows] == [("1", 1), ("2", 0)]
        journal.leave()
        assert journal.settle_inbound(ROUTER, rows[1].seq, InboundState.DONE)
    async with in_file(tmp_path) as journal:
        await journal.cursor("qq", "1")  # it is open
        rows = await journal.claim_inbound(ROUTER, 5)
        assert [(row.event.id, row.boots) for row in rows] == [("1", 1)]


async def test_a_new_process_recalls_what_was_said(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """E21: what waits, what nobody knows and what was delivered, once, oldest first."""
    sent = Outcome(OutboundState.SENT, "", "77")
    async with in_file(tmp_path) as journal:
        assert journal.take_recalled() == []
        await trio.sleep(10)
        for key, outcome in (("named", sent), ("bare", Outcome(OutboundState.SENT))):
            await journal.enqueue(saying(key), expires_at=900)
            (row,) = await claimed_outbound(journal, SENDER, ACCOUNT)
            assert journal.settle_outbound(SENDER, row.seq, outcome)
        for room in ("lost", "waits"):
            await journal.enqueue(saying(room, room), expires_at=900)
        (row,) = await claimed_outbound(journal, SENDER, ACCOUNT)
        await journal.cursor("qq", "1")
        await trio.sleep(1)
        await crash(journal)
    async with in_file(tmp_path) as journal:
        await journal.cursor("qq", "1")
        recalled = journal.take_recalled()
        assert [(row.key, row.outcome.state) for row in recalled] == [
            ("named", OutboundState.SENT),
            ("lost", OutboundState.UNKNOWN),
            ("waits", OutboundState.QUEUED),
        ]
        assert recalled[0].outcome == sent
        assert recalled[0].to == saying("named").to
        assert recalled[0].at == pytest.approx(10, abs=1)
        assert journal.take_recalled() == []


async def test_what_nobody_waits_for_is_written_all_the_same(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    store = counted(tmp_path)
    async with in_file(tmp_path, store=store) as journal:
        await bring(journal, 1)
        (row,) = await journal.claim_inbound(ROUTER, 5)
        journal.settle_inbound(ROUTER, row.seq, InboundState.FAILED, "so")
        assert store.commits == 1
        await trio.sleep(2 * RIDE_SECONDS)
        assert store.commits == 2
        assert look(tmp_path, "SELECT state, why FROM inbound") == [("failed", "so")]
        await trio.sleep(3600)
        assert store.commits == 2, "an idle journal writes nothing"


async def test_those_who_wait_together_share_a_commit(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    store = counted(tmp_path)
    async with in_file(tmp_path, store=store, latency=0.01) as journal:
        await journal.cursor("qq", "1")
        async with trio.open_nursery() as nursery:
            for n in range(500):
                nursery.start_soon(bring, journal, n, str(n))
        assert store.commits <= 2
        assert journal.counts().new == 500


async def test_what_arrives_together_is_one_commit(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    store = counted(tmp_path)
    async with in_file(tmp_path, store=store) as journal:
        arrived = [Arrived(event(str(n), str(n)), "t") for n in range(60)]
        arrived.append(Arrived(event("60", "60"), "t", "cursor"))
        await journal.append_all("qq", "1", arrived)
        assert store.commits == 1, "the cursor is written with its events"
        assert journal.counts().new == 61
        assert await journal.cursor("qq", "1") == "cursor"


async def test_what_is_taken_at_once_is_one_commit_of_an_open_file(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    store = counted(tmp_path)
    told: list[str] = []
    arrived = [Arrived(event(str(n), str(n)), "t") for n in range(60)]

    def tell(one: Arrived, _: Appended) -> None:
        told.append(one.event.id)

    async with in_file(tmp_path, store=store) as journal:
        assert not journal.append_now("qq", "1", arrived, tell)
        await journal.cursor("qq", "1")
        assert journal.append_now("qq", "1", arrived, tell)
        assert not told
        await trio.sleep(1)
        assert store.commits == 1
        assert told == [str(n) for n in range(60)]


async def test_a_backlog_is_in_the_file_and_not_in_memory(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """Law 4: backlogs live in the journal, memory holds a window."""
    rows = 4 * WAITING_ROWS
    async with in_file(
        tmp_path, inbox=InboxLimits(claimed=100, claimed_per_chat=100)
    ) as journal:
        for n in range(rows):
            await bring(journal, n, str(n % 7))
        assert journal._inbox.resident <= WAITING_ROWS
        assert journal.counts().new == rows
        first = await journal.claim_inbound(ROUTER, 64)
        await crash(journal)

    # The next process begins with numbers only, and hands out the same rows in order.
    async with in_file(
        tmp_path, inbox=InboxLimits(claimed=100, claimed_per_chat=100)
    ) as journal:
        await journal.cursor("qq", "1")
        assert journal._inbox.resident == 0
        seen: dict[str, int] = {}
        handled = 0
        while taken := await journal.claim_inbound(ROUTER, 64):
            assert journal._inbox.resident <= WAITING_ROWS
            for row in taken:
                assert row.event.chat is not None
                room, n = row.event.chat.id, int(row.event.id)
                assert seen.get(room, -1) < n
                seen[room] = n
                assert journal.settle_inbound(ROUTER, row.seq, InboundState.DONE)
                handled += 1
        assert handled == rows
        assert {row.seq for row in first} <= set(range(1, rows + 1))
        assert journal._inbox.backlog_of("qq") == (0, 0)


async def test_room_that_is_made_while_we_look_is_not_missed(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """Law 4: when the last row ends in that instant, nobody is left who would let us in."""
    limits = InboxLimits(rows=1)
    async with in_file(tmp_path, inbox=limits, latency=1.0) as store:
        await store.append("qq", "1", event("1"), trace="t")
        (row,) = await store.claim_inbound(ROUTER, 1)
        with trio.fail_after(60):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(
                    partial(store.append, "qq", "1", event("2"), trace="t")
                )
                await trio.sleep(0.5)  # it is asked of the file whether it is known
                store.settle_inbound(ROUTER, row.seq, InboundState.DONE)
        assert store.counts().accepted == 2


def test_a_row_that_is_only_in_the_file_costs_little() -> None:
    """Measured, because a hundred thousand of them may wait per platform."""
    import tracemalloc

    inbox = Inbox(InboxLimits())
    account = inbox.account("qq", "1")
    tracemalloc.start()
    for seq in range(100_000):
        inbox.restore(account, ("group", "42"), 1_000 + seq, 500, 0)
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size / 100_000 < 60


async def test_bodies_beyond_the_window_are_fetched(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    limits = OutgoingLimits(bodies=2)
    async with in_file(tmp_path, outbox=limits) as journal:
        for n in range(6):
            await journal.enqueue(saying(f"k{n}", text=f"text {n}"), expires_at=600)
        assert journal._outgoing._bodies == 2
        said = []
        while rows := await claimed_outbound(journal, SENDER, ACCOUNT):
            said += [row.out for row in rows]
            journal.settle_outbound(SENDER, rows[0].seq, Outcome(OutboundState.SENT))
        assert said == [saying(f"k{n}", text=f"text {n}") for n in range(6)]
        assert journal._outgoing._bodies == 0


async def test_who_leaves_before_the_commit_is_accepted_all_the_same(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with in_file(tmp_path, latency=1.0) as journal:
        await journal.cursor("qq", "1")
        for work in (bring(journal, 1), journal.enqueue(saying("k"), expires_at=600)):
            with trio.move_on_after(0.5) as scope:
                await work
            assert scope.cancelled_caught
        await trio.sleep(5)
        assert journal.counts().new == 1
        assert journal.counts().queued == 1
        again = await journal.append("qq", "1", event("1"), trace="t")
        assert again.duplicate
        assert not (await journal.enqueue(saying("k"), expires_at=600)).fresh


async def test_a_sender_that_ends_while_it_claims_has_sent_nothing(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with in_file(tmp_path, latency=1.0) as journal:
        await journal.enqueue(saying("k"), expires_at=600)
        with trio.move_on_after(0.5) as scope:
            await claimed_outbound(journal, SENDER, ACCOUNT)
        assert scope.cancelled_caught
        assert journal.counts().queued == 1
        assert await journal.release(Claim("sender", 2)) == []
        (row,) = await claimed_outbound(journal, Claim("sender", 2), ACCOUNT)
        assert row.out.key == "k"


async def test_a_key_that_only_the_file_knows_is_not_said_again(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """Law 5: offered to the sender in the same commit, and taken back in it."""
    async with in_file(tmp_path) as journal:
        sent = await journal.enqueue(saying("k"), expires_at=600)
        await claimed_outbound(journal, SENDER, ACCOUNT)
        journal.settle_outbound(SENDER, sent.seq, Outcome(OutboundState.SENT, "", "77"))

    async with in_file(tmp_path, latency=0.1) as journal:
        claimed: list[object] = []

        async def send(limit: int) -> None:
            claimed.extend(await claimed_outbound(journal, SENDER, ACCOUNT, limit))

        await journal.cursor("qq", "1")
        async with trio.open_nursery() as nursery:
            journal.on_outbound(lambda _: nursery.start_soon(send, 2))
            again = await journal.enqueue(saying("k"), expires_at=600)
            assert (again.fresh, again.same) == (False, True)
            assert again.outcome == Outcome(OutboundState.SENT, "", "77")
            other = await journal.enqueue(saying("k", text="else"), expires_at=600)
            assert not other.same
            await wait_all_tasks_blocked()
            assert claimed == []
            assert journal.counts().sending == journal.counts().queued == 0
            # Its chat is free: the next one leaves.
            await journal.enqueue(saying("next"), expires_at=600)
        assert len(claimed) == 1


async def test_nothing_gives_way_for_what_the_file_knows(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """Said again after a restart, into a full outbox: it needs no room there."""
    limits = OutgoingLimits(queued=1)
    async with in_file(tmp_path) as journal:
        sent = await journal.enqueue(saying("k"), expires_at=600)
        await claimed_outbound(journal, SENDER, ACCOUNT)
        journal.settle_outbound(SENDER, sent.seq, SENT)

    async with in_file(tmp_path, outbox=limits) as journal:
        await journal.enqueue(saying("waits"), expires_at=600)
        again = await journal.enqueue(saying("k"), expires_at=600)
        (first, second) = await journal.enqueue_all(
            [saying("k"), saying("k/2")], expires_at=600
        )
        assert again == first
        assert (again.fresh, again.same, again.outcome) == (False, True, SENT)
        assert second is None
        assert (journal.counts().queued, journal.counts().dropped) == (1, 0)
        # What is new makes it give way as ever.
        assert (await journal.enqueue(saying("new"), expires_at=600)).fresh
        assert (journal.counts().queued, journal.counts().dropped) == (1, 1)


async def test_times_mean_the_same_after_a_restart(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """The monotonic clock begins anew; ages are kept by the calendar."""
    wall = 1_000_000.0

    def open_at(now: float) -> FileJournal:
        store = file_store(tmp_path, wall_clock=lambda: now)
        return FileJournal(store, trio.current_time, lambda: now, run=OwnThread("t"))

    async with open_at(wall).running() as journal:
        await bring(journal, 1)
        await journal.enqueue(saying("k"), expires_at=trio.current_time() + 600)
        await crash(journal)
    async with open_at(wall + 400).running() as journal:
        await journal.cursor("qq", "1")
        (row,) = await journal.claim_inbound(ROUTER, 5)
        assert trio.current_time() - row.received_at == pytest.approx(400, abs=1)
        expiry = journal.next_expiry()
        assert expiry is not None
        assert expiry - trio.current_time() == pytest.approx(200, abs=1)
        await crash(journal)
    async with open_at(
        wall - 9_000
    ).running() as journal:  # somebody set the clock back
        await journal.cursor("qq", "1")
        (row,) = await journal.claim_inbound(ROUTER, 5)
        assert row.received_at <= trio.current_time()


@pytest.mark.parametrize(
    ("jump", "idempotent_for", "repeats"),
    [(10.0, 60.0, True), (70.0, 60.0, False), (-9e3, 60.0, False), (-9e3, inf, True)],
)
async def test_a_clock_that_was_set_back_makes_no_key_known_for_longer(
    autojump_clock: MockClock,
    tmp_path: Path,
    jump: float,
    idempotent_for: float,
    repeats: bool,
) -> None:
    """Law 6: repeated where the platform is idempotent; where nobody can tell, it is listed."""

    def open_at(now: float) -> FileJournal:
        store = file_store(tmp_path, wall_clock=lambda: now)
        return FileJournal(store, trio.current_time, lambda: now, run=OwnThread("t"))

    async with open_at(1e6).running() as journal:
        await journal.enqueue(saying("k"), expires_at=trio.current_time() + 600)
        assert await claimed_outbound(journal, SENDER, ACCOUNT)
        await crash(journal)
    async with open_at(1e6 + jump).running() as journal:
        await journal.cursor("qq", "1")
        journal.trust_keys(ACCOUNT, idempotent_for)
        assert journal.can_claim(ACCOUNT) is repeats
        await crash(journal)


async def test_ours_and_memorys_id_are_known_when_there_is_a_row(
    tmp_path: Path,
) -> None:
    journal = FileJournal(file_store(tmp_path), trio.current_time, trio.current_time)
    with pytest.raises(RuntimeError, match="must be open"):
        _ = journal.id
    assert in_memory_journal().id == "test"


async def test_where_a_platform_was_is_known_to_the_next_process(
    tmp_path: Path,
) -> None:
    async with in_file(tmp_path) as journal:
        await journal.append("tiny", "rook", event("1"), trace="t", cursor="7")
    async with in_file(tmp_path) as journal:
        assert await journal.cursor("tiny", "") == "7"
        assert await journal.cursor("tiny", "rook") == "7"
