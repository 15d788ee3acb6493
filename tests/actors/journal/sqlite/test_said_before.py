"""What is said again after a restart, by who does not know that the file has it."""

from __future__ import annotations

from pathlib import Path

import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.journal import Claim
from actors.messages import OutboundState, Outcome
from tests.actors.journal.builders import saying
from tests.actors.journal.claiming import claimed_outbound
from tests.actors.journal.forms import in_file
from tests.actors.journal.sqlite.test_late import store_in

SENDER = Claim("sender", 1)
ACCOUNT = ("qq", "1")
SENT = Outcome(OutboundState.SENT, message_id="m1")


async def test_nobody_takes_what_was_sent_for_what_still_waits(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """An edit of it that is repeated would be refused: the message was not said yet."""
    async with in_file(tmp_path, store=store_in(tmp_path)) as journal:
        await journal.enqueue(saying("a"), expires_at=10_000)
        (row,) = await claimed_outbound(journal, SENDER, ACCOUNT)
        assert journal.settle_outbound(SENDER, row.seq, SENT)

    store = store_in(tmp_path)
    found: list[Outcome | None] = []
    async with in_file(tmp_path, store=store) as journal:

        async def say() -> None:
            assert not (await journal.enqueue(saying("a"), expires_at=10_000)).fresh

        async def find() -> None:
            found.append(await journal.find_outcome("a"))

        store.full = True
        async with trio.open_nursery() as nursery:
            nursery.start_soon(say)
            await wait_all_tasks_blocked()
            nursery.start_soon(find)
            await wait_all_tasks_blocked()
            assert not found
            store.full = False
        assert found == [SENT]
