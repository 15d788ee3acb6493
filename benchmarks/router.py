"""What a message costs when a million rows wait in the file, beside a thousand.

Ten platforms of a thousand chats each, which have brought a million events: of one file
all of them wait, of the other all but a thousand are settled. Both are loaded by a host
that starts, and then every event is accepted, and for each one another is claimed,
fetched from the file and settled: so as many wait at the end as at the beginning.
Processor time of the whole process; the fair queue is measured by itself, too, without
file and rows.

Loading is measured beside it: for how long at once it had the loop, and what the index
takes in memory.
"""

from __future__ import annotations

import gc
import logging
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import structlog
import trio

from actors.journal import Claim, FileJournal, InboxLimits, SqliteStore
from actors.journal.inbox import Inbox
from actors.journal.sqlite.rows import accept_of
from actors.lanes import FairQueue
from actors.messages import (
    Chat,
    ChatKind,
    Inbound,
    InboundState,
    Priority,
    Sender,
    Text,
)
from benchmarks.measure import cost, rounds
from rookery.host import settle_collector

FEW, MANY = 1_000, 1_000_000
PLATFORMS = 10
CHATS = 1_000
MESSAGES = 6_000
BATCH = 64
GOAL = 1.5
TICK_SECONDS = 0.005
ROUTER = Claim("router", 1)


def event(number: int) -> Inbound:
    """A group message; about 500 bytes in the file."""
    return Inbound(
        str(number),
        chat=Chat(ChatKind.GROUP, str(number // PLATFORMS % CHATS)),
        sender=Sender("2854196310", "somebody"),
        body=(Text("/ping"),),
        raw={"post_type": "message", "more": "x" * 400},
    )


def platform(number: int) -> str:
    return f"p{number % PLATFORMS}"


def filled(folder: Path, rows: int) -> Path:
    """Write a file in which so many events wait."""
    path = folder / "many.sqlite"
    file = SqliteStore(path, new_id="bench", wall_clock=time.time)
    file.load()
    inbox, now = Inbox(), time.time()
    for first in range(0, rows, 10_000):
        file.commit(
            [
                accept_of(
                    inbox.account(platform(n), "1"),
                    event(n),
                    "t",
                    None,
                    now,
                    priority=Priority(n % 3),
                )
                for n in range(first, min(rows, first + 10_000))
            ]
        )
    file.close()
    return path


def mostly_settled(path: Path, waiting: int) -> Path:
    """Copy a file and settle all of its events but the newest ones."""
    few = path.with_name("few.sqlite")
    shutil.copy(path, few)
    with closing(sqlite3.connect(few)) as db, db:
        db.execute(
            "UPDATE inbound SET state = 'done', settled_at = ? "
            "WHERE seq <= (SELECT max(seq) FROM inbound) - ?",
            (time.time(), waiting),
        )
    return few


def opened(path: Path) -> FileJournal:
    return FileJournal(
        SqliteStore(path, new_id="bench", wall_clock=time.time),
        trio.current_time,
        time.time,
        # Room for those that are brought on top of a full backlog.
        inbox=InboxLimits(rows=200_000, size_bytes=2**40),
    )


class Depth:
    """A journal in which so many wait, kept open between the rounds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.next = MANY
        self.pause = 0.0
        self.loading = 0.0

    def run(self) -> None:
        """Open it, and send messages through it; only these are measured."""
        self.cpu = 0.0
        trio.run(self._main)

    async def _main(self) -> None:
        journal = opened(self.path)
        done = trio.Event()

        async def watch() -> None:
            while not done.is_set():
                # What this thread has worked, not how long others had the processor.
                before = time.thread_time()
                await trio.sleep(TICK_SECONDS)
                self.pause = max(self.pause, time.thread_time() - before)

        began = time.process_time()
        async with journal.running():
            async with trio.open_nursery() as nursery:
                nursery.start_soon(watch)
                await journal.cursor("p0", "1")
                done.set()
            self.loading = time.process_time() - began
            # The caches of the file fill, and each account's marks are counted once.
            await self._pass(journal, 4_000)
            gc.collect()
            before = time.process_time()
            await self._pass(journal, MESSAGES)
            self.cpu = time.process_time() - before

    async def _pass(self, journal: FileJournal, messages: int) -> None:
        for _ in range(messages // BATCH):
            async with trio.open_nursery() as nursery:
                for n in range(self.next, self.next + BATCH):
                    nursery.start_soon(self._bring, journal, n)
            self.next += BATCH
            rows = await journal.claim_inbound(ROUTER, BATCH)
            assert len(rows) == BATCH
            for row in rows:
                journal.settle_inbound(ROUTER, row.seq, InboundState.DONE)

    async def _bring(self, journal: FileJournal, n: int) -> None:
        await journal.append(platform(n), "1", event(n), trace="t")


def turning(waiting: int) -> Callable[[], None]:
    """The fair queue by itself, with so many waiting."""
    queue: FairQueue[str, int, int] = FairQueue(InboxLimits().places)
    for n in range(waiting):
        queue.push(platform(n), n // PLATFORMS % CHATS, n, n % 3)

    def turn() -> None:
        for n in range(100_000):
            queue.push(platform(n), n // PLATFORMS % CHATS, n, n % 3)
            taken = queue.take()
            assert taken is not None
            queue.done(taken[0], taken[1])

    return turn


def memory() -> int:
    """Return the bytes of this process that are in memory."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * 4096


def run() -> Iterator[object]:
    """Yield one line for each figure, as it is measured."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING)
    )
    settle_collector()
    taken = rounds({"few": turning(FEW), "many": turning(MANY)})
    yield cost(
        "a turn of the queue: a million wait, to a thousand",
        taken["few"],
        taken["many"],
        GOAL,
    )
    with tempfile.TemporaryDirectory() as folder:
        path = filled(Path(folder), MANY)
        few, many = Depth(mostly_settled(path, FEW)), Depth(path)
        costs: dict[str, list[float]] = {"few": [], "many": []}
        before = memory()
        for _ in range(5):
            few.run()
            many.run()
            costs["few"].append(few.cpu)
            costs["many"].append(many.cpu)
        yield cost(
            "a message, file and all: the same", costs["few"], costs["many"], GOAL
        )
        each = min(costs["many"]) / MESSAGES * 1e6
        yield (
            f"     {each:.0f} us of processor for a message with a million waiting; "
            f"loading them took {many.loading:.1f} s of it, the loop was at it for {many.pause * 1e3:.0f} ms "
            f"at most, {(memory() - before) / 2**20:.0f} MiB more in memory"
        )
