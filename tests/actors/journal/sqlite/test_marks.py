"""Old dedup marks leave the file, whoever brought them, and nobody asks for their age."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from hashlib import blake2b
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.journal.sqlite.marks import (
    SAMPLE,
    STEP_MARKS,
    STEP_MARKS_MAX,
    SURPLUS,
    MarkSweeper,
    Seen,
)
from actors.journal.sqlite.schema import migrate

NOW, LATER = 1_000.0, 2_000.0


class File:
    """Marks in the order in which they came."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.last = 0

    def mark(self, owner: str, *, derived: bool = False, until: float = LATER) -> None:
        self.last += 1
        name = blake2b(f"{self.last}".encode(), digest_size=16).digest()
        self.db.execute(
            "INSERT INTO marks VALUES (?, ?, ?, ?, ?)",
            (name, owner, derived, self.last, until),
        )

    def kept(self, owner: str, *, derived: bool = False) -> list[int]:
        rows = self.db.execute(
            "SELECT seq FROM marks WHERE owner = ? AND derived = ? ORDER BY seq",
            (owner, derived),
        )
        return [seq for (seq,) in rows]

    def swept(self, sweeper: MarkSweeper, now: float = NOW) -> int:
        """Go on for as long as there is more to do; return how many steps that took."""
        steps = count(1)
        while sweeper.step(self.db, self.last, now):
            assert next(steps) < 1_000
        return next(steps)


@pytest.fixture
def file() -> Iterator[File]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        migrate(db)
        yield File(db)


def test_what_is_over_goes_and_nothing_else(file: File) -> None:
    for n in range(900):
        file.mark(f"qq/{n % 7}", until=NOW if n % 3 else LATER)
    sweeper = MarkSweeper(cap=1_000)
    file.swept(sweeper)
    left = [seq for n in range(7) for seq in file.kept(f"qq/{n}")]
    assert sorted(left) == [n + 1 for n in range(900) if not n % 3]
    assert sweeper.evicted == 0


def test_of_too_many_the_oldest_go_and_cost_nobody_else(file: File) -> None:
    """Law 4: a noisy account cannot push out what a quiet one has brought."""
    for n in range(300):
        file.mark("noisy")
        file.mark("noisy", derived=True)
        if not n % 3:
            file.mark("quiet")
    newest, derived = file.kept("noisy")[-100:], file.kept("noisy", derived=True)[-10:]
    sweeper = MarkSweeper(cap=100)
    file.swept(sweeper)
    assert file.kept("noisy") == newest
    assert file.kept("noisy", derived=True) == derived
    assert len(file.kept("quiet")) == 100
    assert sweeper.evicted == 200 + 290


def test_of_very_many_about_as_many_stay_as_may(file: File) -> None:
    for _ in range(8 * SAMPLE):
        file.mark("noisy")
    cap = 2 * SAMPLE
    file.swept(MarkSweeper(cap))
    kept = file.kept("noisy")
    assert 0.85 * cap <= len(kept) <= 1.15 * cap
    assert kept == list(range(file.last - len(kept) + 1, file.last + 1))


@pytest.mark.parametrize("rows", [20, 200, 500])
def test_a_flood_that_never_pauses_is_bounded(file: File, rows: int) -> None:
    """Law 9: however many rows come between two steps, as many marks are looked at."""
    cap, most = 2_000, 0
    sweeper = MarkSweeper(cap)
    for n in range(40_000):
        file.mark("noisy")
        if not n % rows:
            sweeper.step(file.db, file.last, NOW)
            most = max(most, file.last - sweeper.evicted)
    assert most <= 2.2 * cap
    newest = int(0.85 * cap)
    assert file.kept("noisy")[-newest:] == list(range(40_001 - newest, 40_001))


def test_where_nothing_is_over_and_nothing_has_come_one_step_is_enough(
    file: File,
) -> None:
    """Law 11: however many there are, an idle host does not look through them."""
    for _ in range(3 * STEP_MARKS_MAX):
        file.mark("qq")
    sweeper = MarkSweeper(cap=100_000)
    # A new process looks through all of them, once.
    assert file.swept(sweeper) == 1 + 2 * STEP_MARKS_MAX // STEP_MARKS + 1
    assert file.swept(sweeper) == 1
    for _ in range(2 * STEP_MARKS):
        file.mark("qq")
    assert file.swept(sweeper) == 1  # and then as far as new rows bring it, at once


@given(st.lists(st.integers(1, 10**6), unique=True, max_size=300), st.integers(1, 200))
def test_who_has_been_met_knows_how_many_are_too_many(
    seqs: list[int], cap: int
) -> None:
    seen = Seen()
    for seq in seqs:
        seen.add(seq)
    beyond = seen.beyond(cap)
    left = [seq for seq in seqs if seq > beyond]
    if len(seqs) <= cap + cap // SURPLUS:
        assert left == seqs
    else:
        assert len(left) == cap
