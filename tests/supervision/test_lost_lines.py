"""A log that cannot be written loses a line; it costs no life, and least of all a tree."""

from __future__ import annotations

from typing import NoReturn, cast

import trio
import trio.testing
from structlog.typing import FilteringBoundLogger

from actors.kernel import Actor, ActorContext, ExitReason, System
from supervision import ChildSpec, Supervisor, terminate_child
from tests.supervision.actors import Boom, Diary, Fail, Ping, Worker, living


class Broken:
    """Its pipe is closed."""

    def bind(self, **_: object) -> Broken:
        return self

    def _fail(self, *_: object, **__: object) -> NoReturn:
        raise BrokenPipeError

    debug = info = warning = error = exception = _fail


def break_log(system: System) -> None:
    system.log = cast(FilteringBoundLogger, Broken())


async def test_what_a_supervisor_says_about_its_children(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    children = [diary.spec("a"), diary.spec("b"), diary.spec("c", "undead", shutdown=1)]
    async with living(Supervisor(children=children), diary) as house:
        break_log(house.system)
        root = house.system.find("/").cell.incarnation
        house.tell("a", Fail())
        house.root.tell("what?")  # type: ignore[arg-type]  # nobody looked
        await terminate_child(house.root, "c")

        assert await house.system.find("/a", Worker).ask(Ping(), within=1) == 2
        assert house.system.find("/").cell.incarnation is root
        await trio.sleep(100)  # the undead is dead, too


async def test_what_the_kernel_says_about_a_stop_that_failed(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    class Torn(Actor[str]):
        async def handle(self, ctx: ActorContext, message: str) -> None:
            raise Boom

        async def stop(self, ctx: ActorContext, reason: ExitReason) -> None:
            raise LookupError

    children = [ChildSpec("a", Torn), diary.spec("b")]
    async with living(Supervisor(children=children), diary) as house:
        break_log(house.system)
        house.system.find("/a", Torn).tell("now")
        await house.settled()

        assert house.system.snapshot("/a").incarnation == 2
        assert await house.alive("b")
