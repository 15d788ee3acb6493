"""What must not cost more in a crowd: looking at it, and looking for somebody in it."""

from __future__ import annotations

import pytest
import trio

from actors.kernel import AddressNotFound, Shutdown
from tests.actors.kernel.keeper import Doer, house


async def test_a_snapshot_counts_the_rest_of_a_crowd_and_shows_what_is_unusual() -> (
    None
):
    async with house() as home:
        for number in range(8):
            await home.keep(f"c{number}", Doer)
        home.cell("c5").rest(Shutdown("test"))
        home.cell("c6").rest(Shutdown("test"))
        await home.system.suspend(home.system.find("/c7"))

        def seen(at_most: int | None) -> tuple[list[str], dict[str, int]]:
            root = home.system.snapshot(at_most=at_most)
            return [child.name for child in root.children], dict(root.folded)

        everybody = [f"c{number}" for number in range(8)]
        assert seen(None) == (everybody, {})
        assert seen(8) == (everybody, {})
        assert seen(7) == (["c0", "c1", "c2", "c3", "c5", "c6", "c7"], {"running": 1})
        assert seen(4) == (["c0", "c5", "c6", "c7"], {"running": 4})
        assert seen(2) == (["c5", "c6"], {"running": 5, "suspended": 1})
        assert seen(0) == ([], {"running": 5, "down": 2, "suspended": 1})


@pytest.mark.parametrize("families", [[640], [8, 8, 10]])
async def test_a_survey_shows_all_and_lets_others_run(families: list[int]) -> None:
    """Also where none of them has many children."""
    passes = 0

    async def watch() -> None:
        nonlocal passes
        while True:
            await trio.lowlevel.checkpoint()
            passes += 1

    async with house() as home, trio.open_nursery() as nursery:
        parents = [home.root.cell]
        for children in families:
            parents = [
                parent.adopt(f"c{n}") for parent in parents for n in range(children)
            ]
        nursery.start_soon(watch)
        await trio.lowlevel.checkpoint()
        before = passes
        seen = await home.system.survey()

        assert passes - before >= 640 // 64 - 1
        assert seen == home.system.snapshot()
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(("before", "similar"), [(0, "/router"), (600, "")])
async def test_a_miss_is_compared_with_a_few_paths_only(
    before: int, similar: str
) -> None:
    """In a crowd it would stop everybody for as long as it takes to compare them all."""
    async with house() as home:
        for number in range(before):
            home.root.cell.adopt(f"c{number}")
        home.root.cell.adopt("router")

        with pytest.raises(AddressNotFound) as raised:
            home.system.find("/roter")

        assert raised.value.similar == similar
