"""A start that takes its time: a file of millions of rows, a disk that is cold."""

from __future__ import annotations

from pathlib import Path

import trio
from trio.testing import MockClock

from actors.journal import Claim
from actors.journal.sqlite.tempo import HANGS_SECONDS
from tests.actors.journal.builders import event
from tests.actors.journal.forms import in_file

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
