"""The journal in a file: many who wait together beside one, and beside SQLite alone.

The floor does what the journal does to the file for each event, a mark and a row of the
same bytes, sixty-four in a transaction, and nothing else: no index in memory, no waiting,
no thread, no encoding. Both are processor time, whole process; wall time is shown beside.

What is timed begins when the file is open, and ends when its log is written back: to make
and open a file costs as much as a hundred events, which a thousand alone would seem to.
"""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import structlog
import trio

from actors.journal import Claim, FileJournal, OutboundRow, SqliteStore
from actors.journal.inbox import Inbox
from actors.journal.slot import Slot
from actors.journal.sqlite.effects import Accept, Numbers
from actors.journal.sqlite.rows import accept_of
from actors.messages import (
    Chat,
    ChatAddress,
    ChatKind,
    Inbound,
    InboundState,
    Outbound,
    OutboundState,
    Outcome,
    Sender,
    Text,
)
from benchmarks.measure import faster, in_turn

EVENTS = 16_000
ALONE = 4_000
PRODUCERS = 64
RAW = {
    "post_type": "message",
    "message_type": "group",
    "raw_message": "/ping",
    "font": 14,
    "group_name": "load test group",
    "sender": {"user_id": 2854196310, "nickname": "somebody", "role": "member"},
    "message": [{"type": "text", "data": {"text": "/ping"}}],
    "more": "x" * 120,
}


def event(number: int, room: int) -> Inbound:
    """A group message as a platform brings it; about 500 bytes in the file."""
    return Inbound(
        str(number),
        chat=Chat(ChatKind.GROUP, str(room)),
        sender=Sender("2854196310", "somebody"),
        body=(Text("/ping"),),
        raw=RAW,
    )


def store(folder: str, name: str = "journal.sqlite") -> SqliteStore:
    return SqliteStore(Path(folder) / name, new_id="bench", wall_clock=time.time)


def journal(folder: str) -> FileJournal:
    return FileJournal(store(folder), trio.current_time, time.time)


def append(producers: int, events: int) -> float:
    """So many at once, each waiting for its own event before the next."""

    async def produce(journal: FileJournal, room: int) -> None:
        for n in range(room, events, producers):
            await journal.append("qq", "1", _events[n], trace="0123456789abcdef")

    async def main(folder: str) -> float:
        async with journal(folder).running() as running, trio.open_nursery() as nursery:
            await running.cursor("qq", "1")  # the file is open
            began = time.process_time()
            for room in range(producers):
                nursery.start_soon(produce, running, room)
        return time.process_time() - began

    with tempfile.TemporaryDirectory() as folder:
        return trio.run(main, folder)


def bare(events: int, size: int = PRODUCERS) -> float:
    """Mark and row of as many events, in a loop around SQLite."""
    effects = prepared(events)
    with tempfile.TemporaryDirectory() as folder:
        file = store(folder)
        file.load()
        db, numbers = file._opened(), Numbers()
        began = time.process_time()
        for first in range(0, events, size):
            db.execute("BEGIN IMMEDIATE")
            for effect in effects[first : first + size]:
                effect.seq = 0
                effect.apply(db, numbers)
            db.execute("COMMIT")
        file.close()
        return time.process_time() - began


_prepared: list[Accept] = []
_events = [event(n, n % PRODUCERS) for n in range(EVENTS)]


def prepared(events: int) -> list[Accept]:
    """Return what the floor writes, made before anything is measured."""
    if not _prepared:
        owner = Inbox().account("qq", "1")
        _prepared.extend(
            accept_of(owner, each, "0123456789abcdef", None, time.time())
            for each in _events
        )
    return _prepared[:events]


def conversations(chats: int, each: int) -> None:
    """Accept, claim, answer, claim the answer, settle both: the whole way."""
    router, sender = Claim("router", 1), Claim("sender", 1)

    async def converse(journal: FileJournal, room: int) -> None:
        to = ChatAddress("qq", str(room), Chat(ChatKind.GROUP, "1"))
        for n in range(each):
            await journal.append(str(room), "1", event(n, room), trace="t")
            for row in await journal.claim_inbound(router, 8):
                await reply(journal, to, row.seq)
                journal.settle_inbound(router, row.seq, InboundState.DONE)

    async def reply(journal: FileJournal, to: ChatAddress, seq: int) -> None:
        out = Outbound(key=f"k{seq}", to=to, body=(Text("pong"),))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(say, journal, out)
            await trio.lowlevel.checkpoint()
            rows = journal.pick_outbound(sender, (to.platform, to.account))
            committed: Slot[list[OutboundRow]] = Slot()
            journal.hand_out(sender, rows, committed.fill)
            for row in await committed.wait():
                sent = Outcome(OutboundState.SENT, "", "1")
                journal.settle_outbound(sender, row.seq, sent)

    async def say(journal: FileJournal, out: Outbound) -> None:
        await journal.enqueue(out, expires_at=trio.current_time() + 600)

    async def main(folder: str) -> None:
        async with journal(folder).running() as running, trio.open_nursery() as nursery:
            for room in range(chats):
                nursery.start_soon(converse, running, room)

    with tempfile.TemporaryDirectory() as folder:
        trio.run(main, folder)


def per_second(run: Callable[[], object], count: int) -> str:
    began = time.perf_counter()
    run()
    return f"{count / (time.perf_counter() - began):.0f}/s"


def run() -> Iterator[object]:
    """Yield one line for each figure, as it is measured."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING)
    )
    prepared(EVENTS)
    taken = in_turn(
        {
            "alone": lambda: append(1, ALONE),
            "together": lambda: append(PRODUCERS, EVENTS),
            "bare": lambda: bare(EVENTS),
        }
    )
    times = EVENTS / ALONE
    yield faster(
        f"append, {PRODUCERS} who wait together, to one alone",
        [times * t for t in taken["alone"]],
        taken["together"],
        8,
    )
    yield faster(
        f"the same, to SQLite alone in batches of {PRODUCERS}",
        taken["bare"],
        taken["together"],
        0.7,
    )
    yield (
        "     wall time: "
        f"together {per_second(lambda: append(PRODUCERS, EVENTS), EVENTS)}, "
        f"alone {per_second(lambda: append(1, ALONE), ALONE)}, "
        f"SQLite alone {per_second(lambda: bare(EVENTS), EVENTS)}, "
        f"conversations {per_second(lambda: conversations(PRODUCERS, 50), PRODUCERS * 50)}"
    )
