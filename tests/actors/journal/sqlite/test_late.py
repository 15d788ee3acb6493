"""A claim whose commit took so long that what was claimed must not leave any more."""

from __future__ import annotations

from pathlib import Path

import trio
from trio.testing import MockClock

from actors.journal import Claim, FileJournal, OutboundRow, SqliteStore
from actors.journal.sqlite.troubles import Trouble, TroubleKind
from actors.messages import OutboundState, Outcome
from tests.actors.journal.builders import saying
from tests.actors.journal.claiming import claimed_outbound
from tests.actors.journal.forms import in_file

SENDER = Claim("sender", 1)
ACCOUNT = ("qq", "1")
KNOWN_SECONDS = 600.0
UNKNOWN = Outcome(OutboundState.UNKNOWN, "no answer")


class FullAtTimes(SqliteStore):
    """Writes nothing down while its disk is full."""

    full = False

    def commit(self, batch: object) -> list[object]:
        if self.full:
            raise Trouble(TroubleKind.FULL, "database or disk is full")
        return super().commit(batch)  # type: ignore[arg-type]


def store_in(folder: Path) -> FullAtTimes:
    return FullAtTimes(
        folder / "journal.sqlite", new_id="test", wall_clock=trio.current_time
    )


async def claimed(journal: FileJournal) -> list[OutboundRow]:
    return await claimed_outbound(journal, SENDER, ACCOUNT)


async def claimed_while_full(
    journal: FileJournal, store: FullAtTimes, seconds: float
) -> list[OutboundRow]:
    """Claim, and have room for the commit *seconds* later."""
    rows: list[OutboundRow] = []

    async def claim() -> None:
        rows.extend(await claimed(journal))

    store.full = True
    async with trio.open_nursery() as nursery:
        nursery.start_soon(claim)
        await trio.sleep(seconds)
        store.full = False
    return rows


async def doubtful(journal: FileJournal) -> None:
    """Let the first of a chat be unknown, and another one wait behind it."""
    journal.trust_keys(ACCOUNT, KNOWN_SECONDS)
    for key in ("first", "second"):
        await journal.enqueue(saying(key), expires_at=10_000)
    (row,) = await claimed(journal)
    assert journal.settle_outbound(SENDER, row.seq, UNKNOWN)


async def test_nothing_is_repeated_whose_key_was_forgotten_during_the_commit(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """Law 6: it stays unknown, and what waits behind it in its chat goes on."""
    store = store_in(tmp_path)
    async with in_file(tmp_path, store=store) as journal:
        await doubtful(journal)
        rung: list[object] = []
        journal.on_outbound(rung.append)
        assert await claimed_while_full(journal, store, KNOWN_SECONDS + 1) == []
        assert rung == [ACCOUNT], "the sender that got nothing comes back"
        assert [row.out.key for row in await claimed(journal)] == ["second"]
        said = await journal.said_of("first")
        assert said is not None
        assert said.outcome.state is OutboundState.UNKNOWN


async def test_what_is_still_known_after_a_long_commit_is_repeated(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    store = store_in(tmp_path)
    async with in_file(tmp_path, store=store) as journal:
        await doubtful(journal)
        rows = await claimed_while_full(journal, store, KNOWN_SECONDS - 60)
        assert [row.out.key for row in rows] == ["first"]


async def test_what_went_stale_during_the_commit_is_not_said(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """Law 7: it has not left, so it is `expired`."""
    store = store_in(tmp_path)
    async with in_file(tmp_path, store=store) as journal:
        await journal.enqueue(saying("stale"), expires_at=100)
        assert await claimed_while_full(journal, store, 101) == []
        assert await claimed(journal) == []
        (shed,) = journal.take_expired(10)
        assert shed.out.key == "stale"
        assert shed.outcome.state is OutboundState.EXPIRED
