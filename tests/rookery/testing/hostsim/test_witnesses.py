"""What the witnesses of a world write down, where no world of a test comes to it."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any, cast

import trio
from trio.testing import MockClock

from rookery.testing.hostsim.bots import Stage, make
from rookery.testing.hostsim.chronicle import Chronicle
from rookery.testing.hostsim.diary import Diary


async def test_a_later_has_come_once_it_is_run_whatever_keeps_its_reply(
    autojump_clock: MockClock,
) -> None:
    """A disk that is full for ten minutes has it fail at its deadline, as it should."""
    diary = Diary(Chronicle(trio.current_time, keep=False))
    life = SimpleNamespace(number=1, dead=False)
    bot = make(
        "alpha",
        Stage(
            diary, random.Random(0), life, (), lambda *_: False, 0.0, lambda *_: None
        ),
    )
    (ring,) = [one for one in bot.handlers if one.name == "later:ring"]

    async def reply(_: str) -> None:
        await trio.sleep_forever()

    with trio.move_on_after(60):
        await cast(Any, ring.function)(SimpleNamespace(reply=reply), n=7)
    assert diary.rung == {7}
    assert not diary.promised
