"""What every store of laters promises, and what the file keeps beyond a process."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path
from typing import TypeAlias

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from trio.testing import MockClock

from actors.journal import Claim, FileJournal, Inline, SqliteStore
from actors.kernel import System
from actors.messages import Chat, ChatAddress, ChatKind, InboundState, Role, Sender
from actors.schedule import (
    LATERS,
    Later,
    LaterStore,
    MemoryLaterStore,
    Missed,
    Schedule,
    Scheduler,
    ShelvedLaterStore,
    Timetable,
    every,
)
from actors.schedule.shelved import decode, encode
from supervision import Backoff, ChildSpec, Supervisor
from tests.actors.journal.forms import crash, in_file
from tests.actors.schedule.office import Wall, hours, since

Opened: TypeAlias = Callable[[Path], AbstractAsyncContextManager[LaterStore]]

json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
addresses = st.builds(
    ChatAddress,
    st.text(min_size=1),
    st.text(min_size=1),
    st.builds(Chat, st.sampled_from(ChatKind), st.text(min_size=1)),
)
# A platform's name for somebody may hold anything, half a surrogate pair, too.
names = st.text(st.characters(exclude_categories=()))
laters = st.builds(
    Later,
    id=st.text(st.characters(codec="ascii"), min_size=1),
    bot=st.text(min_size=1),
    handler=st.text(min_size=1),
    due=st.floats(0, 1e11),
    args=st.dictionaries(st.text(), json, max_size=3),
    to=st.none() | addresses,
    sender=st.none()
    | st.builds(Sender, names, names, st.sampled_from(Role), st.booleans()),
    trace=st.text(),
)


@asynccontextmanager
async def in_memory(_: Path) -> AsyncIterator[LaterStore]:
    yield MemoryLaterStore()


@asynccontextmanager
async def in_the_file(folder: Path) -> AsyncIterator[LaterStore]:
    async with in_file(folder) as journal:
        yield ShelvedLaterStore(journal.shelf(LATERS))


def asked(name: str, due: float = 60.0) -> Later:
    return Later(id=name, bot="demo", handler="later:ring", due=due)


@pytest.mark.parametrize("opened", [in_memory, in_the_file])
async def test_each_is_kept_once_until_it_is_removed(
    tmp_path: Path, opened: Opened
) -> None:
    async with opened(tmp_path) as store:
        await store.add(asked("a"))
        await store.add(asked("b"))
        await store.add(asked("a", 90.0))
        assert sorted(await store.load(), key=lambda one: one.id) == [
            asked("a"),
            asked("b"),
        ]
        await store.remove("a")
        await store.remove("a")
        assert await store.load() == [asked("b")]


@given(laters)
def test_a_later_comes_out_of_the_file_as_it_went_in(later: Later) -> None:
    assert decode(later.id, encode(later)) == later


async def test_what_was_added_is_there_after_a_kill(tmp_path: Path) -> None:
    async with in_file(tmp_path) as journal:
        await ShelvedLaterStore(journal.shelf(LATERS)).add(asked("a"))
        await crash(journal)
    async with in_the_file(tmp_path) as store:
        assert await store.load() == [asked("a")]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"sender": [1]}', b"\xff"])
async def test_what_cannot_be_read_hides_nothing_else_and_stays(
    tmp_path: Path, body: bytes
) -> None:
    async with in_the_file(tmp_path) as store:
        await store.add(asked("a"))
    file = tmp_path / "journal.sqlite"
    with closing(sqlite3.connect(file, isolation_level=None)) as db:
        db.execute("INSERT INTO shelf VALUES ('later', 'bad', ?)", (body,))
        db.execute("INSERT INTO shelf VALUES ('other', 'x', x'00')")
    with capture_logs() as logs:
        async with in_the_file(tmp_path) as store:
            assert await store.load() == [asked("a")]
    told = [entry for entry in logs if entry["event"] == "schedule.later_unreadable"]
    assert [entry["id"] for entry in told] == ["bad"]
    with closing(sqlite3.connect(file)) as db:
        assert db.execute("SELECT count(*) FROM shelf").fetchone() == (3,)


@asynccontextmanager
async def process(
    folder: Path, wall: Wall, schedule: Schedule
) -> AsyncIterator[tuple[FileJournal, Timetable]]:
    """Live once on the file in *folder*, until the block ends or the power does."""
    store = SqliteStore(
        folder / "journal.sqlite", new_id="test", wall_clock=wall.__call__
    )
    journal = FileJournal(
        store, trio.current_time, wall.__call__, run=Inline(lambda: 0.001)
    )
    timetable = Timetable(ShelvedLaterStore(journal.shelf(LATERS)), wall)

    def scheduler() -> Scheduler:
        return Scheduler(timetable, journal, nap=1e9)

    children = [ChildSpec("scheduler", scheduler, backoff=Backoff(first=0.01))]
    async with (
        journal.running(),
        System(Supervisor(children=children).actor, wall_clock=wall.__call__),
    ):
        timetable.declare("demo", [schedule])
        yield journal, timetable


async def begun(journal: FileJournal, life: int) -> list[float]:
    """Take and settle what has come due, as a router does."""
    claim = Claim("/router", life)
    await journal.release(claim)
    found = []
    while rows := await journal.claim_inbound(claim, 100):
        for row in rows:
            found.append(since(row.event.facts["due"]))
            journal.settle_inbound(claim, row.seq, InboundState.DONE)
    return found


@pytest.mark.parametrize("missed", Missed)
@pytest.mark.parametrize("killed", [False, True])
async def test_runs_and_laters_go_on_in_the_next_process(
    tmp_path: Path, autojump_clock: MockClock, missed: Missed, killed: bool
) -> None:
    wall, found = Wall(), list[float]()
    schedule = Schedule("every:x", every("1h"), missed)
    for life in range(1, 5):
        async with process(tmp_path, wall, schedule) as (journal, timetable):
            await trio.sleep(1)
            if life == 1:
                for name, due in enumerate(hours(0.25, 3.25, 4.9, 9.25)):
                    await timetable.keep(asked(str(name), wall.ahead + due))
            await trio.sleep(1.5 * 3600)
            found += await begun(journal, life)
            await trio.sleep(1)
            if killed:
                await crash(journal)
        await trio.sleep(1.5 * 3600)
    # Up from 0 to 1.5, 3 to 4.5, 6 to 7.5 and 9 to 10.5; a little later each time.
    once = hours(0.25, 3.25, 4.9, 9.25)
    assert [due for due in found if due in once] == once
    runs = [round(due / 3600, 2) for due in found if due not in once]
    assert (
        runs
        == {
            Missed.ONCE: [1, 3, 4, 6, 7, 9, 10],
            Missed.ALL: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
            Missed.SKIP: [1, 3, 4, 6, 7, 9, 10],
        }[missed]
    )


async def test_a_host_that_dies_between_two_commits_begins_a_later_once(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    """Killed after the event was written and before the later was forgotten."""
    wall, found = Wall(), list[float]()
    schedule = Schedule("every:x", every("1d"))
    for life in range(1, 4):
        async with process(tmp_path, wall, schedule) as (journal, timetable):
            await trio.sleep(1)
            if life == 1:
                await timetable.keep(asked("a", wall.ahead + 60))
                timetable._store.remove = _never  # type: ignore[method-assign]
            await trio.sleep(100)
            found += await begun(journal, life)
            await trio.sleep(1)
            await crash(journal)
    assert found == [60]


async def _never(id: str) -> None:  # noqa: A002 - the name that is replaced
    await trio.sleep_forever()
