"""A crew that is dismissed: nothing of it stays behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import trio
from attrs import define
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.lanes.crew import Crew
from actors.lanes.job import Ended


@define(eq=False)
class Task:
    """A job that takes so many seconds."""

    seconds: float
    within: float = 30.0
    trace: str = ""
    parked: bool = False


async def _sleeps(job: Task) -> None:
    await trio.sleep(job.seconds)


@define
class Yard:
    """A crew, what waits for it, and what became of it."""

    nursery: trio.Nursery
    waiting: list[Task]
    ended: list[Ended]

    def crew(self) -> Crew[Task]:
        return Crew(
            self.nursery,
            take=lambda: self.waiting.pop() if self.waiting else None,
            body=_sleeps,
            ended=lambda _job, ended, _error: self.ended.append(ended),
            size=2,
        )


@contextmanager
def nothing_stays(nursery: trio.Nursery) -> Iterator[Yard]:
    """Whatever the block starts in *nursery* is to end by itself."""
    yield Yard(nursery, [], [])
    nursery.cancel_scope.deadline = trio.current_time() + 1000


async def test_one_that_never_had_work_leaves_no_task(
    autojump_clock: MockClock,
) -> None:
    """A connection that comes and goes makes a crew each time: it grew for months."""
    async with trio.open_nursery() as nursery:
        with nothing_stays(nursery) as yard:
            yard.crew().dismiss()
    assert not nursery.cancel_scope.cancelled_caught


async def test_one_at_rest_leaves_no_task(autojump_clock: MockClock) -> None:
    async with trio.open_nursery() as nursery:
        with nothing_stays(nursery) as yard:
            crew = yard.crew()
            yard.waiting.append(Task(1.0))
            crew.call()
            await trio.sleep(5.0)
            crew.dismiss()
    assert yard.ended == [Ended.DONE]
    assert not nursery.cancel_scope.cancelled_caught


async def test_what_is_in_hand_keeps_its_deadline_and_then_nothing_stays(
    autojump_clock: MockClock,
) -> None:
    async with trio.open_nursery() as nursery:
        with nothing_stays(nursery) as yard:
            crew = yard.crew()
            yard.waiting.append(Task(100.0))
            crew.call()
            crew.begun(Task(0.0))
            await wait_all_tasks_blocked()
            crew.dismiss()
    assert yard.ended == [Ended.TIMED_OUT, Ended.TIMED_OUT]
    assert not nursery.cancel_scope.cancelled_caught


async def test_what_was_begun_without_a_worker_ends_it_as_well(
    autojump_clock: MockClock,
) -> None:
    async with trio.open_nursery() as nursery:
        with nothing_stays(nursery) as yard:
            crew, job = yard.crew(), Task(0.0)
            crew.begun(job)
            crew.dismiss()
            await trio.sleep(5.0)
            crew.end_begun(job, Ended.DONE, None)
    assert yard.ended == [Ended.DONE]
    assert not nursery.cancel_scope.cancelled_caught
