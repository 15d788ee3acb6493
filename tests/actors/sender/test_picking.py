"""What was picked and is not committed yet: given back where nobody may say it any more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from actors.journal import OutboundRow
from actors.kernel import System
from actors.messages import OutboundState
from actors.sender import DrainSends, Sender
from actors.tracker import Receipt
from tests.actors.journal.builders import end_and_start_again, saying
from tests.actors.journal.forms import in_file
from tests.actors.journal.sqlite.test_late import (
    ACCOUNT,
    SENDER,
    FullAtTimes,
    store_in,
)
from tests.actors.sender.offices import FakeLine, Office, office

S = OutboundState


class Desk:
    """A sender whose disk is full while three chats are answered."""

    def __init__(self, parts: Office, system: System, store: FullAtTimes) -> None:
        self.parts = parts
        self.system = system
        self.store = store
        self.receipts: list[Receipt] = []

    async def _say(self, room: str) -> None:
        self.receipts.append(await self.parts.outbox.say(saying(f"k{room}", room)))

    @asynccontextmanager
    async def full(self) -> AsyncIterator[None]:
        """Say something that cannot be committed before the block ends."""
        self.store.full = True
        async with trio.open_nursery() as nursery:
            for room in "abc":
                nursery.start_soon(self._say, room)
            with capture_logs():
                await trio.sleep(5)
                yield
                self.store.full = False

    async def outcomes(self) -> set[OutboundState]:
        return {(await each.outcome(within=60.0)).state for each in self.receipts}


@asynccontextmanager
async def desk(folder: Path) -> AsyncIterator[Desk]:
    store = store_in(folder)
    async with (
        in_file(folder, store=store) as journal,
        office(journal) as (parts, system),
    ):
        yield Desk(parts, system, store)


async def test_a_line_that_comes_back_during_the_commit_says_it_once(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """Law 8: both that picked it hear of the commit, and one of them may say it."""
    async with desk(tmp_path) as at:
        first, second = FakeLine(), FakeLine()
        at.parts.lines.connect(first)
        async with at.full():
            at.parts.lines.disconnect(first)
            await trio.sleep(5)
            at.parts.lines.connect(second)
            await trio.sleep(5)
        assert await at.outcomes() == {S.SENT}
        await trio.sleep(5)
    assert first.keys == []
    assert sorted(second.keys) == ["ka", "kb", "kc"]


async def test_a_sender_that_ends_during_the_commit_leaves_nothing_unknown(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """Law 6: no byte has left, so the next incarnation says it."""
    async with desk(tmp_path) as at:
        line = FakeLine()
        at.parts.lines.connect(line)
        async with at.full():
            await end_and_start_again(at.system, "/sender", at.parts.sender)
        assert await at.outcomes() == {S.SENT}
    assert sorted(line.keys) == ["ka", "kb", "kc"]


async def test_nothing_begins_once_sending_was_drained(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """Leaving: what was not on the wire stays in the outbox."""
    async with desk(tmp_path) as at:
        line = FakeLine()
        at.parts.lines.connect(line)
        async with at.full():
            sender = at.system.find("/sender", Sender)
            assert await sender.ask(DrainSends(within=3.0), within=10.0) == 0
        await trio.sleep(30)
        assert {each.state for each in at.receipts} == {S.QUEUED}
    assert line.keys == []


async def test_what_was_given_back_and_picked_again_is_handed_out_once(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """Also where both commits are one, and the same incarnation picks twice."""
    store = store_in(tmp_path)
    async with in_file(tmp_path, store=store) as journal:
        await journal.enqueue(saying("k"), expires_at=600)
        told: list[list[OutboundRow]] = []
        (row,) = journal.pick_outbound(SENDER, ACCOUNT)
        journal.hand_out(SENDER, [row], told.append)
        assert journal.requeue_outbound(SENDER, row.seq, trio.current_time())
        (again,) = journal.pick_outbound(SENDER, ACCOUNT)
        journal.hand_out(SENDER, [again], told.append)
        await trio.sleep(5)
    assert told == [[], [again]]
