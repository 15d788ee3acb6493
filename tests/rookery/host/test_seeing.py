"""What a host shows of its tree, to a command and in a chat."""

from __future__ import annotations

import weakref

import pytest
from trio.testing import MockClock

from actors.bots import HandlerFault
from actors.kernel import Actor
from rookery.control import Refused
from rookery.host.operations import HostOperations
from supervision import (
    DYNAMIC,
    ChildSpec,
    Instance,
    Supervisor,
    SupervisorActor,
    Up,
    start_child,
)
from tests.rookery.host.conftest import Living, LivingHost

NO_BOT = '[bots.away]\nuse = "away.py:bot"\n'


class Idle(Actor[int]):
    """Waits."""


async def crowd(host: LivingHost, size: int) -> None:
    """Add a supervisor of so many children as /platforms/many."""
    many = ChildSpec("many", Supervisor(DYNAMIC, [ChildSpec("template", Idle)]))
    platforms = host.system.find("/platforms", SupervisorActor)
    assert isinstance(await start_child(platforms, many), Up)
    supervisor = host.system.find("/platforms/many", SupervisorActor)
    for number in range(size):
        await start_child(supervisor, Instance(f"c{number}"))


async def test_a_part_of_the_tree_is_shown_with_or_without_its_first_slash(
    living: Living, autojump_clock: MockClock
) -> None:
    async with living(NO_BOT) as host:
        operations = HostOperations(host.parts)
        for path in ("/core", "core", "core/"):
            seen = await operations.tree(path, everybody=False)
            assert seen["tree"]["path"] == "/core"  # type: ignore[index]  # a table
            assert seen["problems"] == []
        for path in ("/", ""):
            seen = await operations.tree(path, everybody=True)
            assert seen["tree"]["name"] == "root"  # type: ignore[index]  # a table
            assert str(seen["problems"]).startswith("['bots.away: ")


async def test_who_is_not_there_is_said_to_a_command_and_in_a_chat(
    living: Living, autojump_clock: MockClock
) -> None:
    async with living(NO_BOT) as host:
        sentence = "no actor at '/core/roter'; did you mean '/core/router'?"
        with pytest.raises(Refused) as refused:
            await HostOperations(host.parts).tree("core/roter", everybody=False)

        assert (refused.value.kind, refused.value.message) == ("no_actor", sentence)
        assert host.parts.tree_text("core/roter") == sentence


async def test_a_crowd_is_counted_unless_everybody_is_wanted(
    living: Living, autojump_clock: MockClock
) -> None:
    async with living(NO_BOT) as host:
        await crowd(host, 100)
        operations = HostOperations(host.parts)

        [*children, rest] = host.parts.tree_text("/platforms/many").splitlines()[1:]
        assert len(children) == 20
        assert rest == "└─ ... 80 more: 80 running"
        seen = await operations.tree("platforms/many", everybody=False)
        assert seen["tree"]["folded"] == {"running": 80}  # type: ignore[index]  # a table
        seen = await operations.tree("platforms/many", everybody=True)
        assert len(seen["tree"]["children"]) == 100  # type: ignore[index]  # a table
        assert seen["tree"]["folded"] == {}  # type: ignore[index]  # a table


async def test_a_fault_is_kept_in_words_and_lets_go_of_what_was_raised(
    living: Living, autojump_clock: MockClock
) -> None:
    """A thousand are kept; each exception would hold frames, and an actor in them."""

    class Raised(Exception):
        pass

    async with living(NO_BOT) as host:
        error = Raised("no such city")
        seen = weakref.ref(error)
        fault = HandlerFault(
            bot="demo",
            handler="command:weather",
            why="Raised: no such city",
            trace="t1",
            platform="qq",
            account="1",
            chat="group:2",
            row=3,
            error=error,
        )
        host.parts.for_bots().on_fault(fault)
        del error, fault

        (kept,) = host.parts.faults.newest(1)
        assert (kept.why, kept.trace) == ("Raised: no such city", "t1")
        assert seen() is None
