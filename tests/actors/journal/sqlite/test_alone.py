"""Whoever is alone is committed without a task between: the same promises, in a thread."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import trio
import trio.lowlevel
from structlog.testing import capture_logs
from trio.testing import MockClock

from actors.journal import (
    AccountKey,
    Claim,
    FileJournal,
    OutboundRow,
    OwnThread,
    SqliteStore,
)
from actors.journal.sqlite import tempo
from actors.journal.sqlite.effects import Effect
from actors.journal.sqlite.troubles import Trouble, TroubleKind
from actors.messages import InboundState, OutboundState, Outcome
from tests.actors.journal.builders import event, saying
from tests.actors.journal.sqlite.test_store import look

ROUTER = Claim("router", 1)
SENDER = Claim("sender", 1)
SENT = Outcome(OutboundState.SENT)


class Fragile(SqliteStore):
    """Counts its commits; those that are told to fail do so, once each."""

    commits = 0
    failing: tuple[Exception, ...] = ()

    def commit(self, batch: Sequence[Effect]) -> list[object]:
        if self.failing:
            error, *others = self.failing
            self.failing = tuple(others)
            raise error
        self.commits += 1
        return super().commit(batch)


def fragile(folder: Path) -> Fragile:
    path = folder / "journal.sqlite"
    return Fragile(path, new_id="test", wall_clock=lambda: 1e9)


def threaded(store: SqliteStore) -> FileJournal:
    return FileJournal(store, trio.current_time, lambda: 1e9, run=OwnThread("test"))


async def converse(journal: FileJournal, n: int) -> None:
    """Bring a message, answer it, settle both; what is rung for is claimed at once."""
    sent = trio.Event()

    def settle(rows: Sequence[OutboundRow]) -> None:
        (out,) = rows
        assert journal.settle_outbound(SENDER, out.seq, SENT)
        sent.set()

    def send(account: AccountKey) -> None:
        journal.hand_out(SENDER, journal.pick_outbound(SENDER, account), settle)

    journal.on_outbound(send)
    await journal.append("qq", "1", event(str(n)), trace="t")
    (row,) = await journal.claim_inbound(ROUTER, 5)
    await journal.enqueue(saying(f"k{n}"), expires_at=600)
    await sent.wait()
    assert journal.settle_inbound(ROUTER, row.seq, InboundState.DONE)


def test_a_message_and_its_reply_are_two_commits_however_tasks_take_turns(
    tmp_path: Path,
) -> None:
    """Design 5. Time stands still here, so that nothing is written because it waited."""
    store = fragile(tmp_path)

    async def main() -> None:
        async with threaded(store).running() as journal:
            await journal.cursor("qq", "1")
            for n in range(40):
                before = store.commits
                await converse(journal, n)
                assert store.commits == before + 2
            with trio.move_on_after(0):
                await trio.sleep_forever()

    trio.run(main, clock=MockClock())
    assert look(tmp_path, "SELECT count(*) FROM inbound WHERE state = 'done'") == [
        (40,)
    ]
    assert look(tmp_path, "SELECT count(*) FROM outbound WHERE state = 'sent'") == [
        (40,)
    ]


@pytest.mark.parametrize(
    "error", [Trouble(TroubleKind.FULL, "no space"), ValueError("a mistake of ours")]
)
async def test_one_that_fails_is_done_again_before_those_behind_it(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law 13, where no task was there to see it fail."""
    monkeypatch.setattr(tempo, "RETRY_SECONDS", 0.01)
    store = fragile(tmp_path)
    async with threaded(store).running() as journal, trio.open_nursery() as nursery:

        async def bring(name: str) -> None:
            await journal.append("qq", "1", event(name, name), trace="t")

        await journal.cursor("qq", "1")
        for n in range(0, 15, 3):
            store.failing = (error, error)
            with capture_logs():
                nursery.start_soon(bring, f"{n:02}")
                while journal.health.state == "open":
                    await trio.lowlevel.checkpoint()
                await bring(f"{n + 1:02}")
            assert journal.health.state == "open"
            await bring(f"{n + 2:02}")
    chats = look(tmp_path, "SELECT chat FROM inbound ORDER BY seq")
    assert chats == [(f"{n:02}",) for n in range(15)]
