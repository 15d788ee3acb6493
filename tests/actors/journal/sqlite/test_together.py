"""A batch that is applied in one go: as if one effect came after the other."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.journal.sqlite.effects import (
    MOVE,
    Accept,
    Accepted,
    Advance,
    Barrier,
    Effect,
    Enqueue,
    Numbers,
    settle_inbound,
)
from actors.journal.sqlite.questions import IsKnown, LookUp
from actors.journal.sqlite.schema import migrate
from actors.journal.sqlite.together import KnownAlready, apply_all

names = st.sampled_from(["a", "b", "c", "d", "e", "f"])
moments = st.sampled_from([0.0, 5.0, 15.0])
Making = Callable[[], Effect]
"""An effect keeps the number that it was given: each way is walked with one of its own."""


def _accept(name: str, now: float, cursor: str | None) -> Effect:
    return Accept(
        mark=name.encode(),
        derived=False,
        platform="qq",
        account="1",
        chat_kind="group",
        chat="42",
        received_at=now,
        expires_at=now + 10.0,
        size=4,
        trace="t",
        body=b"body",
        cursor=cursor,
    )


def _enqueue(seq: int, key: str) -> Effect:
    return Enqueue(
        seq=seq,
        key=key,
        platform="qq",
        account="1",
        chat_kind="group",
        chat="42",
        kind="reply",
        queued_at=0.0,
        expires_at=600.0,
        trace="t",
        content=b"c",
        body=b"body",
    )


makings: st.SearchStrategy[list[Making]] = st.lists(
    st.one_of(
        st.builds(
            lambda *about: lambda: _accept(*about),
            names,
            moments,
            st.none() | st.sampled_from(["7", "8"]),
        ),
        st.builds(lambda key: lambda: _enqueue(0, key), names),
        st.builds(lambda c: lambda: Advance("qq", "1", c), st.sampled_from("12")),
        st.builds(lambda m, at: lambda: IsKnown(m.encode(), at), names, moments),
        st.builds(lambda key: lambda: LookUp([key]), names),
        st.builds(
            lambda seq: lambda: settle_inbound([("done", "", 0, 1.0, seq)]),
            st.integers(1, 4),
        ),
        st.just(Barrier),
    ),
    max_size=12,
)


def _one_by_one(
    db: sqlite3.Connection, batch: Sequence[Effect], numbers: Numbers
) -> list[object]:
    return [effect.apply(db, numbers) for effect in batch]


def _together(
    db: sqlite3.Connection, batch: Sequence[Effect], numbers: Numbers
) -> list[object]:
    db.execute("BEGIN")
    try:
        answers = apply_all(db, batch, numbers)
    except KnownAlready:
        db.execute("ROLLBACK")
        return _one_by_one(db, batch, numbers)
    db.execute("COMMIT")
    return answers


@given(st.lists(makings, max_size=4))
def test_together_is_as_one_by_one(batches: list[list[Making]]) -> None:
    seen = []
    for apply in (_one_by_one, _together):
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
            migrate(db)
            numbers, answers, seq = Numbers(), [], 0
            for makings in batches:
                batch = [make() for make in makings]
                for effect in batch:
                    if isinstance(effect, Enqueue):
                        effect.seq = seq = seq + 1
                answers.append(apply(db, batch, numbers))
            tables = [
                db.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
                for table in ("inbound", "marks", "outbound", "cursors")
            ]
            seen.append((answers, tables))
    assert seen[0] == seen[1]


def test_what_is_new_needs_no_second_look() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        migrate(db)
        batch = [_accept(str(n), 0.0, None) for n in range(9)]
        batch += [_enqueue(n, str(n)) for n in range(1, 10)]
        answers = apply_all(db, batch, Numbers())
        assert answers == [*(Accepted(n, True) for n in range(1, 10)), *[None] * 9]


class NoRoom(sqlite3.Connection):
    """Has room for all but the second cursor, once."""

    moves = 0

    def execute(self, sql: str, values: Any = (), /) -> sqlite3.Cursor:
        self.moves += sql == MOVE
        if sql == MOVE and self.moves == 2:
            raise sqlite3.OperationalError
        return super().execute(sql, values)


def test_what_was_numbered_before_a_trouble_keeps_its_number_alone() -> None:
    numbers = Numbers()
    batch = [_accept(name, 0.0, name) for name in "abcd"]
    with closing(
        sqlite3.connect(":memory:", isolation_level=None, factory=NoRoom)
    ) as db:
        migrate(db)
        db.execute("BEGIN")
        with pytest.raises(sqlite3.OperationalError):
            apply_all(db, batch, numbers)
        db.execute("ROLLBACK")
        answers = apply_all(db, batch, numbers)
    seqs = [answer.seq for answer in answers if isinstance(answer, Accepted)]
    assert len(set(seqs)) == len(batch)
