"""A host with nothing to do does nothing."""

from __future__ import annotations

from pathlib import Path

import trio
from trio.testing import MockClock

from tests.rookery.host.conftest import HELLO, Living

HOUR = 3600.0


class Turns(trio.abc.Instrument):
    """Counts how often a task gets one."""

    taken = 0

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self.taken += 1


async def test_an_idle_host_takes_few_turns(
    living: Living, autojump_clock: MockClock, tmp_path: Path
) -> None:
    """Law 11, section 2 (router): counted, for the time of a machine is no measure.

    Somebody looks once a second, which takes the alarm and him a turn each.
    """
    (tmp_path / "hello.py").write_text(HELLO.format(said="hello"))
    async with living('[bots.hello]\nuse = "hello.py:bot"\n') as host:
        await host.say("/hello")
        await host.hears("hello")
        await trio.sleep(60)

        turns = Turns()
        trio.lowlevel.add_instrument(turns)
        await trio.sleep(HOUR)
        trio.lowlevel.remove_instrument(turns)

        assert turns.taken <= 3 * HOUR
        await host.say("/hello")
        await host.hears("hello")
