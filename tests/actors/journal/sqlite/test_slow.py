"""Work that takes its time: a file of millions of rows, a disk that is cold."""

from __future__ import annotations

from pathlib import Path

import trio
from trio.testing import MockClock

from actors.journal import Claim, FileJournal, Inline
from actors.journal.sqlite.tempo import HANGS_SECONDS
from tests.actors.journal.builders import event
from tests.actors.journal.forms import file_store, in_file

ROUTER = Claim("router", 1)
SLOW = HANGS_SECONDS + 1.0


async def test_who_was_sent_away_during_a_slow_start_is_called_when_it_is_over(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """Law 8: what waits is handled, also when nothing new comes in to ring for it."""
    async with in_file(tmp_path) as journal:
        await journal.append("qq", "1", event("before"), trace="t")

    async with in_file(tmp_path, latency=SLOW) as journal:
        rings: list[float] = []
        journal.on_inbound(lambda: rings.append(trio.current_time()))
        assert await journal.claim_inbound(ROUTER, 5) == []
        await journal.cursor("qq", "1")  # waits until it is open

        assert len(rings) == 1
        (row,) = await journal.claim_inbound(ROUTER, 5)
        assert row.event.id == "before"


async def test_a_slow_start_is_not_called_a_write(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with in_file(tmp_path, latency=2 * SLOW) as journal:
        await trio.sleep(SLOW)
        assert journal.health.state == "stalled"
        assert journal.health.why.startswith("opening it has taken 6 s")
        await journal.cursor("qq", "1")
        assert journal.health.state == "open"


async def test_who_was_sent_away_while_it_was_compacted_is_called_when_that_is_over(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    latency = 0.0
    clock = trio.current_time
    journal = FileJournal(
        file_store(tmp_path, wall_clock=clock),
        clock,
        clock,
        run=Inline(lambda: latency),
    )
    async with journal.running(), trio.open_nursery() as nursery:
        await journal.append("qq", "1", event("before"), trace="t")
        rings: list[float] = []
        journal.on_inbound(lambda: rings.append(trio.current_time()))
        latency = SLOW
        nursery.start_soon(journal.compact)
        await trio.sleep(SLOW - 0.5)
        assert await journal.claim_inbound(ROUTER, 5) == []
        latency = 0.0
        await trio.sleep(1.0)

        assert len(rings) == 1
        assert len(await journal.claim_inbound(ROUTER, 5)) == 1
