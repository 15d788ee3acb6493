"""Backoff in the running supervisor: sleeping, waking, merging, stopping in between."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from actors.kernel import ActorDown, MailboxFull, Shutdown
from supervision import (
    FOREVER,
    ONE_FOR_ALL,
    ONE_FOR_ONE,
    REST_FOR_ONE,
    Backoff,
    ChildState,
    Counts,
    Done,
    Jitter,
    Refusal,
    RestartNow,
    Strategy,
    Supervisor,
    count_children,
    delete_child,
    restart_child,
    restart_now,
    terminate_child,
    which_children,
)
from tests.supervision.actors import Diary, Finish, Ping, Worker, living

STEADY = Backoff(first=10.0, cap=60.0, jitter=Jitter.NONE)
CALM = 100.0
"""Longer than a stable run takes to count as one."""


def patient(
    diary: Diary,
    strategy: Strategy = ONE_FOR_ONE,
    backoff: Backoff = STEADY,
    counted: bool = True,
) -> Supervisor:
    children = [diary.spec(name, backoff=backoff, counted=counted) for name in "abc"]
    return Supervisor(strategy, children)


async def test_a_child_sleeps_alone_while_its_siblings_work(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(patient(diary), diary) as house:
        diary.take()

        assert await house.fail("b") == ["xb"]
        assert house.phase("b") == "waiting"
        shown = house.system.snapshot("/b")
        assert shown.note == "crash: Boom(); failure 1 in a row"
        assert shown.seconds_left == pytest.approx(10)
        assert await count_children(house.root) == Counts(3, 2, 0, 3)
        await trio.sleep(9.9)
        row = (await which_children(house.root))[1]
        assert row.state is ChildState.WAITING
        assert row.seconds_left == pytest.approx(0.1)
        assert row.why == "crash: Boom()"
        assert house.system.snapshot("/b").seconds_left == pytest.approx(0.1)
        assert await house.settled() == []
        await trio.sleep(0.1)
        assert await house.settled() == ["+b"]
        assert house.system.snapshot("/b").seconds_left is None


async def test_the_sleep_grows_with_the_streak_and_a_stable_run_ends_it(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(patient(diary), diary) as house:
        sleeps = []
        for run in (1, 1, 1, 1, 60, 1):
            await trio.sleep(run)
            await house.fail("a")
            row = (await which_children(house.root))[2]
            sleeps.append(row.seconds_left)
            assert row.seconds_left is not None
            await trio.sleep(row.seconds_left)
            await house.settled()

        assert sleeps == pytest.approx([10, 20, 40, 60, 10, 20])


async def test_mail_to_a_sleeping_child_is_kept(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    """S6."""
    async with living(patient(diary), diary) as house:
        await house.fail("a")

        worker = house.system.find("/a", Worker)
        assert await worker.ask(Ping(), within=11) == 2


async def test_mail_to_a_sleeping_child_has_its_mailbox_and_mail_to_one_that_is_down_none(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    """S6."""
    async with living(patient(diary), diary) as house:
        await house.fail("a")
        diary.take()
        a, b = (house.system.find(f"/{name}", Worker) for name in "ab")
        for _ in range(Worker.mailbox.capacity):
            a.tell(Ping())
        with pytest.raises(MailboxFull):
            a.tell(Finish())
        await trio.sleep(10)
        assert await house.settled() == ["+a"]
        assert house.system.snapshot("/a").handled == Worker.mailbox.capacity

        await terminate_child(house.root, "b")
        b.tell(Finish())
        with pytest.raises(ActorDown):
            await b.send(Finish(), within=1)
        with pytest.raises(ActorDown):
            await b.ask(Ping(), within=1)
        letter, *_ = house.system.dead_letters.newest()
        assert (letter.path, letter.message, letter.why) == ("/b", Finish(), "stopped")
        assert await house.settled() == ["-b"]


async def test_a_person_may_end_the_sleep_and_the_streak_goes_on(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(patient(diary), diary) as house:
        await house.fail("a")

        assert await restart_now(house.root, "a") == Done()
        assert await house.settled() == ["+a"]
        assert await restart_now(house.root, "a") is Refusal.RUNNING
        await trio.sleep(30)
        assert await house.settled() == []
        await house.fail("a")
        assert (await which_children(house.root))[2].seconds_left == pytest.approx(20)


async def test_ending_the_sleep_of_a_member_wakes_its_group_and_keeps_the_streak(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(patient(diary, ONE_FOR_ALL), diary) as house:
        await house.fail("b")

        assert await restart_now(house.root, "c") == Done()
        assert await house.settled() == ["+a", "+b", "+c"]
        await house.fail("b")
        rows = await which_children(house.root)
        assert [row.seconds_left for row in rows] == pytest.approx([20, 20, 20])


async def test_a_group_stops_at_once_sleeps_once_and_starts_in_order(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(patient(diary, ONE_FOR_ALL), diary) as house:
        diary.take()

        assert await house.fail("b") == ["xb", "-c", "-a"]
        await trio.sleep(4)
        for row in await which_children(house.root):
            assert row.seconds_left == pytest.approx(6)
        for shown in house.system.snapshot().children:
            assert shown.phase == "waiting"
            assert shown.seconds_left == pytest.approx(6)
        assert house.system.snapshot("/c").note == "comes back with b"
        await trio.sleep(6)
        assert await house.settled() == ["+a", "+b", "+c"]


async def test_a_second_failure_merges_into_the_group_that_sleeps(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(patient(diary, REST_FOR_ONE), diary) as house:
        diary.take()
        assert await house.fail("c") == ["xc"]
        await trio.sleep(4)

        assert await house.fail("b") == ["xb"]
        await trio.sleep(9.9)
        assert await house.settled() == []
        await trio.sleep(0.1)
        # Once, and in order; the six seconds that were left for c are over anyway.
        assert await house.settled() == ["+b", "+c"]
        await trio.sleep(CALM)
        assert await house.settled() == []


async def test_a_failure_while_the_group_starts_ends_that_start_at_once(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    """With a backoff a group need not be completed before it is stopped again."""
    async with living(patient(diary, ONE_FOR_ALL), diary) as house:
        diary.plans |= {"a": ["short"], "b": ["slow"]}
        await house.fail("a")
        await trio.sleep(12)

        assert await house.settled() == ["+a", "xa", "+b", "-b"]
        await trio.sleep(CALM)
        assert await house.settled() == ["+a", "+b", "+c"]


async def test_a_start_that_fails_sleeps_too(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(patient(diary, REST_FOR_ONE), diary) as house:
        diary.plans["b"] = ["fail", "fail"]
        diary.take()
        await house.fail("a")
        await trio.sleep(10)

        # What is before the one that failed stays up.
        assert await house.settled() == ["+a", "!b"]
        await trio.sleep(10)
        assert await house.settled() == ["!b"]
        await trio.sleep(19)
        assert await house.settled() == []
        await trio.sleep(1)
        assert await house.settled() == ["+b", "+c"]


@pytest.mark.parametrize("strategy", [ONE_FOR_ONE, ONE_FOR_ALL, REST_FOR_ONE])
async def test_a_stop_during_a_sleep_ends_it_and_nothing_starts_any_more(
    strategy: Strategy, diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    """S5."""
    async with living(patient(diary, strategy), diary) as house:
        await house.fail("a")
        before = trio.current_time()

        await house.system.stop(Shutdown())

        assert trio.current_time() == before
        diary.take()
        await trio.sleep(CALM)
        assert await house.settled() == []


async def test_while_a_supervisor_stops_nobody_is_shown_to_come_back(
    diary: Diary, autojump_clock: trio.testing.MockClock, nursery: trio.Nursery
) -> None:
    children = [
        diary.spec("a", "slow", shutdown=20),
        diary.spec("b", backoff=STEADY),
        diary.spec("c"),
    ]
    async with living(Supervisor(REST_FOR_ONE, children), diary) as house:
        await house.fail("b")

        nursery.start_soon(house.system.stop, Shutdown())
        await trio.testing.wait_all_tasks_blocked()

        shown = house.system.snapshot().children
        assert [actor.phase for actor in shown] == ["stopping", "down", "down"]
        assert [actor.seconds_left for actor in shown] == [None] * 3


async def test_terminating_a_sleeping_child_is_immediate(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(patient(diary), diary) as house:
        diary.take()
        await house.fail("a")
        assert await restart_child(house.root, "a") is Refusal.RESTARTING
        assert await delete_child(house.root, "a") is Refusal.RESTARTING

        assert await terminate_child(house.root, "a") == Done()
        await trio.sleep(CALM)
        assert await house.settled() == []
        assert await delete_child(house.root, "a") == Done()


async def test_terminating_the_leader_of_a_sleeping_group_leaves_the_group_down(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(patient(diary, ONE_FOR_ALL), diary) as house:
        await house.fail("b")
        diary.take()

        await terminate_child(house.root, "b")
        await trio.sleep(CALM)

        assert await house.settled() == []
        states = [row.state for row in await which_children(house.root)]
        assert states == [ChildState.DOWN] * 3


async def test_too_many_failures_in_a_row_end_the_supervisor(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    """S4."""
    backoff = Backoff(first=10.0, jitter=Jitter.NONE, give_up=2)
    async with living(patient(diary, backoff=backoff), diary) as house:
        for _ in range(2):
            await house.fail("a")
            await trio.sleep(20)
            await house.settled()

        assert await house.fail("a") == ["xa", "-c", "-b"]


async def test_failures_that_are_not_counted_never_fill_the_window(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    backoff = Backoff(first=0.001, cap=0.001, give_up=FOREVER)
    async with living(patient(diary, backoff=backoff, counted=False), diary) as house:
        diary.take()
        for _ in range(50):
            assert await house.fail("a") == ["xa"]
            await trio.sleep(0.001)
            assert await house.settled() == ["+a"]


async def test_a_permanent_child_that_ends_in_peace_does_not_spin(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    backoff = Backoff(first=10.0, jitter=Jitter.FULL)
    async with living(patient(diary, backoff=backoff), diary) as house:
        await house.finish("a")

        row = (await which_children(house.root))[2]
        assert row.seconds_left == pytest.approx(10)


async def test_a_sleep_can_be_ended_without_waiting_for_an_answer(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(patient(diary), diary) as house:
        diary.take()
        await house.fail("a")

        house.root.tell(RestartNow("a"))

        assert await house.settled() == ["+a"]
