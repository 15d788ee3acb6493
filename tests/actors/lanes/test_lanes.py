"""Lanes at work: order, deadlines, parking, cancellation, drain. All on a virtual clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.kernel import current_trace
from actors.lanes import (
    Ended,
    Job,
    Lanes,
    LanesClosed,
    LanesFull,
    TooManyParked,
    open_lanes,
)

Body = Callable[[Job[str, str]], Awaitable[None]]


class Book:
    """Writes down what began, what ended and when."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.ended: dict[str, Ended] = {}
        self.at: dict[str, float] = {}
        self.errors: dict[str, BaseException | None] = {}
        self.zero = trio.current_time()

    def end(self, job: Job[str, str], ended: Ended) -> None:
        assert job.item not in self.ended, "told once"
        self.ended[job.item] = ended
        self.errors[job.item] = job.error
        self.at[job.item] = trio.current_time() - self.zero


async def sleeps(job: Job[str, str]) -> None:
    await trio.sleep(float(job.item.partition(":")[2] or 1))


async def test_one_at_a_time_per_key_and_keys_side_by_side(
    autojump_clock: MockClock,
) -> None:
    """B25, B28: order per conversation; one slow handler stalls nobody else."""
    book = Book()
    async with open_lanes(sleeps, book.end) as lanes:
        for item in ("a1:5", "a2:1", "b1:1", "b2:1"):
            lanes.put(item[0], item)
        assert await lanes.drain(60.0)

    assert book.at == {"b1:1": 1.0, "b2:1": 2.0, "a1:5": 5.0, "a2:1": 6.0}
    assert set(book.ended.values()) == {Ended.DONE}


async def test_a_raising_body_costs_its_item_only(autojump_clock: MockClock) -> None:
    """B15, D45: contained by structure; the lane goes on."""
    book = Book()

    async def body(job: Job[str, str]) -> None:
        match job.item:
            case "plain":
                raise ValueError("no")
            case "group":
                async with trio.open_nursery():
                    raise ValueError("in a nursery")
            case "exit":
                raise SystemExit(3)
            case "asyncio":
                raise asyncio.CancelledError
            case "kept":
                raise kept
            case _:
                pass

    with trio.CancelScope() as scope:
        scope.cancel()
        try:
            await trio.sleep(1)
        except trio.Cancelled as cancelled:
            kept = cancelled
            raise

    async with open_lanes(body, book.end, workers=1) as lanes:
        for item in ("plain", "group", "exit", "asyncio", "kept", "fine"):
            lanes.put("a", item)
        assert await lanes.drain(5.0)

    bad = {"plain", "group", "exit", "asyncio", "kept"}
    assert {k for k, v in book.ended.items() if v is Ended.RAISED} == bad
    assert book.ended["fine"] is Ended.DONE
    assert isinstance(book.errors["plain"], ValueError)
    assert isinstance(book.errors["exit"], SystemExit)


async def test_a_hanging_body_ends_at_its_deadline_and_not_before(
    autojump_clock: MockClock,
) -> None:
    """Law 2: a handler that awaits too long costs its own chat only, until its deadline."""
    book = Book()
    async with open_lanes(sleeps, book.end) as lanes:
        lanes.put("a", "a1:100", within=10.0)
        lanes.put("a", "a2:1", within=10.0)
        lanes.put("b", "b1:9.5", within=10.0)
        lanes.put("c", "c1:100", within=3.0)
        assert await lanes.drain(60.0)

    assert book.ended == {
        "a1:100": Ended.TIMED_OUT,
        "a2:1": Ended.DONE,
        "b1:9.5": Ended.DONE,
        "c1:100": Ended.TIMED_OUT,
    }
    assert book.at == {"c1:100": 3.0, "b1:9.5": 9.5, "a1:100": 10.0, "a2:1": 11.0}


async def test_the_clean_up_of_a_timed_out_body_does_not_change_its_outcome(
    autojump_clock: MockClock,
) -> None:
    book = Book()

    async def body(job: Job[str, str]) -> None:
        try:
            await trio.sleep_forever()
        finally:
            raise ValueError("while leaving")

    async with open_lanes(body, book.end) as lanes:
        lanes.put("a", "x", within=1.0)
        assert await lanes.drain(60.0)
    assert book.ended == {"x": Ended.TIMED_OUT}


async def test_a_body_that_ends_as_its_time_is_up_is_done(
    autojump_clock: MockClock,
) -> None:
    """The scope is spent then: the next item must not be hit by it."""
    book = Book()

    async def body(job: Job[str, str]) -> None:
        with trio.CancelScope(shield=True):
            await trio.sleep(float(job.item.partition(":")[2]))

    async with open_lanes(body, book.end, workers=1) as lanes:
        lanes.put("a", "a1:2", within=1.0)
        lanes.put("a", "a2:0.5", within=1.0)
        assert await lanes.drain(60.0)
    assert book.ended == {"a1:2": Ended.DONE, "a2:0.5": Ended.DONE}


async def test_a_body_that_never_lets_go_is_left_behind(
    autojump_clock: MockClock,
) -> None:
    """T5: cancelling is cooperative; two seconds after its deadline the lane goes on."""
    book = Book()
    release = trio.Event()

    async def body(job: Job[str, str]) -> None:
        if job.item == "stuck":
            with trio.CancelScope(shield=True):
                await release.wait()

    with capture_logs() as logs:
        async with open_lanes(body, book.end, workers=1) as lanes:
            lanes.put("a", "stuck", within=1.0, trace="t1")
            lanes.put("a", "next", within=1.0)
            assert await lanes.drain(60.0)
            assert book.ended == {"stuck": Ended.TIMED_OUT, "next": Ended.DONE}
            assert book.at == {"stuck": 3.0, "next": 3.0}
            release.set()
            await wait_all_tasks_blocked()
            assert lanes.idle
    assert [line["event"] for line in logs] == ["lane.job_left_behind"]


async def test_a_parked_item_leaves_its_lane_and_its_deadline_stops(
    autojump_clock: MockClock,
) -> None:
    """Law 2, `ctx.ask`: the lane goes on; what was left of the time is left afterwards."""
    book = Book()

    async def body(job: Job[str, str]) -> None:
        if job.item != "asks":
            await trio.sleep(1)
            return
        await trio.sleep(4)
        job.park()
        await trio.sleep(100)
        job.resume()
        await trio.sleep(100)

    async with open_lanes(body, book.end, workers=1) as lanes:
        lanes.put("a", "asks", within=10.0)
        lanes.put("a", "next", within=10.0)
        await trio.sleep(5.5)
        assert book.at == {"next": 5.0}
        assert (lanes.parked, lanes.running, lanes.idle) == (1, 0, True)
        await trio.sleep(200)
    assert book.ended == {"next": Ended.DONE, "asks": Ended.TIMED_OUT}
    assert book.at["asks"] == 4 + 100 + 6


async def test_a_parked_item_may_end_or_be_interrupted_there(
    autojump_clock: MockClock,
) -> None:
    book = Book()

    async def body(job: Job[str, str]) -> None:
        job.park()
        await trio.sleep(float(job.item))
        raise ValueError("nobody answered")

    async with open_lanes(body, book.end, workers=2) as lanes:
        for item in ("3", "4", "1000", "2000"):
            lanes.put("a", item)
        await trio.sleep(10)
        assert lanes.parked == 2
        lanes.put("a", "5")  # there are workers for more
        await trio.sleep(10)
    assert book.ended == {
        "3": Ended.RAISED,
        "4": Ended.RAISED,
        "5": Ended.RAISED,
        "1000": Ended.INTERRUPTED,
        "2000": Ended.INTERRUPTED,
    }


async def test_so_many_may_be_parked_and_no_more(autojump_clock: MockClock) -> None:
    """Law 4: every place where something waits is bounded."""
    book = Book()

    async def body(job: Job[str, str]) -> None:
        job.park()
        await trio.sleep_forever()

    async with open_lanes(body, book.end, parked=2) as lanes:
        for item in "123":
            lanes.put("a", item)
        await wait_all_tasks_blocked()
        assert lanes.parked == 2
        assert isinstance(book.errors["3"], TooManyParked)


async def test_full_lanes_refuse_and_say_so(autojump_clock: MockClock) -> None:
    """B26: the outcome of overflow is returned to the caller."""
    book = Book()
    async with open_lanes(sleeps, book.end, workers=1, capacity=2) as lanes:
        lanes.put("a", "a1")
        await wait_all_tasks_blocked()
        lanes.put("a", "a2")
        lanes.put("b", "b1")
        with pytest.raises(LanesFull, match="2 items"):
            lanes.put("c", "c1")
        assert await lanes.drain(60.0)
    assert set(book.ended) == {"a1", "a2", "b1"}


async def test_closing_tells_each_item_how_it_ended(
    autojump_clock: MockClock,
) -> None:
    book = Book()
    async with open_lanes(sleeps, book.end, workers=1) as lanes:
        for item in ("a1:9", "a2:9", "b1:9"):
            lanes.put(item[0], item)
        await trio.sleep(1)
    assert book.ended == {
        "a1:9": Ended.INTERRUPTED,
        "a2:9": Ended.UNSTARTED,
        "b1:9": Ended.UNSTARTED,
    }
    with pytest.raises(LanesClosed):
        lanes.put("a", "late")


async def test_what_was_given_to_somebody_who_rests_has_not_started_either(
    autojump_clock: MockClock,
) -> None:
    book = Book()
    async with open_lanes(sleeps, book.end, workers=2) as lanes:
        lanes.put("a", "a1:1")
        lanes.put("b", "b1:1")
        await trio.sleep(2)  # both workers rest now
        for item in ("a2:9", "b2:9", "a3:9", "c1:9"):
            lanes.put(item[0], item)
        assert lanes.running == 2
        lanes.close()
        assert lanes.idle
        assert not lanes.busy("a")
    unstarted = dict.fromkeys(("a2:9", "b2:9", "a3:9", "c1:9"), Ended.UNSTARTED)
    assert book.ended == {"a1:1": Ended.DONE, "b1:1": Ended.DONE} | unstarted


async def test_drain_has_a_deadline(autojump_clock: MockClock) -> None:
    book = Book()
    async with open_lanes(sleeps, book.end) as lanes:
        lanes.put("a", "a1:30")
        assert not await lanes.drain(10.0)
        with pytest.raises(LanesClosed):
            lanes.put("a", "late")
        assert await lanes.drain(30.0)
    assert book.ended == {"a1:30": Ended.DONE}


async def test_the_trace_of_an_item_is_current_while_it_runs(
    autojump_clock: MockClock,
) -> None:
    """A03, A04: a worker keeps nothing of the item before."""
    book = Book()
    seen: list[str] = []

    async def body(job: Job[str, str]) -> None:
        seen.append(current_trace())

    async with open_lanes(body, book.end, workers=1) as lanes:
        lanes.put("a", "1", trace="t1")
        lanes.put("a", "2")
        lanes.put("a", "3", trace="t3")
        assert await lanes.drain(1.0)
    assert seen == ["t1", "", "t3"]


async def test_a_report_that_raises_is_logged_and_the_lane_goes_on(
    autojump_clock: MockClock,
) -> None:
    told: list[str] = []

    def ended(job: Job[str, str], _: Ended) -> None:
        told.append(job.item)
        raise ValueError("our own mistake")

    with capture_logs() as logs:
        async with open_lanes(sleeps, ended, workers=1) as lanes:
            lanes.put("a", "1")
            lanes.put("a", "2")
            assert await lanes.drain(60.0)
    assert told == ["1", "2"]
    assert [line["event"] for line in logs] == ["lane.report_failed"] * 2


async def test_idle_lanes_do_nothing(mock_clock: MockClock) -> None:
    """Law 11: no wake-ups while there is no work; deadlines of done items ask for one."""
    book = Book()

    async def body(job: Job[str, str]) -> None:
        pass

    async with open_lanes(body, book.end) as lanes:
        for n in range(100):
            lanes.put("a", str(n), within=60.0)
        assert await lanes.drain(1.0)
        await wait_all_tasks_blocked()
        mock_clock.jump(61.0)
        await wait_all_tasks_blocked()
        deadline = trio.lowlevel.current_statistics().seconds_to_next_deadline
        assert deadline == float("inf")


plans = st.lists(
    st.tuples(
        st.sampled_from("abc"),
        st.sampled_from(["done", "raises", "hangs", "parks"]),
        st.integers(1, 5),
    ),
    max_size=25,
)


@settings(max_examples=60, deadline=None)
@given(plan=plans, workers=st.integers(1, 4))
def test_whatever_items_do_each_ends_once_and_keys_keep_their_order(
    plan: list[tuple[str, str, int]], workers: int
) -> None:
    """B25, B28, D45 in any mixture: no item is lost, none waits for another key's."""
    begun: list[tuple[str, int]] = []
    ended: dict[int, Ended] = {}
    inside: set[str] = set()

    async def body(job: Job[str, int]) -> None:
        _, what, seconds = plan[job.item]
        begun.append((job.key, job.item))
        assert job.key not in inside, "one at a time"
        inside.add(job.key)
        try:
            await trio.sleep(seconds)
            match what:
                case "raises":
                    raise ValueError
                case "hangs":
                    await trio.sleep_forever()
                case "parks":
                    inside.discard(job.key)
                    job.park()
                    await trio.sleep(20)
                    job.resume()
                case _:
                    pass
        finally:
            if what != "parks":
                inside.discard(job.key)

    def end(job: Job[str, int], how: Ended) -> None:
        assert job.item not in ended
        ended[job.item] = how

    async def main() -> None:
        async with open_lanes(body, end, workers=workers) as lanes:
            for n, (key, _, _) in enumerate(plan):
                lanes.put(key, n, within=10.0)
            assert await lanes.drain(10_000.0)
            await trio.sleep(50)
            assert (lanes.parked, lanes.running, len(lanes)) == (0, 0, 0)

    trio.run(main, clock=MockClock(autojump_threshold=0))
    assert set(ended) == set(range(len(plan)))
    expected = {
        "done": Ended.DONE,
        "raises": Ended.RAISED,
        "hangs": Ended.TIMED_OUT,
        "parks": Ended.DONE,
    }
    assert all(ended[n] is expected[what] for n, (_, what, _) in enumerate(plan))
    for key in "abc":
        order = [n for k, n in begun if k == key]
        assert order == sorted(order)


def test_lanes_are_generic() -> None:
    """A type checker's test."""
    make: type[Lanes[tuple[str, str], int]] = Lanes
    assert make is Lanes
