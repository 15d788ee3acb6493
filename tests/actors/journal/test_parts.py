"""The parts of one message: written down together or not at all, in both journals."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from math import inf
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.journal import Claim, Queued
from actors.messages import Outbound, OutboundState, Outcome
from tests.actors.journal.builders import saying
from tests.actors.journal.claiming import claimed_outbound
from tests.actors.journal.forms import AnyJournal, crash, file_store, in_file, in_memory
from tests.actors.journal.sqlite.test_store import look

SENDER = Claim("sender", 1)
QQ = ("qq", "1")
FAR = 1e6

Open = Callable[[Path], AbstractAsyncContextManager[AnyJournal]]
both = pytest.mark.parametrize("opened", [in_memory, in_file])


def parts(*texts: str, key: str = "a") -> list[Outbound]:
    return [saying(f"{key}{n}", text=text) for n, text in enumerate(texts)]


def told(queued: list[Queued | None]) -> list[tuple[bool, bool, str] | None]:
    return [
        None if one is None else (one.fresh, one.same, one.outcome.state.value)
        for one in queued
    ]


async def drained(journal: AnyJournal) -> list[str]:
    """Everything that can be said, in the order in which it is."""
    keys = []
    while rows := await claimed_outbound(journal, SENDER, QQ):
        (row,) = rows
        keys.append(row.out.key)
        journal.settle_outbound(SENDER, row.seq, Outcome(OutboundState.SENT))
    return keys


@both
async def test_parts_are_rows_of_their_own_and_leave_in_order(
    autojump_clock: MockClock, tmp_path: Path, opened: Open
) -> None:
    async with opened(tmp_path) as journal:
        await journal.enqueue(saying("before"), expires_at=FAR)
        queued = await journal.enqueue_all(parts("one", "two", "three"), expires_at=FAR)
        await journal.enqueue(saying("after"), expires_at=FAR)
        assert told(queued) == [(True, True, "queued")] * 3
        assert await drained(journal) == ["before", "a0", "a1", "a2", "after"]


@both
async def test_a_known_first_part_stands_for_all(
    autojump_clock: MockClock, tmp_path: Path, opened: Open
) -> None:
    """Law 5: the first stands, also where another text would have had more parts."""
    async with opened(tmp_path) as journal:
        await journal.enqueue_all(parts("one", "two"), expires_at=FAR)
        again = await journal.enqueue_all(parts("one", "other", "more"), expires_at=FAR)
        assert told(again) == [
            (False, True, "queued"),
            (False, False, "queued"),
            None,
        ]
        assert await drained(journal) == ["a0", "a1"]
        (first, *_) = await journal.enqueue_all(parts("one", "two"), expires_at=FAR)
        assert first is not None
        assert first.outcome.state is OutboundState.SENT


@both
async def test_what_was_said_in_one_piece_is_not_said_again_in_several(
    autojump_clock: MockClock, tmp_path: Path, opened: Open
) -> None:
    """A limit may have changed between two runs of a handler."""
    async with opened(tmp_path) as journal:
        await journal.enqueue(saying("a0", text="one two"), expires_at=FAR)
        queued = await journal.enqueue_all(parts("one", "two"), expires_at=FAR)
        assert told(queued) == [(False, False, "queued"), None]
        assert await drained(journal) == ["a0"]


async def test_the_file_knows_parts_that_memory_has_forgotten(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with in_file(tmp_path) as journal:
        await journal.enqueue_all(parts("one", "two"), expires_at=FAR)
        assert await drained(journal) == ["a0", "a1"]
    async with in_file(tmp_path) as journal:
        queued = await journal.enqueue_all(
            parts("one", "other", "more"), expires_at=FAR
        )
        assert told(queued) == [
            (False, True, "sent"),
            (False, False, "sent"),
            None,
        ]
        assert await drained(journal) == []
        assert journal.counts().queued == 0


@pytest.mark.parametrize("state", [OutboundState.QUEUED, OutboundState.UNKNOWN])
async def test_parts_that_are_still_open_stay_so_when_all_are_said_again(
    autojump_clock: MockClock, tmp_path: Path, state: OutboundState
) -> None:
    """A handler runs again after a kill; the first part had been said, the others not."""
    said = parts("one", "two", "three")
    async with in_file(tmp_path) as journal:
        await journal.enqueue_all(said, expires_at=FAR)
        (row,) = await claimed_outbound(journal, SENDER, QQ)
        journal.settle_outbound(SENDER, row.seq, Outcome(OutboundState.SENT))
        if state is OutboundState.UNKNOWN:
            (row,) = await claimed_outbound(journal, SENDER, QQ)
            journal.settle_outbound(
                SENDER, row.seq, Outcome(state, "the line was lost")
            )
    async with in_file(tmp_path) as journal:
        again = await journal.enqueue_all(said, expires_at=FAR)
        assert told(again) == [
            (False, True, "sent"),
            (False, True, state.value),
            (False, True, "queued"),
        ]
        journal.trust_keys(QQ, inf)
        assert await drained(journal) == ["a1", "a2"]
        assert journal.counts().unknown == 0


async def test_a_part_that_leaves_while_all_are_said_again_is_sending_in_the_file(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """Law 6: killed now, the next process would say it again as if it had never left."""
    said = parts("one", "two", "three")
    async with in_file(tmp_path) as journal:
        await journal.enqueue_all(said, expires_at=FAR)
        (row,) = await claimed_outbound(journal, SENDER, QQ)
        journal.settle_outbound(SENDER, row.seq, Outcome(OutboundState.SENT))
    async with in_file(tmp_path, latency=1.0) as journal:
        await journal.cursor(*QQ)  # it is open
        async with trio.open_nursery() as nursery:
            nursery.start_soon(partial(journal.advance, "qq", "2", "c1"))
            await wait_all_tasks_blocked()  # a commit is on its way; the rest waits
            nursery.start_soon(partial(journal.enqueue_all, said, expires_at=FAR))
            await wait_all_tasks_blocked()
            (row,) = await claimed_outbound(journal, SENDER, QQ)
            assert row.out.key == "a1"
            state = look(tmp_path, "SELECT state FROM outbound WHERE key = 'a1'")
            assert state == [("sending",)]


async def test_two_who_say_the_same_at_once_say_it_once(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with in_file(tmp_path, latency=0.01) as journal:
        await journal.cursor("qq", "1")
        answers: list[list[Queued | None]] = []

        async def say() -> None:
            answers.append(
                await journal.enqueue_all(parts("one", "two"), expires_at=FAR)
            )

        async with trio.open_nursery() as nursery:
            nursery.start_soon(say)
            nursery.start_soon(say)
        assert sorted(one.fresh for each in answers for one in each if one) == [
            False,
            False,
            True,
            True,
        ]
        assert await drained(journal) == ["a0", "a1"]


@pytest.mark.parametrize("after", [0.0, 0.005, 0.011, 0.015, 0.021, 0.03])
async def test_a_process_that_dies_has_written_all_of_them_or_none(
    autojump_clock: MockClock, tmp_path: Path, after: float
) -> None:
    """Between two parts there is no instant at which one of them is lost."""
    store = file_store(tmp_path, wall_clock=trio.current_time)
    async with in_file(tmp_path, store=store, latency=0.01) as journal:
        await journal.cursor("qq", "1")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(
                lambda: journal.enqueue_all(parts("1", "2", "3"), expires_at=FAR)
            )
            await trio.sleep(after)
            await crash(journal)
            nursery.cancel_scope.cancel()
    rows = look(tmp_path, "SELECT key FROM outbound ORDER BY seq")
    assert [key for (key,) in rows] in ([], ["a0", "a1", "a2"])
    async with in_file(tmp_path) as journal:
        await journal.enqueue_all(parts("1", "2", "3"), expires_at=FAR)
        assert await drained(journal) == ["a0", "a1", "a2"]
