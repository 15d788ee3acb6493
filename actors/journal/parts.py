"""What is answered where a message is to be said again under the same key. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from actors.journal.content import Content, content_of
from actors.journal.sayings import OutgoingRecord
from actors.journal.values import Queued
from actors.messages import Outbound


def known_parts(
    find: Callable[[str], OutgoingRecord | None],
    parts: Sequence[Outbound],
    contents: Sequence[Content],
) -> list[Queued | None] | None:
    """Return the answer for *parts* if the first of them is known, else `None`.

    `None` in the list: of that one nothing is known. *contents* tell bodies apart.
    """
    records = [find(out.key) for out in parts]
    if records[0] is None:
        return None
    return [
        None if record is None else standing(record, content)
        for record, content in zip(records, contents, strict=True)
    ]


def standing(record: OutgoingRecord, content: Content) -> Queued:
    """Return the answer for a message of *content* whose key *record* has already."""
    mine = record.content
    if not mine:
        assert record.out is not None
        mine = content_of(record.out)
    return Queued(record.seq, False, mine == content, record.outcome)
