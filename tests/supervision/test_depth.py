"""A tree deeper than Python's stack: each operation on all of it works there, too."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
import trio.testing

from supervision import (
    ChildSpec,
    Done,
    Supervisor,
    delete_child,
    restart_child,
    terminate_child,
)
from tests.supervision.actors import Diary, Ping, Worker, living

LEVELS = 300


@pytest.fixture
def shallow() -> Iterator[None]:
    """Leave a stack that is soon full: a really deep tree takes seconds."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(LEVELS)
    yield
    sys.setrecursionlimit(limit)


@pytest.mark.usefixtures("shallow")
async def test_a_tree_may_be_deeper_than_the_stack(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    tree = Supervisor(children=[diary.spec("worker")])
    for _ in range(LEVELS - 1):
        tree = Supervisor(children=[ChildSpec("s", tree)])
    async with living(Supervisor(children=[ChildSpec("s", tree)]), diary) as house:
        worker = house.system.find("/s" * LEVELS + "/worker", Worker)
        top = house.system.find("/s").cell.incarnation
        assert top is not None

        top.kill()
        await top.ended()
        await house.settled()
        assert await worker.ask(Ping(), within=1) == 2

        for seen in (house.system.snapshot(), await house.system.survey()):
            depth = 0
            while seen.children:
                seen = seen.children[0]  # noqa: PLW2901 - down and down
                depth += 1
            assert (depth, seen.path) == (LEVELS + 1, worker.path)

        assert await terminate_child(house.root, "s") == Done()
        await restart_child(house.root, "s")
        await terminate_child(house.root, "s")
        assert await delete_child(house.root, "s") == Done()
        assert list(house.system.cells) == ["/"]
