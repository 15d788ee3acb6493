"""Receipts: whoever waits is woken at once, and nobody waits for what nobody can know."""

from __future__ import annotations

import gc

import trio
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.messages import OutboundState, Outcome
from actors.tracker import (
    PENDING_SECONDS,
    STALE_SECONDS,
    CountDeliveries,
    Receipt,
    Tracker,
    TrackerIndex,
    TrackerKeeper,
    Verdict,
)
from tests.actors.journal.builders import end_and_start_again, nest, saying, to

S = OutboundState
SENT = Outcome(S.SENT, "", "77")
UNKNOWN = Outcome(S.UNKNOWN, "lost")


async def test_whoever_waits_is_woken_when_it_is_settled(
    autojump_clock: MockClock,
) -> None:
    tracker = Tracker(trio.current_time)
    receipt = tracker.begin(saying("a"))
    got: list[Outcome] = []

    async def wait() -> None:
        got.append(await receipt.outcome(within=60.0))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        nursery.start_soon(wait)
        await trio.sleep(5)
        tracker.sending("a")
        await wait_all_tasks_blocked()
        assert receipt.state is S.SENDING
        assert got == []
        settled_at = trio.current_time()
        tracker.settle("a", SENT)
    assert trio.current_time() == settled_at
    assert got == [SENT, SENT]
    assert await receipt.outcome() == SENT  # and later at once


async def test_waiting_has_an_end_and_says_where_it_stands(
    autojump_clock: MockClock,
) -> None:
    tracker = Tracker(trio.current_time)
    receipt = tracker.begin(saying("a"))
    started = trio.current_time()
    assert (await receipt.outcome(within=3.0)).state is S.QUEUED
    assert trio.current_time() - started == 3.0
    assert not receipt.settled


async def test_unknown_blocks_nobody_and_may_still_become_sent(
    autojump_clock: MockClock,
) -> None:
    """Law 6, E06: a late answer is told apart and improves the receipt."""
    tracker = Tracker(trio.current_time)
    receipt = tracker.begin(saying("a"))
    assert tracker.settle("a", UNKNOWN) is Verdict.MATCHED
    assert await receipt.outcome(within=60.0) == UNKNOWN
    assert receipt.unknown

    assert tracker.settle("a", SENT) is Verdict.LATE
    assert receipt.current == SENT
    assert tracker.settle("a", UNKNOWN) is Verdict.DUPLICATE
    assert receipt.current == SENT


async def test_the_same_key_has_one_receipt(autojump_clock: MockClock) -> None:
    """E10, E23: beginning again blocks nobody and delivers nothing twice."""
    tracker = Tracker(trio.current_time)
    receipt = tracker.begin(saying("a"))
    assert tracker.begin(saying("a")) is receipt
    tracker.settle("a", SENT)
    again = tracker.begin(saying("a"), SENT)
    assert again.current == SENT
    assert tracker.index.counts().pending == 0


async def test_what_nobody_answers_is_unknown_in_the_end(
    autojump_clock: MockClock,
) -> None:
    """E07, E08: an idle process times out, too, and whoever waits is told."""
    tracker = Tracker(trio.current_time)
    async with nest(tracker=lambda: TrackerKeeper(tracker)) as system:
        await trio.sleep(7)
        receipt = tracker.begin(saying("a"))
        started = trio.current_time()
        with capture_logs() as logs:
            outcome = await receipt.outcome(within=1e6)
        assert outcome.unknown
        [ttl] = {STALE_SECONDS[saying("a").kind] + PENDING_SECONDS}
        assert trio.current_time() - started == ttl
        assert [line["event"] for line in logs] == ["delivery.timed_out"]
        keeper = system.find("/tracker", TrackerKeeper)
        assert (await keeper.ask(CountDeliveries(), within=1.0)).timed_out == 1


async def test_a_restart_of_the_keeper_loses_no_deadline(
    autojump_clock: MockClock,
) -> None:
    """E21: the index belongs to the System."""
    tracker = Tracker(trio.current_time)

    def make() -> TrackerKeeper:
        return TrackerKeeper(tracker)

    async with nest(tracker=make) as system:
        receipt = tracker.begin(saying("a"))
        await trio.sleep(100)
        await end_and_start_again(system, "/tracker", make)
        assert (await receipt.outcome(within=1e6)).unknown


async def test_a_full_tracker_still_lets_things_be_said(
    autojump_clock: MockClock,
) -> None:
    """E19: refused, counted, logged; the message itself is not held up."""
    tracker = Tracker(trio.current_time, TrackerIndex(capacity=1))
    tracker.begin(saying("a"))
    with capture_logs() as logs:
        receipt = tracker.begin(saying("b"))
    assert receipt.state is S.QUEUED
    assert tracker.index.counts().refused == 1
    assert [line["event"] for line in logs] == ["tracker.filled"]


async def test_clear_tells_everybody(autojump_clock: MockClock) -> None:
    """E22: resolved as `cancelled`, not forgotten."""
    tracker = Tracker(trio.current_time)
    receipt = tracker.begin(saying("a"))
    tracker.clear()
    assert receipt.state is S.CANCELLED


async def test_receipts_nobody_holds_are_not_kept(autojump_clock: MockClock) -> None:
    """Law 9: unknown ones could be millions, and a late answer may never come."""
    tracker = Tracker(trio.current_time)
    for n in range(100):
        tracker.begin(saying(f"k{n}"))
        tracker.settle(f"k{n}", UNKNOWN)
    gc.collect()
    assert len(tracker._doubtful) == 0
    assert len(tracker._open) == 0


def test_a_receipt_cannot_be_changed_from_outside() -> None:
    receipt = Receipt("a", to(), SENT)
    assert repr(receipt) == "<Receipt a sent>"
    assert receipt.settled
