"""Law 13: whatever is wrong with the disk, nothing is lost and nobody has to restart us."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from actors.journal import (
    Appended,
    Claim,
    FileJournal,
    JournalKeeper,
    OwnThread,
    RowRefused,
)
from actors.journal.sqlite.effects import Effect, Numbers
from actors.journal.sqlite.schema import NotOurs
from actors.journal.sqlite.tempo import (
    CLOSE_IN_TROUBLE_SECONDS,
    HANGS_SECONDS,
    RETRY_SECONDS,
)
from actors.journal.sqlite.troubles import Trouble, TroubleKind, trouble_of
from actors.messages import InboundState
from tests.actors.journal.builders import event, nest, saying
from tests.actors.journal.claiming import claimed_outbound
from tests.actors.journal.forms import file_store, in_file
from tests.actors.journal.sqlite.broken import Disk, Valve
from tests.actors.journal.sqlite.test_late import store_in

ROUTER = Claim("router", 1)
SENDER = Claim("sender", 1)
FILE = "journal.sqlite"


class Bringing:
    """Somebody who waits until an event is accepted."""

    def __init__(self, journal: FileJournal, nursery: trio.Nursery) -> None:
        self._journal = journal
        self._nursery = nursery
        self.accepted: list[str] = []

    def bring(self, name: str) -> None:
        self._nursery.start_soon(self._bring, name)

    async def _bring(self, name: str) -> None:
        await self._journal.append("qq", "1", event(name, name), trace="t")
        self.accepted.append(name)


async def until(look: Callable[[], object], seconds: float = 60.0) -> None:
    with trio.fail_after(seconds):
        while not look():  # noqa: ASYNC110 - what it looks at tells nobody
            await trio.sleep(0.05)


async def stalls_and_recovers(
    journal: FileJournal, kind: TroubleKind, mend: Callable[[], None]
) -> None:
    """In trouble: nothing accepted, handed out or sent. Mended: everything goes on."""
    async with trio.open_nursery() as nursery:
        peer = Bringing(journal, nursery)
        peer.bring("during")
        await until(lambda: journal.health.state == "stalled")
        health = journal.health
        assert health.kind == kind
        assert "(" in health.why, "it says what to do"
        assert journal.in_trouble()
        assert await journal.claim_inbound(ROUTER, 5) == []
        await trio.sleep(3 * RETRY_SECONDS)
        assert peer.accepted == []

        rings: list[int] = []
        journal.on_inbound(lambda: rings.append(1))
        mended: list[int] = []
        journal.on_mended(lambda: mended.append(1))
        mend()

        await until(lambda: peer.accepted)
        assert journal.health.state == "open"
        assert not journal.in_trouble()
        assert mended
        assert rings, "who was sent away empty is told"
        rows = await journal.claim_inbound(ROUTER, 5)
        assert "during" in [row.event.id for row in rows]


async def test_a_full_disk(autojump_clock: MockClock, tmp_path: Path) -> None:
    disk = Disk()
    store = file_store(tmp_path, connect=disk.connect, wall_clock=trio.current_time)
    async with in_file(tmp_path, store=store) as journal:
        await journal.append("qq", "1", event("before"), trace="t")
        (row,) = await journal.claim_inbound(ROUTER, 5)
        disk.fill(tmp_path / FILE)
        store._let_go()
        for n in range(200):  # until the last page is taken
            if journal.health.state == "stalled":
                break
            with trio.move_on_after(2 * RETRY_SECONDS):
                await journal.append("qq", "1", event(f"{n}" * 2_000), trace="t")
        assert journal.settle_inbound(ROUTER, row.seq, InboundState.DONE)

        def mend() -> None:
            disk.pages = 0

        await stalls_and_recovers(journal, TroubleKind.FULL, mend)
        await journal._pump.settled()
    assert _states(tmp_path)[row.seq] == "done"


async def test_no_space_to_compact_in_holds_up_nobody(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """It needs as much again as the file has: the one who asked is told, and that is all."""
    store = file_store(tmp_path, wall_clock=trio.current_time)

    def compact() -> None:
        raise Trouble(TroubleKind.FULL, "database or disk is full")

    store.compact = compact  # type: ignore[method-assign]
    async with in_file(tmp_path, store=store) as journal:
        with trio.fail_after(60), pytest.raises(Trouble, match="free some space"):
            await journal.compact()
        assert journal.health.state == "open"
        with trio.fail_after(60):
            await journal.append("qq", "1", event("after"), trace="t")


async def test_a_file_that_another_program_holds(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with in_file(tmp_path) as journal:
        await journal.append("qq", "1", event("before"), trace="t")
        other = sqlite3.connect(tmp_path / FILE, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        journal._store._opened().execute("PRAGMA busy_timeout = 10")  # type: ignore[attr-defined]

        await stalls_and_recovers(journal, TroubleKind.LOCKED, other.close)


async def test_a_damaged_file_is_not_thrown_away(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """It is there at the start already; moving it away begins a new one."""
    path = tmp_path / FILE
    path.write_bytes(b"no database at all" * 1_000)
    async with in_file(tmp_path) as journal:
        assert await claimed_outbound(journal, SENDER, ("qq", "1")) == []

        def mend() -> None:
            shutil.move(path, tmp_path / "kept")

        await stalls_and_recovers(journal, TroubleKind.DAMAGED, mend)
        assert journal.id == "test"
    assert (tmp_path / "kept").read_bytes().startswith(b"no database")


async def test_damage_while_it_runs_is_mended_by_a_backup(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    path, backup = tmp_path / FILE, tmp_path / "backup"
    async with in_file(tmp_path) as journal:
        await journal.append("qq", "1", event("before"), trace="t")
        await journal._pump.settled()
        with closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        shutil.copy(path, backup)
        replacement = tmp_path / "replacement"
        replacement.write_bytes(b"\xff" * 50_000)
        replacement.replace(path)

        def mend() -> None:
            for name in (FILE, f"{FILE}-wal", f"{FILE}-shm"):
                (tmp_path / name).unlink(missing_ok=True)
            shutil.move(backup, path)

        await stalls_and_recovers(journal, TroubleKind.DAMAGED, mend)
        known = await journal.append("qq", "1", event("before"), trace="t")
        assert known.duplicate


async def test_another_journal_in_its_place_is_not_taken_for_it(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    async with in_file(other) as journal:
        await journal.append("qq", "1", event("theirs"), trace="t")
    with closing(sqlite3.connect(other / FILE)) as db, db:
        db.execute("UPDATE meta SET value = 'another' WHERE name = 'id'")

    async with in_file(tmp_path) as journal:
        await journal.append("qq", "1", event("ours"), trace="t")
        with closing(sqlite3.connect(tmp_path / FILE)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        shutil.move(tmp_path / FILE, tmp_path / "ours")
        shutil.move(other / FILE, tmp_path / FILE)

        def mend() -> None:
            for name in (f"{FILE}-wal", f"{FILE}-shm"):
                (tmp_path / name).unlink(missing_ok=True)
            shutil.move(tmp_path / "ours", tmp_path / FILE)

        await stalls_and_recovers(journal, TroubleKind.FOREIGN, mend)


async def test_a_file_that_was_moved_away_is_begun_anew(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """Rows written to a file that has no name any more would be gone with the process."""
    async with in_file(tmp_path) as journal:
        await journal.append("qq", "1", event("before"), trace="t")
        shutil.move(tmp_path / FILE, tmp_path / "moved")
        after = await journal.append("qq", "1", event("after"), trace="t")
    assert list(_states(tmp_path)) == [after.row]
    assert after.row == 2


async def test_a_folder_that_is_not_there(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    folder = tmp_path / "later"
    async with in_file(folder) as journal:
        await stalls_and_recovers(journal, TroubleKind.FORBIDDEN, folder.mkdir)


NOBODY = 65534
PROLOGUE = """
import os, sys, trio
from pathlib import Path

folder, home = map(Path, sys.argv[1:])
sys.path.insert(0, str(home))

from trio.testing import MockClock

from actors.journal.sqlite.troubles import TroubleKind
from tests.actors.journal.builders import event
from tests.actors.journal.forms import in_file
from tests.actors.journal.sqlite.test_troubles import NOBODY, stalls_and_recovers

"""
READ_ONLY = (
    PROLOGUE
    + """
if os.geteuid() == 0:
    os.setuid(NOBODY)

async def main():
    async with in_file(folder) as journal:
        await journal.append("qq", "1", event("before"), trace="t")
    for path, mode in ((folder / "journal.sqlite", 0o400), (folder, 0o500)):
        was = path.stat().st_mode
        path.chmod(mode)
        async with in_file(folder) as journal:
            await stalls_and_recovers(
                journal, TroubleKind.FORBIDDEN, lambda: path.chmod(was)
            )
        (folder / "journal.sqlite").unlink()
        async with in_file(folder) as journal:
            await journal.append("qq", "1", event("before"), trace="t")

trio.run(main, clock=MockClock(autojump_threshold=0))
print("recovered")
"""
)
NO_SPACE = (
    PROLOGUE
    + """
async def main():
    ballast = folder / "ballast"
    async with in_file(folder) as journal:
        await journal.append("qq", "1", event("before"), trace="t")
        with ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 1000)
            except OSError:
                pass
        for n in range(100):
            if journal.health.state == "stalled":
                break
            with trio.move_on_after(3):
                await journal.append("qq", "1", event(str(n)), trace="t")
        await stalls_and_recovers(journal, TroubleKind.FULL, ballast.unlink)

trio.run(main, clock=MockClock(autojump_threshold=0))
print("recovered")
"""
)


def test_a_file_that_may_not_be_written_is_told_and_not_begun() -> None:
    """In a process of its own: root may write everywhere, so it becomes somebody else."""
    home = Path(__file__).resolve().parents[4]
    with tempfile.TemporaryDirectory() as folder:
        if os.geteuid() == 0:
            os.chown(folder, NOBODY, -1)
        done = subprocess.run(
            [sys.executable, "-c", READ_ONLY, folder, str(home)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.stdout.endswith("recovered\n"), done.stderr


def test_a_disk_without_space() -> None:
    """A real one of half a megabyte, in a namespace of its own where that is allowed."""
    unshare = shutil.which("unshare")
    home = Path(__file__).resolve().parents[4]
    with tempfile.TemporaryDirectory() as folder:
        mount = f"mount -t tmpfs -o size=500k none {folder}"
        if (
            unshare is None
            or subprocess.run(
                [unshare, "-rm", "sh", "-c", mount], capture_output=True, check=False
            ).returncode
        ):
            pytest.skip("no mount namespaces here")
        job = f'{mount} && exec {sys.executable} -c "$JOB" {folder} {home}'
        done = subprocess.run(
            [unshare, "-rm", "sh", "-c", job],
            env={**os.environ, "JOB": NO_SPACE},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.stdout.endswith("recovered\n"), done.stderr


async def test_a_write_that_hangs_is_shown_and_does_not_hold_the_loop(
    tmp_path: Path,
) -> None:
    """The thread that hangs owns the file still; nobody else is given it."""
    valve = Valve()
    ahead = 0.0

    def clock() -> float:
        return trio.current_time() + ahead

    store = file_store(tmp_path, connect=valve.connect)
    journal = FileJournal(store, clock, clock, run=OwnThread("test"))
    async with journal.running(), trio.open_nursery() as nursery:
        await journal.append("qq", "1", event("before"), trace="t")
        valve.open.clear()
        peer = Bringing(journal, nursery)
        peer.bring("during")
        await until(valve.reached.is_set)
        assert journal.health.state == "open"  # it may be a slow disk
        ahead = HANGS_SECONDS + 1

        assert journal.health.kind == TroubleKind.HANGS
        assert await journal.claim_inbound(ROUTER, 5) == []
        assert not peer.accepted
        rings: list[int] = []
        journal.on_inbound(lambda: rings.append(1))
        valve.open.set()
        await until(lambda: peer.accepted)
        assert journal.health.state == "open"
        assert rings
        assert len(await journal.claim_inbound(ROUTER, 5)) == 2


async def test_leaving_does_not_wait_for_a_write_that_hangs(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with in_file(tmp_path) as journal:
        await journal.append("qq", "1", event("before"), trace="t")
        shutil.rmtree(tmp_path)
        with trio.move_on_after(1):
            await journal.append("qq", "1", event("during"), trace="t")
        began = trio.current_time()
    assert trio.current_time() - began <= 6


async def test_a_row_that_cannot_be_kept_is_refused_alone(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """B27: the outcome of a delivery is a value; who is refused disturbs nobody else."""
    async with in_file(tmp_path) as journal:
        await journal.append("qq", "1", event("small"), trace="t")
        db = journal._store._opened()  # type: ignore[attr-defined]
        db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 100_000)
        answers: dict[str, Appended] = {}
        told: list[tuple[str, str, str]] = []
        journal.on_refused(lambda *refused: told.append(refused))

        async def bring(name: str, text: str) -> None:
            said = event(name, text=text)
            answers[name] = await journal.append(
                "qq", "1", said, trace="t", cursor=name
            )

        async with trio.open_nursery() as nursery:
            for name, text in (("a", "x"), ("b", "y" * 200_000), ("c", "z")):
                nursery.start_soon(bring, name, text)
        with pytest.raises(RowRefused):
            await journal.enqueue(saying("k", text="y" * 200_000), expires_at=1e9)
        why = "string or blob too big"
        assert {name: answer.refused for name, answer in answers.items()} == {
            "a": "",
            "b": why,
            "c": "",
        }
        assert answers["b"] == Appended(0, False, why)
        assert told == [("qq", why, "t")]
        again = await journal.append("qq", "1", event("a", text="x"), trace="t")
        assert again.duplicate
        (seen,) = journal.platforms()
        assert (seen.accepted, seen.duplicates, seen.refused) == (3, 1, 1)
        counts = journal.counts()
        assert (counts.accepted, counts.queued) == (3, 0)
        assert journal.health.state == "open"


async def test_the_cursor_passes_what_can_never_be_kept(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """Held before it, a peer that resumes would bring the same event for ever."""
    async with in_file(tmp_path) as journal:
        await journal.append("qq", "1", event("a"), trace="t", cursor="a")
        db = journal._store._opened()  # type: ignore[attr-defined]
        db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 100_000)
        big = event("b", text="y" * 200_000)
        assert (await journal.append("qq", "1", big, trace="t", cursor="b")).refused
        assert await journal.cursor("qq", "1") == "b"
        await journal.append("qq", "1", event("c"), trace="t", cursor="c")
    async with in_file(tmp_path) as journal:
        assert await journal.cursor("qq", "1") == "c"


async def test_no_memory_is_no_fault_of_the_row(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """Who is refused is never tried again; memory may be there a second later."""
    store = file_store(tmp_path, wall_clock=trio.current_time)
    commit, short = store.commit, [True]

    class Short:
        """An effect for which there is no memory at first."""

        def __init__(self, effect: Effect) -> None:
            self._effect = effect

        def apply(self, db: sqlite3.Connection, numbers: Numbers) -> object:
            if short[0]:
                raise MemoryError
            return self._effect.apply(db, numbers)

        def parts(self) -> Sequence[Effect]:
            return (self,)

    store.commit = lambda batch: commit([*map(Short, batch)])  # type: ignore[method-assign]
    async with (
        in_file(tmp_path, store=store) as journal,
        trio.open_nursery() as nursery,
    ):
        peer = Bringing(journal, nursery)
        peer.bring("a")
        await until(lambda: journal.health.state == "stalled")
        assert "memory" in journal.health.why
        short[0] = False
        await until(lambda: peer.accepted)
    assert list(_states(tmp_path).values()) == ["new"]


async def test_the_keeper_shows_and_tells(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    told: list[tuple[str, str]] = []
    async with (
        in_file(disk) as journal,
        nest(
            journal=lambda: JournalKeeper(
                journal, lambda kind, why: told.append((kind, why))
            )
        ) as system,
    ):
        await trio.sleep(3)
        shown = system.snapshot("/journal")
        assert (shown.phase, told[0][0]) == ("stalled", "not_writable")
        assert "journal.sqlite: No such file" in shown.note
        disk.mkdir()
        await trio.sleep(5)
        assert system.snapshot("/journal").phase == "running"
        assert len(told) == 1


def _states(tmp_path: Path) -> dict[int, str]:
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        return dict(db.execute("SELECT seq, state FROM inbound ORDER BY seq"))


# --- telling them apart ----------------------------------------------------------------


@given(st.integers(0, 30_000))
def test_every_code_of_sqlite_is_judged(code: int) -> None:
    error = sqlite3.OperationalError("so")
    error.sqlite_errorcode = code
    trouble = trouble_of(error)
    if code & 0xFF in (sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_TOOBIG):
        assert trouble is None
    if code & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
        assert trouble is not None


def test_what_is_no_trouble_of_the_file() -> None:
    for error in (OverflowError("big"), UnicodeEncodeError("utf-8", "x", 0, 1, "so")):
        assert trouble_of(error) is None
    for what in (
        "no such table: inbound",
        "table inbound has no column named priority",
    ):
        assert trouble_of(sqlite3.OperationalError(what)) is not None
    assert trouble_of(NotOurs("so")) is not None
    assert trouble_of(PermissionError("so")) is not None


async def test_who_was_sent_away_empty_is_told_though_nothing_new_came(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    async with in_file(tmp_path) as journal, trio.open_nursery() as nursery:
        await journal.append("qq", "1", event("before"), trace="t")
        moved = tmp_path / "moved"
        (tmp_path / FILE).rename(moved)
        (tmp_path / FILE).mkdir()  # in the way
        nursery.start_soon(journal.advance, "qq", "1", "cursor")
        await until(lambda: journal.health.state == "stalled")
        assert await journal.claim_inbound(ROUTER, 5) == []
        rings: list[int] = []
        journal.on_inbound(lambda: rings.append(1))

        (tmp_path / FILE).rmdir()
        moved.rename(tmp_path / FILE)

        await until(lambda: rings)
        assert len(await journal.claim_inbound(ROUTER, 5)) == 1


async def test_who_leaves_while_the_disk_is_full_is_not_kept_for_long(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """Else the host, which has waited for its handlers before, is cut off."""
    store = store_in(tmp_path)
    async with in_file(tmp_path, store=store) as journal:
        await journal.cursor("qq", "1")  # it is open
        store.full = True
        with trio.move_on_after(3 * RETRY_SECONDS):
            await journal.enqueue(saying("a"), expires_at=10_000)
        leaves_at = trio.current_time()
    assert trio.current_time() - leaves_at <= CLOSE_IN_TROUBLE_SECONDS


async def test_who_leaves_when_the_disk_is_mended_in_that_moment_loses_nothing(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    store = store_in(tmp_path)
    async with in_file(tmp_path, store=store) as journal:
        await journal.cursor("qq", "1")
        store.full = True
        with trio.move_on_after(3 * RETRY_SECONDS):
            await journal.enqueue(saying("a"), expires_at=10_000)
        store.full = False
    async with in_file(tmp_path, store=store_in(tmp_path)) as journal:
        await journal.cursor("qq", "1")
        assert journal.counts().queued == 1
