"""Who waits, who is woken, what a cursor may say: the same in both forms of a journal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Protocol

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.journal import (
    Appended,
    Arrived,
    Claim,
    InboxLimits,
    JournalKeeper,
    OutgoingLimits,
)
from actors.messages import (
    Inbound,
    InboundState,
    OutboundKind,
    OutboundState,
    Outcome,
    Raw,
    Text,
)
from supervision.limits import Pace, Pacer
from tests.actors.journal.builders import end_and_start_again, event, nest, saying
from tests.actors.journal.claiming import claimed_outbound
from tests.actors.journal.forms import AnyJournal, crash, in_file, in_memory

CLAIM = Claim("router", 1)
SENDER = Claim("sender", 1)


class Opened(Protocol):
    async def __call__(
        self, *, inbox: InboxLimits | None = None, outbox: OutgoingLimits | None = None
    ) -> AnyJournal: ...


@pytest.fixture(params=["memory", "file"])
async def opened(
    request: pytest.FixtureRequest, tmp_path: Path, autojump_clock: MockClock
) -> AsyncIterator[Opened]:
    """Open a journal of either form; it is closed after the test."""
    async with AsyncExitStack() as stack:

        async def opened(
            *, inbox: InboxLimits | None = None, outbox: OutgoingLimits | None = None
        ) -> AnyJournal:
            if request.param == "memory":
                return await stack.enter_async_context(
                    in_memory(tmp_path, inbox=inbox, outbox=outbox)
                )
            return await stack.enter_async_context(
                in_file(tmp_path, inbox=inbox, outbox=outbox)
            )

        yield opened


async def settle_oldest(store: AnyJournal, claim: Claim = CLAIM) -> int:
    (row,) = await store.claim_inbound(claim, 1)
    assert store.settle_inbound(claim, row.seq, InboundState.DONE)
    return row.seq


async def test_accepting_twice_is_accepting_once(opened: Opened) -> None:
    """B22, B27: the same answer again; mark, row and cursor are one step."""
    store = await opened()
    first = await store.append("qq", "1", event("7"), trace="t", cursor="c1")
    again = await store.append("qq", "1", event("7"), trace="u", cursor="c2")

    assert first == Appended(1, False)
    assert again == Appended(1, True)
    assert await store.cursor("qq", "1") == "c2"
    assert len(await store.claim_inbound(CLAIM, 10)) == 1


async def test_a_refused_event_is_not_marked_as_seen(opened: Opened) -> None:
    """Section 2 (router): full -> given up; redelivery is accepted, not "duplicate"."""
    store = await opened(inbox=InboxLimits(rows=1))
    await store.append("qq", "1", event("1"), trace="t", cursor="1")
    with trio.move_on_after(0):
        await store.append("qq", "1", event("2"), trace="t", cursor="2")
    await settle_oldest(store)

    again = await store.append("qq", "1", event("2"), trace="t", cursor="2")

    assert not again.duplicate


async def test_a_full_platform_waits_and_no_other_does(opened: Opened) -> None:
    """B26, B32, law 4: fullness is backpressure, and each platform has its own."""
    store = await opened(inbox=InboxLimits(rows=2))
    accepted: list[str] = []

    async def bring(platform: str, name: str) -> None:
        await store.append(platform, "1", event(name), trace="t")
        accepted.append(f"{platform}{name}")

    for name in "12":
        await bring("noisy", name)
    async with trio.open_nursery() as nursery:
        for name in "345":
            nursery.start_soon(bring, "noisy", name)
            await wait_all_tasks_blocked()
        await bring("quiet", "1")
        assert accepted == ["noisy1", "noisy2", "quiet1"]
        assert store.counts().waiting == 3

        await settle_oldest(store)
        await wait_all_tasks_blocked()
        assert accepted[3:] == ["noisy3"]  # first come, first served, one place each
        while store.counts().waiting:
            await settle_oldest(store)
            await wait_all_tasks_blocked()

    assert accepted[3:] == ["noisy3", "noisy4", "noisy5"]
    assert store.counts().waiting == 0


async def test_size_counts_too_but_the_first_event_always_fits(opened: Opened) -> None:
    store = await opened(inbox=InboxLimits(size_bytes=10_000))
    big = Inbound("1", raw={"x": "A" * 50_000})
    await store.append("qq", "1", big, trace="t")
    with trio.move_on_after(0.01) as scope:
        await store.append("qq", "1", event("2"), trace="t")
    assert scope.cancelled_caught

    await settle_oldest(store)

    await store.append("qq", "1", event("2"), trace="t")


async def test_cursor_never_passes_an_event_that_was_given_up(opened: Opened) -> None:
    """Law 1: it is the contiguous low-water mark of what is journalled."""
    store = await opened(inbox=InboxLimits(rows=1))
    await store.append("qq", "1", event("1"), trace="t", cursor="1")
    async with trio.open_nursery() as nursery:
        given_up = trio.CancelScope()

        async def bring_2() -> None:
            with given_up:
                await store.append("qq", "1", event("2"), trace="t", cursor="2")

        async def bring_3() -> None:
            await store.append("qq", "1", event("3"), trace="t", cursor="3")

        nursery.start_soon(bring_2)
        await wait_all_tasks_blocked()
        nursery.start_soon(bring_3)
        await wait_all_tasks_blocked()
        given_up.cancel()
        await wait_all_tasks_blocked()
        await settle_oldest(store)

    # A new session asks for it, gets 2 and 3 again, and all is well.
    assert await store.cursor("qq", "1") == "1"
    await settle_oldest(store)
    await store.append("qq", "1", event("2"), trace="t", cursor="2")
    assert (await store.append("qq", "1", event("3"), trace="t", cursor="3")).duplicate
    assert await store.cursor("qq", "1") == "3"


@pytest.mark.parametrize("first", ["1", None])
async def test_nor_does_the_cursor_of_the_next_process(
    autojump_clock: MockClock, tmp_path: Path, first: str | None
) -> None:
    """Law 1: the session went on, and the host is killed before there is another one."""
    async with in_file(tmp_path, inbox=InboxLimits(rows=1)) as store:
        await store.append("qq", "1", event("1"), trace="t", cursor=first)
        with trio.move_on_after(1):
            await store.append("qq", "1", event("2"), trace="t", cursor="2")
        await settle_oldest(store)
        store.tidy()
        await store.append("qq", "1", event("3"), trace="t", cursor="3")
        await store.advance("qq", "1", "3b")
        await crash(store)

    async with in_file(tmp_path) as store:
        assert await store.cursor("qq", "1") == first


async def test_advance_does_not_overtake_an_event_that_waits(opened: Opened) -> None:
    store = await opened(inbox=InboxLimits(rows=1))
    await store.append("qq", "1", event("1"), trace="t", cursor="1")
    async with trio.open_nursery() as nursery:

        async def bring() -> None:
            await store.append("qq", "1", event("2"), trace="t", cursor="2")

        async def advance() -> None:
            await store.advance("qq", "1", "2b")

        nursery.start_soon(bring)
        await wait_all_tasks_blocked()
        nursery.start_soon(advance)
        await wait_all_tasks_blocked()
        assert await store.cursor("qq", "1") == "1"
        await settle_oldest(store)

    assert await store.cursor("qq", "1") == "2b"


async def test_listener_hears_once_until_somebody_has_taken_all(opened: Opened) -> None:
    store = await opened(inbox=InboxLimits(claimed_per_chat=1))
    rings: list[int] = []
    store.on_inbound(lambda: rings.append(1))
    for name in "123":
        await store.append("qq", "1", event(name), trace="t")
    assert len(rings) == 1

    (row,) = await store.claim_inbound(CLAIM, 5)
    await store.append("qq", "1", event("4"), trace="t")
    assert len(rings) == 1  # nothing more may be taken of this chat now

    store.settle_inbound(CLAIM, row.seq, InboundState.DONE)
    assert len(rings) == 2


async def test_say_rings_for_its_account_and_only_when_the_chat_is_free(
    opened: Opened,
) -> None:
    store = await opened()
    rings: list[tuple[str, str]] = []
    store.on_outbound(rings.append)
    await store.enqueue(saying("a"), expires_at=1e9)
    await store.enqueue(saying("b"), expires_at=1e9)
    await store.enqueue(saying("c", "other"), expires_at=1e9)
    assert rings == [("qq", "1"), ("qq", "1")]


async def test_listener_that_left_is_not_called(opened: Opened) -> None:
    store = await opened()
    rings: list[tuple[str, str]] = []
    mine, newer = rings.append, rings.append
    store.on_outbound(mine)
    store.on_outbound(newer)
    store.off_outbound(mine)  # a late farewell takes nothing away from the newer one
    await store.enqueue(saying("a"), expires_at=1e9)
    assert len(rings) == 1
    store.off_outbound(newer)
    await store.enqueue(saying("b", "other"), expires_at=1e9)
    assert len(rings) == 1


async def test_rows_wait_and_claims_are_freed_across_lives(opened: Opened) -> None:
    """Design 5: a new incarnation first frees its predecessor's claims."""
    store = await opened()
    await store.append("qq", "1", event("1"), trace="t")
    await store.enqueue(saying("a"), expires_at=1e9)
    (old,) = await store.claim_inbound(CLAIM, 5)
    (sent,) = await claimed_outbound(store, SENDER, ("qq", "1"))

    assert await store.release(Claim("router", 2)) == []
    (lost,) = await store.release(Claim("sender", 2))

    assert lost.outcome.unknown
    assert not store.settle_inbound(CLAIM, old.seq, InboundState.DONE)
    assert not store.settle_outbound(SENDER, sent.seq, Outcome(OutboundState.SENT))
    (new,) = await store.claim_inbound(Claim("router", 2), 5)
    assert (new.seq, new.boots) == (old.seq, 1)
    assert store.counts().stale_settles == 2


async def test_an_outbox_is_bounded_by_bytes_and_tells_whose_message_gave_way(
    opened: Opened,
) -> None:
    """B26, B32, B33: a peer that never reads, and forty large replies for it."""
    store = await opened(outbox=OutgoingLimits(queued_bytes=100_000))
    big = "x" * 30_000
    for n in range(40):
        queued = await store.enqueue(saying(f"k{n}", text=big), expires_at=1e9)
        assert queued.outcome.state is OutboundState.QUEUED
    shed = [row.out.key for row in store.take_expired(100)]
    assert shed == [f"k{n}" for n in range(37)]
    assert (store.counts().queued, store.counts().dropped) == (3, 37)

    notice = saying("n", text=big, kind=OutboundKind.NOTICE)
    refused = await store.enqueue(notice, expires_at=1e9)
    assert refused.outcome.state is OutboundState.DROPPED
    (told,) = store.take_expired(100)
    assert told.out.key == "n"
    again = await store.enqueue(notice, expires_at=1e9)
    assert (again.fresh, again.outcome) == (False, refused.outcome)


async def test_one_message_always_fits_however_large(opened: Opened) -> None:
    store = await opened(outbox=OutgoingLimits(queued_bytes=10, flying_bytes=10))
    for key in "ab":
        await store.enqueue(saying(key, text="x" * 5_000), expires_at=1e9)
    assert [row.out.key for row in store.take_expired(9)] == ["a"]
    (row,) = await claimed_outbound(store, SENDER, ("qq", "1"), 9)
    assert row.out.key == "b"


async def test_unknown_bodies_are_bounded_by_bytes(opened: Opened) -> None:
    """Law 9: listed they stay, without what they said if need be."""
    store = await opened(outbox=OutgoingLimits(unknown_bytes=50_000))
    unknown = Outcome(OutboundState.UNKNOWN, "no answer")
    for n in range(10):
        await store.enqueue(saying(f"k{n}", text="x" * 20_000), expires_at=1e9)
        (row,) = await claimed_outbound(store, SENDER, ("qq", "1"), 1)
        assert store.settle_outbound(SENDER, row.seq, unknown)
    assert store.outcome_of("k0") == unknown
    held = store._outgoing._doubts._bytes
    assert held <= 50_000


async def test_what_is_repeated_has_its_body(opened: Opened) -> None:
    """Law 6: the same message under the same key, fetched from the file if need be."""
    store = await opened()
    store.trust_keys(("qq", "1"), 3600.0)
    await store.enqueue(saying("a", text="hello"), expires_at=1e9)
    (row,) = await claimed_outbound(store, SENDER, ("qq", "1"), 1)
    store.settle_outbound(SENDER, row.seq, Outcome(OutboundState.UNKNOWN, "lost"))

    (again,) = await claimed_outbound(store, SENDER, ("qq", "1"), 1)

    assert again.out == row.out == saying("a", text="hello")
    assert (again.attempt, again.doubts) == (2, 1)


async def test_a_chat_waits_for_its_pace_and_keeps_its_order(
    autojump_clock: MockClock, opened: Opened
) -> None:
    """A28, B37: leave is asked for row by row, and only of chats that have one."""
    store = await opened()
    pacer: Pacer[tuple[str, str]] = Pacer(each=[Pace(2, 10.0)])
    start = trio.current_time()
    for n in range(5):
        await store.enqueue(saying(f"a{n}", "a"), expires_at=1e9)
    await store.enqueue(saying("b0", "b"), expires_at=1e9)
    said: list[tuple[str, int]] = []
    while len(said) < 6:
        rows = await claimed_outbound(store, SENDER, ("qq", "1"), 1, pacer)
        for row in rows:
            said.append((row.out.key, round(trio.current_time() - start)))
            store.settle_outbound(SENDER, row.seq, Outcome(OutboundState.SENT))
        if not rows:
            await trio.sleep(store.next_claim(("qq", "1")) - trio.current_time())
    assert sorted(said) == [
        *(("a0", 0), ("a1", 0), ("a2", 10), ("a3", 10), ("a4", 20)),
        ("b0", 0),
    ]


async def test_parked_rows_of_a_dead_router_are_failed_not_run_again(
    opened: Opened,
) -> None:
    """Law 2: after a restart it ends as `failed(interrupted)`."""
    store = await opened()
    await store.append("qq", "1", event("1"), trace="t")
    (row,) = await store.claim_inbound(CLAIM, 5)
    assert store.park_inbound(CLAIM, row.seq)

    await store.release(Claim("router", 2))

    assert store.counts().ended["failed"] == 1
    assert await store.claim_inbound(Claim("router", 2), 5) == []


async def test_nothing_is_forgotten_while_its_keeper_restarts(opened: Opened) -> None:
    """Design 4: the store belongs to the System, not to an incarnation."""
    store = await opened()

    def make() -> JournalKeeper:
        return JournalKeeper(store)

    async with nest(journal=make) as system:
        await store.append("qq", "1", event("1"), trace="t")
        await end_and_start_again(system, "/journal", make)

        assert store.counts().new == 1
        assert (await store.append("qq", "1", event("1"), trace="t")).duplicate


@pytest.mark.parametrize(
    "raw", [{"x": 2**80}, {"x": object()}, {"x": b"bytes"}, {"x": float("nan")}]
)
async def test_a_frame_that_cannot_be_measured_is_accepted(
    opened: Opened, raw: dict[str, object]
) -> None:
    store = await opened()
    odd = Inbound("1", raw=raw, body=(Text("a"), Raw("qq", {"x": 1})))
    assert not (await store.append("qq", "1", odd, trace="t")).duplicate


async def test_what_arrives_together_is_accepted_in_its_order(
    autojump_clock: MockClock, opened: Opened
) -> None:
    """As one `append` after the other: also what is known, and what waits for room."""
    store = await opened(inbox=InboxLimits(rows=3))
    await store.append("qq", "1", event("b"), trace="t")
    arrived = [Arrived(event(name), f"t{name}", f"c{name}") for name in "abcde"]
    answers: list[Appended] = []

    async def bring() -> None:
        answers.extend(await store.append_all("qq", "1", arrived))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(bring)
        await wait_all_tasks_blocked()
        await trio.sleep(1)
        assert not answers
        assert await store.cursor("qq", "1") == "cc"
        seen = [await settle_oldest(store)]
        while not answers:
            await trio.sleep(1)
            if store.counts().new:
                seen.append(await settle_oldest(store))

    assert [answer.duplicate for answer in answers] == [
        False,
        True,
        False,
        False,
        False,
    ]
    assert await store.cursor("qq", "1") == "ce"
    assert seen == sorted(seen)


async def test_who_has_no_name_yet_goes_on_where_the_platform_was(
    opened: Opened,
) -> None:
    """A session that dials learns whose it is from the peer, and must resume before."""
    store = await opened()
    assert await store.cursor("tiny", "") is None
    await store.append("tiny", "rook", event("1"), trace="t", cursor="1")
    assert await store.cursor("tiny", "") == "1"
    await store.advance("tiny", "rook", "2")
    assert await store.cursor("tiny", "") == "2"
    assert await store.cursor("tiny", "another") is None
    assert await store.cursor("other", "") is None


async def test_a_session_without_a_name_is_told_again_what_was_given_up(
    opened: Opened,
) -> None:
    """Whoever dials anew asks before it knows its account; the gap is behind it then."""
    store = await opened(inbox=InboxLimits(rows=1))
    await store.append("tiny", "rook", event("1"), trace="t", cursor="1")
    async with trio.open_nursery() as nursery:
        given_up = trio.CancelScope()

        async def bring_2() -> None:
            with given_up:
                await store.append("tiny", "rook", event("2"), trace="t", cursor="2")

        nursery.start_soon(bring_2)
        await wait_all_tasks_blocked()
        given_up.cancel()
    await settle_oldest(store)
    await store.append("tiny", "rook", event("3"), trace="t", cursor="3")
    await settle_oldest(store)
    assert await store.cursor("tiny", "") == "1"
    await store.append("tiny", "rook", event("2"), trace="t", cursor="2")
    assert await store.cursor("tiny", "rook") == "2"
    assert await store.cursor("tiny", "") == "2"


async def test_what_is_taken_at_once_is_taken_whole_in_its_order_or_not_at_all(
    autojump_clock: MockClock, opened: Opened
) -> None:
    """The same events as `append_all` would accept; whatever has to wait is for that."""
    store = await opened(inbox=InboxLimits(rows=3))
    told: list[tuple[str, bool]] = []

    def bring(names: str) -> bool:
        arrived = [Arrived(event(name), f"t{name}", f"c{name}") for name in names]
        return store.append_now("qq", "1", arrived, tell)

    async def settle() -> str:
        (row,) = await store.claim_inbound(CLAIM, 1)
        assert store.settle_inbound(CLAIM, row.seq, InboundState.DONE)
        return row.event.id

    def tell(one: Arrived, appended: Appended) -> None:
        told.append((one.event.id, appended.duplicate))

    await store.append("qq", "1", event("b"), trace="t")
    assert bring("abc")
    await wait_all_tasks_blocked()
    await trio.sleep(1)
    assert told == [("a", False), ("b", True), ("c", False)]
    assert await store.cursor("qq", "1") == "cc"
    assert store.counts().new == 3
    assert not bring("de")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(partial(store.append, "qq", "1", event("d"), trace="t"))
        await wait_all_tasks_blocked()
        assert not bring("e"), "somebody waits for room, and came before"
        seen = [await settle()]
        await trio.sleep(1)
    assert not bring("e")
    seen += [await settle() for _ in range(3)]
    assert bring("e")
    await trio.sleep(1)
    assert [*seen, await settle()] == list("bacde")
    assert told[3:] == [("e", False)]
