"""Lanes of several groups: bodies that hang, and what goes on beside them."""

from __future__ import annotations

import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.lanes import Ended, Job, open_lanes


class Hall:
    """Bodies that hang until they are let go."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.open = trio.Event()

    async def body(self, job: Job[str, str]) -> None:
        self.begun.append(job.item)
        if not job.item.startswith("quick"):
            if job.item.startswith("parks"):
                job.park()
                await self.open.wait()
                job.resume()
            await trio.sleep(30)

    def ended(self, job: Job[str, str], ended: Ended) -> None:
        pass


async def test_a_group_that_hangs_leaves_workers_to_the_others(
    autojump_clock: MockClock,
) -> None:
    """Law 4, B28: all that is shared hangs, and a quiet platform is served at once."""
    hall = Hall()
    async with open_lanes(hall.body, hall.ended, workers=32) as lanes:
        for n in range(100):
            lanes.put(f"n{n}", f"noisy{n}", group="noisy")
        await wait_all_tasks_blocked()
        assert len(hall.begun) == 30  # of 32, what is not kept for what is urgent
        lanes.put("q", "quick", group="quiet")
        await wait_all_tasks_blocked()
        assert hall.begun[30:] == ["quick"]
        lanes.close()


async def test_an_operator_is_served_while_everything_hangs(
    autojump_clock: MockClock,
) -> None:
    """Law 3: on the platform that hangs, too."""
    hall = Hall()
    async with open_lanes(hall.body, hall.ended, workers=32) as lanes:
        for n in range(100):
            lanes.put(f"n{n}", f"noisy{n}", group="qq")
        await wait_all_tasks_blocked()
        lanes.put("ops", "quick", group="qq", level=0)
        await wait_all_tasks_blocked()
        assert hall.begun[30:] == ["quick"]
        lanes.close()


async def test_who_goes_on_after_an_answer_takes_nobodys_place(
    autojump_clock: MockClock,
) -> None:
    """Law 2: handlers that waited in `ctx.ask` go on beside the others, not before them."""
    hall = Hall()
    async with open_lanes(hall.body, hall.ended, workers=4) as lanes:
        for n in range(20):
            lanes.put(f"p{n}", f"parks{n}", within=1000.0)
        await wait_all_tasks_blocked()
        assert lanes.parked == 20
        hall.open.set()
        await wait_all_tasks_blocked()
        assert lanes.running == 20
        for n in range(6):
            lanes.put(f"n{n}", f"hangs{n}")
        await wait_all_tasks_blocked()
        assert hall.begun[20:] == ["hangs0", "hangs1", "hangs2", "hangs3"]
        assert lanes.running == 24
        await trio.sleep(31)
        assert len(hall.begun) == 26
        assert lanes.running == 2
        assert await lanes.drain(60.0)
        assert lanes._crew._active == len(lanes._crew._all)  # all are counted again


async def test_a_burst_hires_no_more_workers_than_may_work(
    autojump_clock: MockClock,
) -> None:
    hall = Hall()
    async with open_lanes(hall.body, hall.ended, workers=16) as lanes:
        for group in ("a", "b", "c"):
            for n in range(200):
                lanes.put(f"{group}{n}", f"{group}{n}", group=group)
        await wait_all_tasks_blocked()
        assert len(lanes._crew._all) <= 16 + 3
        assert lanes.running <= 16 + 3
        lanes.close()
