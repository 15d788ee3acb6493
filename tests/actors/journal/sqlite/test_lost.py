"""Rows that might be lost from sight: between the file and the index nobody is forgotten."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from actors.journal import Claim
from actors.messages import InboundState
from tests.actors.journal.builders import event
from tests.actors.journal.forms import in_file

ROUTER = Claim("router", 1)
ROWS = 10


async def test_a_lost_row_does_not_silence_those_behind_it(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """Whoever is handed fewer rows than asked for waits for the bell: it has to ring."""
    async with in_file(tmp_path) as journal:
        for n in range(ROWS):
            await journal.append("qq", "1", event(str(n), str(n)), trace="t")
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as db, db:
        db.execute("UPDATE inbound SET body = x'ff' WHERE seq = 6")

    async with in_file(tmp_path) as journal:
        rings = [1]  # a router looks once at its start
        journal.on_inbound(lambda: rings.append(1))
        await journal.cursor("qq", "1")
        seen: list[str] = []
        while rings:
            rings.clear()
            rows = await journal.claim_inbound(ROUTER, 4)
            if len(rows) == 4:
                rings.append(1)  # nor does it wait while there may be more
            for row in rows:
                seen.append(row.event.id)
                journal.settle_inbound(ROUTER, row.seq, InboundState.DONE)
        assert seen == [str(n) for n in range(ROWS) if n != 5]
        assert journal.counts().ended["failed"] == 1


@pytest.mark.parametrize("patience", [0.5, 1.5, 2.5, 3.5])
async def test_an_event_begins_again_though_whoever_asked_has_left(
    autojump_clock: MockClock, tmp_path: Path, patience: float
) -> None:
    """Law 8: new in the file and not in the index, it would wait for the next process."""
    async with in_file(tmp_path, latency=1.0) as journal:
        await journal.append("qq", "1", event("1"), trace="t")
        (row,) = await journal.claim_inbound(ROUTER, 1)
        journal.settle_inbound(ROUTER, row.seq, InboundState.FAILED)
        await journal.written()
        with trio.move_on_after(patience):
            await journal.hear_again(row.seq)
        await journal.written()
        with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as db:
            ((state,),) = db.execute("SELECT state FROM inbound").fetchall()
        again = await journal.claim_inbound(ROUTER, 1)
        assert [each.seq for each in again] == ([row.seq] if state == "new" else [])
        assert again or patience < 3
