"""The thread of the journal: what is done in it is told in trio's, and nothing of it stays."""

from __future__ import annotations

import errno
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import trio
from outcome import Outcome, Value

from actors.journal import OwnThread

FDS = Path("/proc/self/fd")
linux = pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel")


def ended(name: str) -> bool:
    """Wait for the thread of that name to be gone."""
    for thread in threading.enumerate():
        if thread.name == name:
            thread.join(10)
    return name not in {thread.name for thread in threading.enumerate()}


async def test_jobs_are_told_of_in_their_order() -> None:
    """One thread, many who wait, and one who left: the others are told all the same."""
    run = OwnThread("orderly")
    assert not run.ready
    told: list[int] = []
    assert await run(lambda: 0, told.append) == 0
    assert run.ready
    all_told = trio.Event()

    def tell(answer: Outcome[int]) -> None:
        assert isinstance(answer, Value)
        told.append(answer.value)
        if len(told) == 200:
            all_told.set()

    with trio.CancelScope() as gone:
        gone.cancel()
        await run(lambda: 1, told.append)
    for n in range(1, 200):
        run.start(lambda n=n: n, tell)
    await all_told.wait()
    assert told == list(range(200))
    run.close()
    assert await trio.to_thread.run_sync(ended, "orderly")


async def test_what_a_job_raises_is_raised_where_it_is_waited_for() -> None:
    run = OwnThread("raising")
    with pytest.raises(ZeroDivisionError):
        await run(lambda: 1 // 0)
    assert await run(lambda: 2) == 2
    run.close()
    assert await trio.to_thread.run_sync(ended, "raising")


@linux
@pytest.mark.parametrize("closed", [True, False])
def test_nothing_stays_open(*, closed: bool) -> None:
    """Not even if trio ends with a job in hand, which then has nobody to tell."""
    before = len(list(FDS.iterdir()))
    go_on = threading.Event()

    async def main() -> None:
        run = OwnThread("leaving")
        await run(lambda: None)
        run.start(lambda: go_on.wait(10), lambda _: None)
        run.start(lambda: None, lambda _: None)
        if closed:
            go_on.set()
            run.close()
            await trio.to_thread.run_sync(ended, "leaving")

    trio.run(main)
    go_on.set()
    assert ended("leaving")
    assert len(list(FDS.iterdir())) == before


@linux
async def test_it_does_not_interrupt_whoever_wakes_it() -> None:
    run = OwnThread("batch")
    assert await run(lambda: os.sched_getscheduler(0)) == os.SCHED_BATCH
    assert os.sched_getscheduler(0) == os.SCHED_OTHER
    run.close()
    assert await trio.to_thread.run_sync(ended, "batch")


def _no_more_files() -> tuple[int, int]:
    raise OSError(errno.EMFILE, "Too many open files")


def _no_more_threads(_: threading.Thread) -> None:
    msg = "can't start new thread"
    raise RuntimeError(msg)


@pytest.mark.parametrize(
    ("owner", "name", "fails"),
    [(os, "pipe", _no_more_files), (threading.Thread, "start", _no_more_threads)],
    ids=["no file is left", "no thread is left"],
)
async def test_a_thread_that_could_not_be_begun_is_begun_the_next_time(
    monkeypatch: pytest.MonkeyPatch,
    owner: object,
    name: str,
    fails: Callable[..., object],
) -> None:
    """What the process lacks for a while may not silence the journal for ever."""
    run = OwnThread("late")
    with monkeypatch.context() as patched:
        patched.setattr(owner, name, fails)
        with pytest.raises((OSError, RuntimeError)):
            await run(lambda: 1)
        assert not run.ready
    with trio.fail_after(60):
        assert await run(lambda: 2) == 2
    run.close()
    assert await trio.to_thread.run_sync(ended, "late")
