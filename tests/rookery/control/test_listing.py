"""A whole tree on its way out of a host that has other things to do."""

from __future__ import annotations

import pytest
import trio

from rookery.control import decode_answer, encode_result, tree_of, whole_tree_of
from tests.actors.kernel.keeper import house


@pytest.mark.parametrize("families", [[640], [8, 8, 10]])
async def test_a_whole_tree_is_the_same_and_lets_others_run(
    families: list[int],
) -> None:
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
        seen = home.system.snapshot()
        nursery.start_soon(watch)
        await trio.lowlevel.checkpoint()
        before = passes
        tree = await whole_tree_of(seen)

        assert passes - before >= 640 // 64 - 1
        whole, usual = ({"tree": each} for each in (tree, tree_of(seen)))
        assert encode_result(whole) == encode_result(usual)
        assert decode_answer(encode_result(whole)) == usual
        nursery.cancel_scope.cancel()
