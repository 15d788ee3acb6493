"""Reads what everybody has written down in a world, and holds it against the laws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from actors.journal.sqlite import rows
from rookery.testing.hostsim import timely, truthful
from rookery.testing.hostsim.diary import Diary
from rookery.testing.hostsim.laws import LAWS, Books, Came, Went
from rookery.testing.hostsim.words import changed

if TYPE_CHECKING:
    from rookery.testing.hostsim.world import World


def judge(world: World, *, wholly: bool) -> None:
    """Count the rows of *world*; if *wholly*, hold its books against the laws."""
    came, went = [], []
    for row in rows(world.disk.path):
        if row["table"] == "inbound":
            came.append(_came(row, world.diary))
        else:
            went.append(_went(row))
    books = Books(
        world.diary,
        world.servers,
        came,
        went,
        world.left_at,
        world.climate.outbox_rows,
    )
    for law in (*LAWS, *truthful.LAWS, *timely.LAWS) if wholly else ():
        world.chronicle.note(law.__name__, law(books))
    counts = world.chronicle.counts
    counts.update(f"in {one.state}" for one in came)
    counts.update(f"out {one.state}" for one in went)


def _came(row: Mapping[str, Any], diary: Diary) -> Came:
    event = row["event"]
    said = None
    if event["event"] == "message":
        said = diary.said[int(event["id"][1:])]
    return Came(
        seq=row["seq"],
        state=row["state"],
        why=row["why"],
        received_at=row["received_at"],
        settled_at=row["settled_at"],
        said=said,
        later=_later(event),
        trace=row["trace"],
    )


def _later(event: Mapping[str, Any]) -> int | None:
    facts = event.get("facts", {})
    if not str(facts.get("handler", "")).startswith("later:"):
        return None
    return int(facts["args"]["n"])


def _went(row: Mapping[str, Any]) -> Went:
    change = row["change"] or {}
    target = change.get("key") or change.get("message_id", "")
    text = "".join(part["text"] for part in row["body"])
    return Went(
        seq=row["seq"],
        key=row["key"],
        state=row["state"],
        detail=row["detail"],
        kind=row["kind"],
        queued_at=row["queued_at"],
        expires_at=row["expires_at"],
        settled_at=row["settled_at"],
        doubts=row["doubts"],
        trace=row["trace"],
        platform=row["platform"],
        chat=f"{row['chat_kind']}:{row['chat']}",
        text=changed(change["does"], target, text) if change else text,
        target=target,
    )
