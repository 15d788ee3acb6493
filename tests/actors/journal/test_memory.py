"""The journal in memory: who waits, who is woken, what a cursor may say."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import trio
from trio.testing import MockClock

from actors.journal import (
    Claim,
    InboxLimits,
    Journal,
    JournalKeeper,
    MemoryJournal,
    OutgoingLimits,
)
from actors.messages import InboundState, OutboundState, Outcome
from tests.actors.journal.builders import (
    event,
    journal,
    nest,
    saying,
)
from tests.actors.journal.claiming import claimed_outbound

CLAIM = Claim("router", 1)
SENDER = Claim("sender", 1)


async def settle_oldest(store: MemoryJournal, claim: Claim = CLAIM) -> int:
    (row,) = await store.claim_inbound(claim, 1)
    assert store.settle_inbound(claim, row.seq, InboundState.DONE)
    return row.seq


def test_it_keeps_the_promises_of_the_protocol() -> None:
    """A type checker's test: the memory form is a `Journal`."""
    make: Callable[[Callable[[], float]], Journal] = lambda clock: MemoryJournal(  # noqa: E731
        clock, id="x"
    )
    assert make(lambda: 0.0).id == "x"


async def test_the_keeper_frees_marks_whose_day_is_over(
    autojump_clock: MockClock,
) -> None:
    """B21, B62: retention is built in; nobody has to call anything."""
    store = journal(outbox=OutgoingLimits(settled=10))
    async with nest(journal=lambda: JournalKeeper(store)):
        await store.append("qq", "1", event("1", dedup_seconds=60.0), trace="t")
        await settle_oldest(store)
        assert len(store._inbox._accounts) == 1
        await trio.sleep(121.0)
        assert len(store._inbox._accounts) == 0
    assert not (await store.append("qq", "1", event("1"), trace="t")).duplicate


async def test_memory_is_flat_over_many_messages() -> None:
    """Law 9, E01: after the rings are full, another thousand messages keep nothing."""
    store = journal(
        inbox=InboxLimits(marks=100, settled=100), outbox=OutgoingLimits(settled=100)
    )

    async def thousand(first: int) -> int:
        for n in range(first, first + 1_000):
            await store.append("qq", "1", event(str(n), str(n)), trace="t")
            await settle_oldest(store)
            await store.enqueue(saying(str(n), str(n)), expires_at=1e9)
            (row,) = await claimed_outbound(store, SENDER, ("qq", "1"))
            store.settle_outbound(SENDER, row.seq, Outcome(OutboundState.SENT))
        return _reachable(store._inbox) + _reachable(store._outgoing)

    once = await thousand(0)
    assert await thousand(1_000) == pytest.approx(once, rel=0.02)


def _reachable(root: object) -> int:
    """Count the containers that hang on *root*."""
    import gc

    seen: set[int] = set()
    todo: list[object] = [root]
    while todo:
        one = todo.pop()
        if id(one) in seen or isinstance(one, type) or callable(one):
            continue
        if type(one).__module__.startswith(("enum", "types")):
            continue
        seen.add(id(one))
        todo.extend(gc.get_referents(one))
    return len(seen)
