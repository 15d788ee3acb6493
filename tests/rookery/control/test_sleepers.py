"""The supervision tree as values and as text."""

from __future__ import annotations

import trio
import trio.testing

from actors.kernel import System
from rookery.control import tree_lines, tree_of
from supervision import Backoff, Jitter, Supervisor
from tests.supervision.actors import Diary, Fail, Worker


async def test_whoever_sleeps_is_drawn_with_the_time_that_is_left(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """As `rookery tree` and `/tree` of the demo bot show it."""
    diary = Diary()
    patient = diary.spec("a", backoff=Backoff(first=10.0, jitter=Jitter.NONE))
    async with System(Supervisor(children=[patient, diary.spec("b")]).actor) as system:
        system.find("/a", Worker).tell(Fail())
        await trio.sleep(2.5)

        tree = tree_of(system.snapshot())

        assert tree_lines(tree)[1:] == [
            "├─ a  waiting  next try in 7.5 s  dropped 1  (crash: Boom(); failure 1 in a row)",
            "└─ b  running",
        ]
        children = tree["children"]
        assert isinstance(children, list)
        assert [child["seconds_left"] for child in children] == [7.5, None]
