"""What a host shows of its tree, to a command and in a chat."""

from __future__ import annotations

import sqlite3
import time
import weakref
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from actors.bots import HandlerFault
from actors.journal import FileJournal, Inline, SqliteStore, Trouble
from actors.journal.sqlite.troubles import TroubleKind
from actors.kernel import Actor
from actors.messages import Inbound, Text
from rookery.control import Refused
from rookery.host.operations import HostOperations
from rookery.host.parts import Parts
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


async def test_an_event_that_cannot_be_kept_is_a_fault(
    living: Living, autojump_clock: MockClock, tmp_path: Path
) -> None:
    """It will never come again, so somebody has to be able to find out."""
    store = SqliteStore(tmp_path / "j.sqlite", new_id="test", wall_clock=time.time)
    async with living(NO_BOT) as host:
        journal = FileJournal(store, trio.current_time, time.time, run=Inline())
        parts = Parts.of(host.system, host.parts.estate, journal)
        async with journal.running():
            await journal.cursor("qq", "1")
            db = store._opened()
            db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 100_000)
            huge = Inbound("7", body=(Text("y" * 200_000),))
            assert (await journal.append("qq", "1", huge, trace="t")).refused
        (fault,) = parts.faults.newest()
        assert (fault.where, fault.what, fault.trace) == ("qq", "event.refused", "t")
        assert "too big" in fault.why


async def test_who_asks_to_compact_is_told_what_is_in_the_way(
    living: Living, autojump_clock: MockClock, tmp_path: Path
) -> None:
    class Full(SqliteStore):
        def compact(self) -> None:
            raise Trouble(TroubleKind.FULL, "database or disk is full")

    store = Full(tmp_path / "j.sqlite", new_id="test", wall_clock=time.time)
    async with living(NO_BOT) as host:
        journal = FileJournal(store, trio.current_time, time.time, run=Inline())
        parts = Parts.of(host.system, host.parts.estate, journal)
        async with journal.running():
            await journal.cursor("qq", "1")
            with pytest.raises(Refused, match="free some space"):
                await HostOperations(parts).compact_journal()
            assert journal.health.state == "open"


async def test_who_says_something_is_told_that_nothing_can_be_kept(
    living: Living, autojump_clock: MockClock, tmp_path: Path
) -> None:
    """At once: it would wait for the disk for longer than anybody does for a command."""
    listening = '[platforms.qq]\ntype = "onebot11"\nlisten = "127.0.0.1:0"\n'
    (tmp_path / "j.sqlite").mkdir()
    store = SqliteStore(tmp_path / "j.sqlite", new_id="test", wall_clock=time.time)
    async with living(listening) as host:
        journal = FileJournal(store, trio.current_time, time.time, run=Inline())
        parts = Parts.of(host.system, host.parts.estate, journal)
        async with journal.running():
            await host.until(lambda: journal.health.state == "stalled")
            with pytest.raises(Refused, match=r"nothing was said: .* stalled"):
                await HostOperations(parts).send("qq/1/group:2", "hello")
