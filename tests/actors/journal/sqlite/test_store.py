"""The file: committed is kept, a bad row hurts only itself, nothing grows for ever."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from attrs import define

from actors.journal import Retention, Sought, SqliteStore, file_listing
from actors.journal.sqlite.again import Recall, Renew
from actors.journal.sqlite.effects import (
    Accept,
    Accepted,
    Advance,
    Effect,
    Enqueue,
    Known,
    bury_inbound,
    settle_inbound,
    settle_outbound,
)
from actors.journal.sqlite.questions import Fetch, IsKnown
from actors.journal.sqlite.retention import CUT_ROWS
from actors.journal.sqlite.schema import STEPS, VERSION, migrate, version_of
from actors.journal.sqlite.store import CHECKPOINT_PAGES_MAX, LOG_BYTES
from actors.journal.sqlite.troubles import Trouble
from actors.messages import OutboundState, Text
from tests.actors.journal.forms import file_store

DAY = 86_400.0


@define
class Wall:
    now: float = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def accept(
    name: str, *, body: bytes = b"body", now: float = 1_000_000.0, **other: object
) -> Accept:
    values: dict[str, object] = {
        "mark": name.encode(),
        "derived": False,
        "platform": "qq",
        "account": "1",
        "chat_kind": "group",
        "chat": "42",
        "received_at": now,
        "expires_at": now + DAY,
        "size": len(body),
        "trace": "t",
        "body": body,
    }
    return Accept(**(values | other))  # type: ignore[arg-type]


def say(seq: int, key: str, now: float = 1_000_000.0) -> Enqueue:
    return Enqueue(
        seq=seq, key=key, platform="qq", account="1", chat_kind="group", chat="42",
        kind="reply", queued_at=now, expires_at=now + 600, trace="t", content=b"c",
        body=b"body",
    )  # fmt: skip


def done(seq: int, at: float = 1_000_000.0) -> Effect:
    return settle_inbound([("done", "", 0, at, seq)])


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def store(tmp_path: Path, wall: Wall) -> Iterator[SqliteStore]:
    store = file_store(tmp_path, wall_clock=wall)
    store.load()
    yield store
    store.close()


def look(tmp_path: Path, question: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as db:
        return db.execute(question).fetchall()


def test_an_event_is_accepted_once(store: SqliteStore, tmp_path: Path) -> None:
    """B20, B23: mark, row and cursor are one step; the mark outlives the process."""
    first, again = store.commit([accept("a", cursor="1"), accept("a", cursor="2")])
    assert (first, again) == (Accepted(1, True), Accepted(1, False))
    store.close()

    other = file_store(tmp_path)
    loaded = other.load()
    assert loaded.cursors == (("qq", "", "2"), ("qq", "1", "2"))
    assert loaded.unhandled == 1
    assert [row[0] for row in other.open_inbound(0, 5)] == [1]
    assert other.commit([accept("a"), accept("b")]) == [
        Accepted(1, False),
        Accepted(2, True),
    ]
    other.close()


def test_a_mark_is_over_when_its_time_is(store: SqliteStore) -> None:
    store.commit([accept("a")])
    later = 1_000_000.0 + DAY
    asked: list[Effect] = [IsKnown(b"a", later - 1), IsKnown(b"a", later)]
    assert store.commit(asked) == [True, False]
    assert store.commit([accept("a", now=later)]) == [Accepted(2, True)]


def test_what_is_performed_twice_answers_the_same(store: SqliteStore) -> None:
    """Nobody knows whether a commit went through that failed at its end."""
    effects: list[Effect] = [accept("a"), say(1, "k"), Advance("qq", "1", "c")]
    assert (
        store.commit(effects)
        == store.commit(effects)
        == [Accepted(1, True), None, None]
    )
    assert store.commit([accept("b")]) == [Accepted(2, True)]


def test_a_known_key_is_answered_with_what_became_of_it(store: SqliteStore) -> None:
    store.commit(
        [say(1, "k"), settle_outbound([("sent", "so", "77", 1, 5.0, 4.0, 0, 1)])]
    )
    (known,) = store.commit([say(2, "k")])
    assert isinstance(known, Known)
    assert (known.seq, known.content) == (1, b"c")
    assert (known.outcome.state, known.outcome.message_id) == (OutboundState.SENT, "77")


def test_a_bad_row_hurts_only_itself(store: SqliteStore, tmp_path: Path) -> None:
    """A batch that fails is tried again row by row."""
    bad = accept("bad", chat="\ud800")
    answers = store.commit(
        [
            accept("a"),
            bad,
            accept("b"),
            settle_inbound([("done", "\ud800", 0, 1.0, 1), ("failed", "", 0, 1.0, 2)]),
        ]
    )
    assert answers[0] == Accepted(1, True)
    assert isinstance(answers[1], UnicodeEncodeError)
    assert answers[2] == Accepted(2, True)
    # Nothing of it is left: the same event, well-formed this time, is new.
    assert store.commit([accept("bad")]) == [Accepted(3, True)]
    # Nor did the row beside the other bad one suffer.
    assert look(tmp_path, "SELECT seq, state FROM inbound WHERE seq < 3") == [
        (1, "new"),
        (2, "failed"),
    ]


class Stuck(sqlite3.Connection):
    """Cannot roll back, the first time."""

    tries = 0

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        if sql == "ROLLBACK":
            Stuck.tries += 1
            if Stuck.tries == 1:
                error = sqlite3.OperationalError("disk I/O error")
                error.sqlite_errorcode = sqlite3.SQLITE_IOERR
                raise error
        return super().execute(sql, parameters)


def test_a_batch_that_cannot_be_rolled_back_is_begun_anew(tmp_path: Path) -> None:
    """On a new connection: the old one would hold its transaction open for ever."""
    store = file_store(
        tmp_path, connect=partial(sqlite3.connect, isolation_level=None, factory=Stuck)
    )
    store.load()
    store.commit([accept("a")])
    again = [accept("a"), accept("b")]
    with pytest.raises(Trouble):
        store.commit(again)
    assert store.commit(again) == [Accepted(1, False), Accepted(2, True)]
    store.close()


def test_power_waits_for_the_disk_and_process_does_not(tmp_path: Path) -> None:
    """`synchronous` is FULL (2) and NORMAL (1); the log is a WAL in both."""
    for durability, level in (("power", 2), ("process", 1)):
        store = file_store(tmp_path, durability=durability)
        db = store._opened()
        assert db.execute("PRAGMA synchronous").fetchone() == (level,)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        store.close()


# --- versions --------------------------------------------------------------------------


def test_a_file_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        assert migrate(db, to=1) == 0
        db.execute("INSERT INTO meta VALUES ('id', 'old')")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute(
            "INSERT INTO inbound VALUES (7, 'qq', '1', 'group', '42', 'new', '', 0, "
            "1.0, NULL, 4, 't', x'00')"
        )
    store = file_store(tmp_path)
    loaded = store.load()

    assert VERSION == len(STEPS) > 1
    assert look(tmp_path, "PRAGMA user_version") == [(VERSION,)]
    assert (loaded.id, loaded.last_inbound) == ("old", 7)
    assert [row[0] for row in store.open_inbound(0, 5)] == [7]
    plan = look(tmp_path, "EXPLAIN QUERY PLAN SELECT seq FROM inbound_open")
    assert "USING INDEX inbound_stays" in str(plan)
    assert "SEARCH inbound USING INTEGER PRIMARY KEY (rowid>?)" in str(plan)
    store.close()


def test_what_an_older_version_had_on_the_wire_is_unknown_and_undated(
    tmp_path: Path,
) -> None:
    """Law 6: of such a row nobody knows when it left first, so it is not repeated."""
    with closing(
        sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None)
    ) as db:
        migrate(db, to=3)
        db.execute("INSERT INTO meta VALUES ('id', 'old')")
        db.execute(
            "INSERT INTO outbound VALUES (7, 'k', 'qq', '1', 'group', '42', 'reply', "
            "'sending', '', '', 1, 1.0, 2.0, NULL, 't', x'00', x'0000')"
        )
    store = file_store(tmp_path)
    (row,) = store.load().outbound
    assert (row[0], row[7]) == (7, "unknown")
    assert row[14:] == (None, 1, 2)
    store.close()


def test_what_an_older_version_was_to_say_says_something_new(tmp_path: Path) -> None:
    with closing(
        sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None)
    ) as db:
        migrate(db, to=6)
        db.execute("INSERT INTO meta VALUES ('id', 'old')")
        db.execute(
            "INSERT INTO outbound (seq, key, platform, account, chat_kind, chat, kind, "
            "state, detail, message_id, attempt, queued_at, expires_at, trace, content, "
            "body) VALUES (7, 'k', 'qq', '1', 'group', '42', 'reply', 'queued', '', '', "
            "0, 1.0, 2.0, 't', x'00', x'9192a174a36f6c64')"
        )
    store = file_store(tmp_path)
    store.load()
    said = store.look(partial(file_listing.said_of, key="k"))
    assert said is not None
    assert (said.body, said.change) == ((Text("old"),), None)
    store.close()


def test_what_an_operator_looks_for_in_an_older_file_is_found_as_before(
    tmp_path: Path,
) -> None:
    with closing(
        sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None)
    ) as db:
        migrate(db, to=7)
        db.execute("INSERT INTO meta VALUES ('id', 'old')")
        for seq, state, put_away in (
            (1, "failed", 0),
            (2, "failed", 1),
            (3, "done", 0),
        ):
            db.execute(
                "INSERT INTO inbound (seq, platform, account, chat_kind, chat, state, "
                "why, boots, received_at, settled_at, size, trace, body, put_away) "
                "VALUES (?, 'qq', '1', 'group', '42', ?, '', 0, 1.0, 5.0, 4, 't', x'00', ?)",
                (seq, state, put_away),
            )
        for seq, state in ((1, "rejected"), (2, "sent"), (3, "unknown")):
            db.execute(
                "INSERT INTO outbound (seq, key, platform, account, chat_kind, chat, "
                "kind, state, detail, message_id, attempt, queued_at, expires_at, "
                "settled_at, trace, content, body) VALUES (?, ?, 'qq', '1', 'group', "
                "'42', 'reply', ?, '', '', 1, 1.0, 2.0, 6.0, 't', x'00', x'90')",
                (seq, f"k{seq}", state),
            )
    store = file_store(tmp_path)
    store.load()
    shelf = store.look(file_listing.on_the_shelf)
    assert shelf == {(0, "failed"): 1, (1, "rejected"): 1}
    unknown = Sought((OutboundState.UNKNOWN,))
    (said,) = store.look(partial(file_listing.said, sought=unknown))
    assert said.key == "k3"
    plans = [
        look(tmp_path, f"EXPLAIN QUERY PLAN SELECT seq FROM {where}")
        for where in (
            "inbound WHERE died_at IS NOT NULL ORDER BY died_at DESC, seq DESC",
            "outbound WHERE died_at IS NOT NULL ORDER BY died_at DESC, seq DESC",
            "outbound WHERE unsure IS NOT NULL AND state = 'unknown' ORDER BY seq",
        )
    ]
    assert ["inbound_died" in str(plans[0]), "outbound_died" in str(plans[1])] == [
        True
    ] * 2
    assert "outbound_unsure" in str(plans[2])
    store.close()


def test_what_is_open_in_an_older_file_is_found_without_a_look_at_the_rest(
    tmp_path: Path,
) -> None:
    with closing(
        sqlite3.connect(tmp_path / "journal.sqlite", isolation_level=None)
    ) as db:
        migrate(db, to=8)
        db.execute("INSERT INTO meta VALUES ('id', 'old')")
        for seq, state, settled_at in ((1, "new", None), (2, "done", 5.0)):
            db.execute(
                "INSERT INTO inbound (seq, platform, account, chat_kind, chat, state, "
                "why, boots, received_at, settled_at, size, trace, body) "
                "VALUES (?, 'qq', '1', 'group', '42', ?, '', 0, 1.0, ?, 4, 't', x'00')",
                (seq, state, settled_at),
            )
        for seq, state, settled_at in ((1, "sent", 6.0), (2, "queued", None)):
            db.execute(
                "INSERT INTO outbound (seq, key, platform, account, chat_kind, chat, "
                "kind, state, detail, message_id, attempt, queued_at, expires_at, "
                "settled_at, trace, content, body) VALUES (?, ?, 'qq', '1', 'group', "
                "'42', 'reply', ?, '', '', 1, 1.0, 2.0, ?, 't', x'00', x'90')",
                (seq, f"k{seq}", state, settled_at),
            )
    store = file_store(tmp_path)
    loaded = store.load()
    assert (loaded.unhandled, [row[0] for row in loaded.outbound]) == (1, [2])
    assert [row[0] for row in store.open_inbound(0, 5)] == [1]
    tails = "SELECT name, value FROM meta WHERE name LIKE '%tail' ORDER BY name"
    assert look(tmp_path, tails) == [("inbound_tail", "2"), ("outbound_tail", "2")]
    store.close()


def test_a_step_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "x", isolation_level=None)) as db:
        migrate(db, to=1)
        db.execute("CREATE TABLE inbound_open (x)")  # in the way of step 2
        with pytest.raises(sqlite3.OperationalError):
            migrate(db)
        assert version_of(db) == 1
        assert not db.in_transaction
        db.execute("DROP TABLE inbound_open")
        assert migrate(db) == 1
        assert version_of(db) == VERSION


# --- what is over ----------------------------------------------------------------------


def tidied(store: SqliteStore) -> None:
    for _ in range(1_000):
        if not store.tidy():
            return
    raise AssertionError("it never comes to an end")


def test_settled_rows_are_kept_for_a_day_and_so_many(
    tmp_path: Path, wall: Wall
) -> None:
    """B62: retention is built in. Whichever is more: the time, or the number."""
    store = file_store(tmp_path, wall_clock=wall, retention=Retention(rows=300))
    store.load()
    for seq in range(1, 1_001):
        store.commit([accept(str(seq), now=wall.now), done(seq, wall.now)])
        store.commit(
            [
                say(seq, str(seq), wall.now),
                settle_outbound([("sent", "", "", 1, wall.now, None, 0, seq)]),
            ]
        )
    open_row = store.commit([accept("open", now=wall.now)])
    tidied(store)
    assert _rows(tmp_path) == [(1_001,), (1_000,)]

    wall.now += DAY + 1
    store.commit([accept("new", now=wall.now), done(1_002, wall.now)])
    tidied(store)

    assert _rows(tmp_path) == [(300,), (300,)]  # the open one among them
    assert open_row == [Accepted(1_001, True)]
    assert look(tmp_path, "SELECT count(*) FROM marks") == [(1,)]
    store.close()


def _rows(tmp_path: Path) -> list[tuple[object, ...]]:
    return look(
        tmp_path, "SELECT count(*) FROM inbound UNION ALL SELECT count(*) FROM outbound"
    )


def test_what_is_open_is_never_forgotten_and_no_number_is_given_twice(
    tmp_path: Path, wall: Wall
) -> None:
    """Reply keys are made of the row's number: it must stay one row's for ever."""
    store = file_store(tmp_path, wall_clock=wall, retention=Retention(rows=0))
    store.load()
    store.commit([accept("open"), *(accept(str(n)) for n in range(2, 500))])
    store.commit([done(seq) for seq in range(2, 500)])
    wall.now += 2 * DAY
    tidied(store)
    assert look(tmp_path, "SELECT seq FROM inbound ORDER BY seq") == [(1,), (499,)]
    store.close()

    again = file_store(tmp_path)
    again.load()
    assert again.commit([accept("next")]) == [Accepted(500, True)]
    again.close()


def test_what_stays_open_is_found_however_much_was_settled_since(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A start looks through the youngest rows, and finds the others in an index."""
    monkeypatch.setattr("actors.journal.sqlite.retention.TAIL_ROWS", 2_000)
    count, stay = 6_000, range(1, 6_000, 7)
    store.commit([accept(str(n)) for n in range(1, count + 1)])
    store.commit([say(n, str(n)) for n in range(1, count + 1)])
    settled = sorted({*range(1, count + 1)} - {*stay})
    store.commit([done(n) for n in settled])
    sent: list[tuple[object, ...]] = [
        ("sent", "", "", 1, 5.0, 4.0, 0, n) for n in settled
    ]
    store.commit([settle_outbound(sent)])
    tidied(store)
    # An operator lets old ones begin again: they are open though they did not stay so.
    store.commit([bury_inbound([("failed", "", 0, 5.0, 2)])])
    store.commit([settle_outbound([("unknown", "", "", 1, 5.0, 4.0, 1, 3)])])
    store.commit([Renew(2, 6.0), Recall("3")])
    store.commit([done(8)])
    store.close()

    again = file_store(tmp_path)
    loaded = again.load()
    heard = [2, *(n for n in stay if n != 8)]
    heard.sort()
    assert loaded.unhandled == len(heard)
    assert [row[0] for row in loaded.outbound] == sorted([3, *stay])
    pages, last = [], 0
    while page := again.open_inbound(last, 100):
        pages += [row[0] for row in page]
        last = pages[-1]
    assert pages == heard
    tails = look(tmp_path, "SELECT value FROM meta WHERE name LIKE '%tail'")
    for (tail,) in tails:
        assert 2_000 <= count - int(str(tail)) < 2_000 + 2 * CUT_ROWS
    again.close()


def test_the_file_does_not_grow_for_ever(tmp_path: Path, wall: Wall) -> None:
    """Law 9: bounded by size, however young its rows are; the log is bounded, too."""
    limit = 3_000_000
    store = file_store(
        tmp_path, wall_clock=wall, retention=Retention(size_bytes=limit, marks=1_000)
    )
    store.load()
    path, log = tmp_path / "journal.sqlite", tmp_path / "journal.sqlite-wal"
    seq = 0
    largest = 0
    for _ in range(60):
        batch: list[Effect] = []
        for _ in range(100):
            seq += 1
            batch += [accept(str(seq), body=b"x" * 2_000), done(seq)]
        store.commit(batch)
        tidied(store)
        store._checkpoint(store._opened())
        largest = max(largest, path.stat().st_size)
    assert seq * 2_000 > 3 * limit
    assert largest < 1.3 * limit
    assert log.stat().st_size < 5_000_000
    ((marks,),) = look(tmp_path, "SELECT count(*) FROM marks")
    assert isinstance(marks, int)
    # A tenth more may stay, and what has come since a round began.
    assert 950 <= marks <= 1_400
    assert store.evicted == seq - marks
    store.close()


def test_what_becomes_old_at_once_does_not_fill_the_log(
    tmp_path: Path, wall: Wall
) -> None:
    """Law 9: a host that was off for two days deletes for minutes, and writes nothing else."""
    store = file_store(tmp_path, wall_clock=wall, retention=Retention(rows=100))
    store.load()
    seq = 0
    for _ in range(20):
        batch: list[Effect] = []
        for _ in range(1_000):
            seq += 1
            batch += [accept(str(seq), body=b"x" * 2_000), done(seq)]
        store.commit(batch)
        store._checkpoint(store._opened())
    wall.now += 2 * 86_400
    tidied(store)
    assert look(tmp_path, "SELECT count(*) FROM inbound WHERE seq < 19000") == [(0,)]
    log = tmp_path / "journal.sqlite-wal"
    assert log.stat().st_size < LOG_BYTES
    store.close()


def test_derived_marks_do_not_push_out_the_others(tmp_path: Path, wall: Wall) -> None:
    store = file_store(tmp_path, wall_clock=wall, retention=Retention(marks=100))
    store.load()
    store.commit([accept(f"n{n}") for n in range(100)])
    store.commit([accept(f"d{n}", derived=True, account="1") for n in range(500)])
    tidied(store)
    assert look(tmp_path, "SELECT derived, count(*) FROM marks GROUP BY derived") == [
        (0, 100),
        (1, 10),
    ]
    store.close()


def test_compacting_gives_space_back(store: SqliteStore, tmp_path: Path) -> None:
    store.commit([accept(str(n), body=b"x" * 5_000) for n in range(500)])
    store._opened().execute("DELETE FROM inbound")
    store.tidy()
    store.compact()
    assert (tmp_path / "journal.sqlite").stat().st_size < 500_000


COMPACT = """
import re, sys
from pathlib import Path

sys.path.insert(0, sys.argv[2])
from actors.journal import SqliteStore


def most():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])


store = SqliteStore(Path(sys.argv[1]), new_id="x", wall_clock=lambda: 0.0)
store.load()
before = most()
store.compact()
print(1024 * (most() - before))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_compacting_takes_no_memory_for_the_whole_file(
    store: SqliteStore, tmp_path: Path
) -> None:
    """Law 9: a file may have a gigabyte, and a host compacts it while it runs."""
    store.commit([accept(str(n), body=bytes(50_000)) for n in range(1_200)])
    store.close()
    path = tmp_path / "journal.sqlite"
    home = Path(__file__).resolve().parents[4]
    done = subprocess.run(
        [sys.executable, "-c", COMPACT, str(path), str(home)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) < 0.75 * path.stat().st_size


def test_a_long_log_is_cut_once_nobody_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever exports into a pager holds up no commit meanwhile."""
    monkeypatch.setattr("actors.journal.sqlite.store.LOG_BYTES", 100_000)
    monkeypatch.setattr("actors.journal.sqlite.store.BUSY_SECONDS", 600.0)
    store = file_store(tmp_path)
    store.load()
    log = tmp_path / "journal.sqlite-wal"
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as reader:
        exported = reader.execute("SELECT * FROM meta")  # and nobody turns the page
        store.commit([accept("a", body=b"x" * CHECKPOINT_PAGES_MAX * 4_096)])
        began = time.monotonic()
        store.tidy()
        assert time.monotonic() - began < 300
        assert log.stat().st_size > 100_000
        assert exported.fetchall()
    store.commit([accept("b", body=b"x" * CHECKPOINT_PAGES_MAX * 4_096)])
    store.tidy()
    assert log.stat().st_size == 0
    assert store._opened().execute("PRAGMA busy_timeout").fetchone() == (600_000,)
    store.close()


def test_fetching_what_is_not_there_finds_the_rest(store: SqliteStore) -> None:
    store.commit([accept("a")])
    (found,) = store.commit([Fetch([1, 2])])
    assert isinstance(found, dict)
    assert [row.body for row in found.values()] == [b"body"]
