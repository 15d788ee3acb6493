"""Applies a whole batch: events, and things to say, by one statement for many rows.

To begin a statement costs as much as what it does for one row, and a batch may hold hundreds.
Where that fails, each of them is applied apart, so that a bad row hurts only itself.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from actors.journal.sqlite.effects import (
    ACCEPT,
    ENQUEUE,
    MARK,
    MOVE,
    Accept,
    Accepted,
    Barrier,
    Effect,
    Enqueue,
    Numbers,
)
from actors.journal.sqlite.troubles import trouble_of


class KnownAlready(Exception):
    """One of many rows is in the file already; each must be applied alone to learn which."""


def apply_all(
    db: sqlite3.Connection, batch: Sequence[Effect], numbers: Numbers
) -> list[object]:
    """Apply *batch*, and return the answers.

    The outcome is as if they were applied one after the other: accepting and enqueuing do not
    depend on each other, and any other effect is applied after what stands before it.

    Raises:
        KnownAlready: it has to be rolled back, and applied one by one.
    """
    answers: list[object] = []
    accepts: list[Accept] = []
    enqueues: list[Enqueue] = []
    for effect in batch:
        if type(effect) is Accept:
            accepts.append(effect)
            answers.append(effect)  # its place
        elif type(effect) is Enqueue:
            enqueues.append(effect)
            answers.append(None)
        elif type(effect) is Barrier:
            answers.append(None)
        else:
            _accept(db, accepts, numbers)
            _enqueue(db, enqueues)
            accepts, enqueues = [], []
            answers.append(effect.apply(db, numbers))
    _accept(db, accepts, numbers)
    _enqueue(db, enqueues)
    return [
        Accepted(answer.seq, fresh=True) if type(answer) is Accept else answer
        for answer in answers
    ]


def apply_apart(
    db: sqlite3.Connection, batch: Sequence[Effect], numbers: Numbers
) -> list[object]:
    """Apply one after the other; an error that is an effect's own fault is its answer.

    Raises:
        Exception: there is trouble with the file.
    """
    return [_apart(db, effect, numbers) for effect in batch]


def _apart(db: sqlite3.Connection, effect: Effect, numbers: Numbers) -> object:
    answer: object = None
    for part in effect.parts():
        db.execute("SAVEPOINT row")
        try:
            answer = part.apply(db, numbers)
        except Exception as error:
            if trouble_of(error) is not None:
                raise
            db.execute("ROLLBACK TO row")
            answer = error
        db.execute("RELEASE row")
    return answer


def _accept(
    db: sqlite3.Connection, accepts: Sequence[Accept], numbers: Numbers
) -> None:
    if not accepts:
        return
    last = numbers.last
    seqs = [accept.seq or (last := last + 1) for accept in accepts]
    numbered = list(zip(accepts, seqs, strict=True))
    marks = db.executemany(MARK, [accept.mark_row(seq) for accept, seq in numbered])
    if marks.rowcount < len(accepts):
        raise KnownAlready
    db.executemany(ACCEPT, [accept.row(seq) for accept, seq in numbered])
    numbers.last = max(numbers.last, *seqs)
    for accept, seq in numbered:
        accept.seq = seq
        if accept.cursor is not None:
            db.execute(MOVE, (accept.platform, accept.account, accept.cursor))


def _enqueue(db: sqlite3.Connection, enqueues: Sequence[Enqueue]) -> None:
    if not enqueues:
        return
    written = db.executemany(ENQUEUE, [each.row() for each in enqueues])
    if written.rowcount < len(enqueues):
        raise KnownAlready
