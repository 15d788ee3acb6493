"""The one place that knows where trio keeps the randomness of its scheduler."""

from __future__ import annotations

import random

import pytest
import trio
from trio._core import _run

from rookery.testing import scheduling
from rookery.testing.scheduling import SchedulerMoved, seeded


def test_trio_still_has_it_where_we_look() -> None:
    """If this fails, trio has moved them: mend `scheduling`, or no seed replays any more."""
    assert isinstance(getattr(_run, scheduling.RANDOM), random.Random)
    assert getattr(_run, scheduling.ORDERED) in (True, False)


def order(seed: int) -> str:
    """Return the order in which many tasks ran, many times."""
    ran: list[str] = []

    async def one(name: str) -> None:
        for _ in range(20):
            ran.append(name)
            await trio.lowlevel.checkpoint()

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            for name in "abcdefgh":
                nursery.start_soon(one, name)

    with seeded(seed):
        trio.run(main)
    return "".join(ran)


def test_the_order_of_tasks_is_that_of_the_seed() -> None:
    assert order(1) == order(1)
    assert len({order(seed) for seed in range(5)}) == 5


def test_afterwards_all_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = random.Random(5)
    monkeypatch.setattr(_run, scheduling.RANDOM, generator)
    ordered = getattr(_run, scheduling.ORDERED)
    order(1)
    assert generator.getstate() == random.Random(5).getstate()
    assert getattr(_run, scheduling.ORDERED) is ordered


@pytest.mark.parametrize("name", [scheduling.RANDOM, scheduling.ORDERED])
def test_a_trio_without_it_is_refused(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(_run, name)
    with pytest.raises(SchedulerMoved, match=name), seeded(1):
        pass
