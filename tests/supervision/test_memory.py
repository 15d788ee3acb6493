"""What a supervisor keeps of its children, and what it does not."""

from __future__ import annotations

import gc
import weakref
from typing import Never

import pytest
import structlog
import trio
import trio.testing
from attrs import frozen

from actors.kernel import Actor, ActorContext, Address, Query, System
from supervision import (
    DYNAMIC,
    FOREVER,
    ONE_FOR_ALL,
    PERMANENT,
    TEMPORARY,
    TRANSIENT,
    Backoff,
    ChildSpec,
    Instance,
    Restart,
    Supervisor,
    SupervisorActor,
    Up,
    count_children,
    start_child,
    terminate_child,
)
from supervision.calls import Call


class Idle(Actor[Never]):
    """Does nothing, and keeps nothing of what it was made with."""

    async def handle(self, ctx: ActorContext, message: Never) -> None: ...


@frozen(eq=False)
class Burden:
    """An argument that is big, in a test that cannot wait for it to be."""


def carry(burden: Burden) -> Idle:
    assert isinstance(burden, Burden)
    return Idle()


async def forget(root: Address[Call]) -> None:
    """Let go of what nobody holds; an actor holds its last message until the next one."""
    await count_children(root)
    gc.collect()


@pytest.mark.parametrize(
    ("restart", "kept"), [(TEMPORARY, False), (TRANSIENT, True), (PERMANENT, True)]
)
async def test_arguments_are_kept_only_for_who_may_need_them_again(
    restart: Restart, kept: bool, autojump_clock: trio.testing.MockClock
) -> None:
    tree = Supervisor(DYNAMIC, [ChildSpec("template", carry, restart=restart)])
    async with System(tree.actor) as system:
        root = system.find("/", SupervisorActor)
        for name in ("first", "after one has died"):
            burden = Burden()
            seen = weakref.ref(burden)
            up = await start_child(root, Instance(name, (burden,)))
            assert isinstance(up, Up)
            del burden
            await forget(root)
            assert (seen() is not None) == kept

            kill(system, name)
            await trio.testing.wait_all_tasks_blocked()
            await terminate_child(root, Instance(name))
            del up
            await forget(root)
            assert seen() is None


def kill(system: System, name: str) -> None:
    life = system.find(f"/{name}").cell.incarnation
    assert life is not None
    life.kill()


async def test_nothing_is_kept_of_a_temporary_child_that_is_gone(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with System(Supervisor(ONE_FOR_ALL).actor) as system:
        root = system.find("/", SupervisorActor)
        burden = Burden()
        seen = weakref.ref(burden)
        spec = ChildSpec("a", lambda burden=burden: carry(burden), restart=TEMPORARY)
        await start_child(root, spec)
        del burden, spec
        await terminate_child(root, "a")
        await forget(root)

        assert seen() is None


class Brief(Actor[str]):
    """Fails, or ends in peace."""

    async def handle(self, ctx: ActorContext, message: str) -> None:
        if message == "fail":
            raise ValueError
        ctx.stop()


async def test_nothing_is_kept_of_who_ended_after_its_group_came_back(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """A group that comes back from a pause is looked at, to see who died meanwhile."""
    lives: list[weakref.ref[Brief]] = []

    def start() -> Brief:
        actor = Brief()
        lives.append(weakref.ref(actor))
        return actor

    children = [
        ChildSpec("a", Brief, backoff=Backoff(give_up=FOREVER)),
        ChildSpec("b", start, restart=TRANSIENT),
    ]
    async with System(Supervisor(ONE_FOR_ALL, children).actor) as system:
        system.find("/a", Brief).tell("fail")
        await trio.sleep(5)
        assert len(lives) == 2
        system.find("/b", Brief).tell("finish")
        await trio.sleep(1)
        await forget(system.find("/", SupervisorActor))

        assert [life() for life in lives] == [None, None]


class Doomed(Query[None]):
    """Whoever hears it fails, and so does who asked."""


class Clumsy(Actor[str | Doomed]):
    """Fails in one way or another."""

    async def handle(self, ctx: ActorContext, message: str | Doomed) -> None:
        match message:
            case "at once":
                raise ValueError
            case "in a call":
                ctx.find("/nobody")
            case "beside others":
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(trio.sleep_forever)
                    raise ValueError
            case "over an answer":
                await ctx.find("/b", Clumsy).ask(Doomed(), within=1.0)
            case _:
                raise KeyError


@pytest.mark.parametrize(
    "how", ["at once", "in a call", "beside others", "over an answer"]
)
async def test_a_crash_leaves_no_circle_behind(
    how: str, autojump_clock: trio.testing.MockClock
) -> None:
    """When ten thousand crash at once, nobody has time for a collection of all that."""
    children = [ChildSpec("a", Clumsy), ChildSpec("b", Clumsy)]
    tree = Supervisor(children=children, max_restarts=1000)
    async with System(tree.actor) as system:
        system.log = structlog.wrap_logger(
            structlog.ReturnLogger(), [structlog.processors.JSONRenderer()]
        )

        async def crash() -> None:
            system.find("/a", Clumsy).tell(how)
            await trio.testing.wait_all_tasks_blocked()

        await crash()  # whatever is made once is made now
        gc.collect()
        gc.disable()
        try:
            for _ in range(100):
                await crash()
            found = gc.collect()
        finally:
            gc.enable()

        life = system.find("/a").cell.incarnation
        assert life is not None
        assert life.number == 102
        assert found < 100
