"""The shell does what the plan says: once each, on time, and no more once it is healed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from actors.kernel import (
    Actor,
    ActorContext,
    ActorDown,
    AskTimeout,
    Crash,
    Killed,
    LifeEnded,
    LifeUp,
    MailboxFull,
    Query,
    System,
    Zombie,
)
from supervision import ChildSpec, Supervisor, which_children
from supervision.chaos import Chaos, ChaosHooks


class Echo(Query[str]):
    """Say your name."""


class Note:
    """Write it down."""

    def __init__(self, text: str) -> None:
        self.text = text


class Scribe(Actor[Note | Echo]):
    """Writes down what it gets, into what outlives it."""

    def __init__(self, diary: list[str]) -> None:
        self.diary = diary

    async def start(self, ctx: ActorContext) -> None:
        ctx.every(10.0, Note("tick"))

    async def handle(self, ctx: ActorContext, message: Note | Echo) -> None:
        match message:
            case Note():
                self.diary.append(message.text)
            case Echo():
                ctx.answer(message, ctx.path)


class Post(Actor[Note]):
    """Sends on to `/a` what it gets."""

    async def handle(self, ctx: ActorContext, message: Note) -> None:
        ctx.find("/a", Scribe).tell(message)


class House:
    """A supervisor over `/a`, a scribe, and `/post`; what happened there."""

    def __init__(self, hooks: ChaosHooks) -> None:
        self.hooks = hooks
        self.diary: list[str] = []
        self.seen: list[object] = []
        tree = Supervisor(
            children=[
                ChildSpec("a", lambda: Scribe(self.diary), shutdown=1.0),
                ChildSpec("post", Post),
            ],
            max_restarts=100,
        )
        self.system = System(
            tree.actor, seed=1, hooks=hooks, witness=self.seen.append, kill_wait=0.5
        )

    def tell(self, *texts: str, by: str = "") -> None:
        for text in texts:
            if by:
                self.system.find("/post", Post).tell(Note(text))
            else:
                self.system.find("/a", Scribe).tell(Note(text))

    async def ask(self, within: float = 1.0) -> str:
        return await self.system.find("/a", Scribe).ask(Echo(), within=within)

    def ends(self, path: str = "/a") -> list[object]:
        ends = [e for e in self.seen if isinstance(e, LifeEnded) and e.path == path]
        return [end.reason for end in ends]

    def lives(self, path: str = "/a") -> int:
        return sum(isinstance(e, LifeUp) and e.path == path for e in self.seen)

    def shelved(self) -> list[str]:
        return [letter.why for letter in self.system.dead_letters.newest()]


@asynccontextmanager
async def house(plan: Chaos | None, **more: object) -> AsyncIterator[House]:
    home = House(ChaosHooks(plan, **more))  # type: ignore[arg-type]  # tests name them
    async with home.system:
        yield home


async def settle() -> None:
    await trio.testing.wait_all_tasks_blocked()


# --- at a life --------------------------------------------------------------------------


async def test_the_third_message_crashes_the_handler(autojump_clock: MockClock) -> None:
    plan = Chaos(seed=7).at("handle", "/a", Note).nth(3).raises(ConnectionError)
    async with house(plan) as home:
        home.tell("1", "2", "3", "4")
        await settle()

        assert home.diary == ["1", "2", "4"]
        [crash] = home.ends()
        assert isinstance(crash, Crash)
        assert isinstance(crash.exception, ConnectionError)
        assert home.shelved() == ["crashed"]


async def test_a_restart_may_fail_too(autojump_clock: MockClock) -> None:
    plan = (
        Chaos()
        .at("handle", "/a", Note)
        .nth(1)
        .raises(OSError)
        .at("restart", "/a")
        .times(2)
        .raises(OSError)
    )
    async with house(plan) as home:
        home.tell("1", "2")
        await settle()

        assert len(home.ends()) == 3
        assert home.diary == ["2"]


async def test_who_hangs_goes_on_after_that_time(autojump_clock: MockClock) -> None:
    async with house(Chaos().at("handle", "/a").nth(1).hangs(3.0)) as home:
        home.tell("1")
        await trio.sleep(2.9)
        assert home.diary == []
        await trio.sleep(0.2)
        assert home.diary == ["1"]


@pytest.mark.parametrize("reason", [Killed, Zombie])
async def test_who_hangs_at_its_stop_is_killed_or_fenced(
    reason: type[object], autojump_clock: MockClock
) -> None:
    plan = Chaos().at("stop", "/a")
    stubborn = reason is Zombie
    began = trio.current_time()
    async with house(
        plan.hangs(60.0, ignore_cancel=True) if stubborn else plan.hangs()
    ) as home:
        pass
    assert isinstance(home.ends()[0], reason)
    # 1 s to stop in, 0.5 s to die in; the zombie wakes when everything is down.
    assert trio.current_time() - began == pytest.approx(1.5 if stubborn else 1.0)


async def test_a_killed_one_is_killed(autojump_clock: MockClock) -> None:
    async with house(Chaos().at("handle", "/a").nth(2).kills()) as home:
        home.tell("1", "2", "3")
        await settle()

        assert home.ends() == [Killed()]
        assert home.diary == ["1", "3"]


async def test_the_loop_is_blocked_by_whatever_blocks_it_here(
    autojump_clock: MockClock,
) -> None:
    blocked: list[float] = []
    plan = Chaos().at("handle", "/a").nth(1).blocks_loop(2.5)
    async with house(plan, block=blocked.append) as home:
        home.tell("1", "2")
        await settle()

        assert blocked == [2.5]
        assert home.diary == ["1", "2"]


async def test_a_full_mailbox_refuses(autojump_clock: MockClock) -> None:
    async with house(Chaos().at("deliver", "/a").nth(1).fills_mailbox()) as home:
        with pytest.raises(MailboxFull):
            home.tell("1")
        await settle()
        home.tell("2")
        await settle()

        assert home.diary == ["2"]
        assert set(home.shelved()) == {"expired"}


# --- on a message's way -----------------------------------------------------------------


async def test_what_is_delayed_arrives_later_and_others_pass_it(
    autojump_clock: MockClock,
) -> None:
    plan = Chaos().at("deliver", "/a", Note).nth(1).delays(2.0, 2.0)
    async with house(plan) as home:
        home.tell("1", "2")
        await trio.sleep(1.9)
        assert home.diary == ["2"]
        await trio.sleep(0.2)
        assert home.diary == ["2", "1"]


async def test_what_is_dropped_is_a_dead_letter_and_its_asker_waits(
    autojump_clock: MockClock,
) -> None:
    async with house(Chaos().at("deliver", "/a", "Echo").nth(1).drops()) as home:
        with pytest.raises(AskTimeout):
            await home.ask()
        assert await home.ask() == "/a"
        assert home.shelved() == ["lost on the way"]


async def test_what_is_duplicated_arrives_twice(autojump_clock: MockClock) -> None:
    async with house(Chaos().at("send", "/post").nth(1).duplicates()) as home:
        home.tell("1", "2", by="post")
        await settle()

        assert home.diary == ["1", "1", "2"]


async def test_of_two_whose_time_it_is_the_first_is_done_and_the_other_kept(
    autojump_clock: MockClock,
) -> None:
    plan = (
        Chaos()
        .at("deliver", "/a", Note)
        .nth(1)
        .drops()
        .at("deliver", "/a", Note)
        .times(1)
        .duplicates()
    )
    async with house(plan) as home:
        home.tell("1", "2", "3")
        await settle()

        assert home.diary == ["2", "2", "3"]
        assert [firing.nth for firing in home.hooks.firings] == [1, 2]


async def test_what_is_reordered_goes_when_enough_are_there_or_time_is_up(
    autojump_clock: MockClock,
) -> None:
    async with house(Chaos().at("deliver", "/a", Note).reorders(3)) as home:
        home.tell("1", "2", "3", "4")
        await settle()
        assert sorted(home.diary) == ["1", "2", "3"]
        assert home.diary != ["1", "2", "3"]
        await trio.sleep(1.1)
        assert home.diary[3:] == ["4"]


async def test_a_refusal_looks_like_the_receivers_own(
    autojump_clock: MockClock,
) -> None:
    plan = (
        Chaos()
        .at("deliver", "/a")
        .nth(1)
        .raises(MailboxFull)
        .at("deliver", "/a")
        .nth(2)
        .raises(ActorDown)
    )
    async with house(plan) as home:
        with pytest.raises(MailboxFull, match="/a was full"):
            home.tell("1")
        with pytest.raises(ActorDown, match="chaos"):
            await home.ask()


async def test_ticks_and_answers_are_late_too(autojump_clock: MockClock) -> None:
    plan = Chaos().at("timer", "/a").delays(5.0).at("reply", "/a").delays(0.5)
    async with house(plan) as home:
        began = trio.current_time()
        assert await home.ask() == "/a"
        assert trio.current_time() - began == pytest.approx(0.5)
        await trio.sleep(14.0)
        assert home.diary == []
        await trio.sleep(1.0)
        assert home.diary == ["tick"]


async def test_the_receiver_of_a_message_may_be_killed_by_it(
    autojump_clock: MockClock,
) -> None:
    async with house(Chaos().at("deliver", "/a", Note).nth(1).kills()) as home:
        home.tell("1", "2")
        await settle()

        assert home.ends() == [Killed()]
        assert home.diary == ["1", "2"]


# --- when it is nobody's doing ------------------------------------------------------------


async def test_once_a_second_it_is_everybodys_turn(autojump_clock: MockClock) -> None:
    """Also of those who have nothing in hand, and in a plan that comes later."""
    plan = Chaos().at("tick", "/*").after(2).times(3).kills()
    async with house(plan) as home:
        await trio.sleep(1.5)
        assert home.ends() == []
        await trio.sleep(1.0)
        assert (home.ends(), home.ends("/post")) == ([Killed()], [Killed()])
        await trio.sleep(5.0)
        assert (home.ends(), home.ends("/post")) == ([Killed()] * 2, [Killed()])
        home.hooks.install(Chaos().at("tick", "/post").nth(2).fills_mailbox())
        await trio.sleep(2.5)
        assert home.hooks.fired == 1
        home.hooks.install(Chaos().at("tick", "/post").kills())
        home.hooks.heal()
        await trio.sleep(3.0)
        assert home.hooks.fired == 0


# --- the end of it ----------------------------------------------------------------------


async def test_healing_lets_everything_go_at_once(autojump_clock: MockClock) -> None:
    plan = (
        Chaos()
        .at("deliver", "/a", Note)
        .nth(1)
        .delays(1000.0)
        .at("handle", "/post")
        .hangs()
        .at("deliver", "/a", Note)
        .reorders(50, within=1000.0)
    )
    async with house(plan) as home:
        home.tell("1", "2", "3")
        home.tell("4", by="post")
        await settle()
        assert home.diary == []
        home.hooks.heal()
        await settle()
        home.tell("5")
        await settle()

        assert home.diary == ["1", "2", "3", "4", "5"]
        assert not home.hooks.active


async def test_a_plan_heals_itself_when_its_time_is_over(
    autojump_clock: MockClock,
) -> None:
    plan = Chaos(duration=5.0).at("deliver", "/a", Note).delays(1000.0)
    async with house(plan) as home:
        home.tell("1")
        await trio.sleep(4.9)
        assert home.diary == []
        await trio.sleep(0.2)
        assert home.diary == ["1"]
        home.tell("2")
        await settle()
        assert home.diary == ["1", "2"]


async def test_after_so_many_faults_no_more(autojump_clock: MockClock) -> None:
    async with house(Chaos(max_faults=2).at("deliver", "/a").drops()) as home:
        home.tell("1", "2", "3")
        await settle()

        assert home.diary == ["3"]
        assert home.hooks.fired == 2


async def test_nobody_is_held_beyond_the_end_of_the_system(
    autojump_clock: MockClock,
) -> None:
    async with house(Chaos().at("deliver", "/a").delays(1000.0)) as home:
        home.tell("1")
        began = trio.current_time()
    assert trio.current_time() - began < 1.0
    assert home.shelved() == ["stopped"]


async def test_plans_come_and_go_while_the_system_runs(
    autojump_clock: MockClock,
) -> None:
    async with house(None) as home:
        home.tell("1")
        await settle()
        home.hooks.install(Chaos().at("deliver", "/a").drops())
        home.tell("2")
        home.hooks.install(Chaos().at("deliver", "/a").delays(3.0))
        home.tell("3")
        home.hooks.heal()
        home.tell("4")
        await settle()

        assert home.diary == ["1", "3", "4"]


async def test_what_keeps_a_tree_together_is_out_of_reach(
    autojump_clock: MockClock,
) -> None:
    """The supervisor, too, is hit: but never by what it hears of its children."""
    plan = Chaos().at("handle", "/").raises(OSError)
    async with house(plan) as home:
        home.hooks.install(
            Chaos()
            .at("handle", "/a", Note)
            .nth(1)
            .raises(OSError)
            .at("handle", "/")
            .hangs()
        )
        home.tell("1", "2")
        await settle()
        assert home.diary == ["2"]
        root = home.system.find("/")
        with pytest.raises(AskTimeout):
            await which_children(root, within=1.0)  # type: ignore[arg-type]
        home.hooks.heal()


async def test_a_predicate_that_raises_meets_no_message(
    autojump_clock: MockClock,
) -> None:
    def raises(_: object) -> bool:
        raise OSError

    async with house(Chaos().at("deliver", "/a", where=raises).drops()) as home:
        home.tell("1")
        await settle()

        assert home.diary == ["1"]


# --- what is kept of it -----------------------------------------------------------------


async def test_a_firing_says_what_where_and_when(autojump_clock: MockClock) -> None:
    plan = Chaos().at("start", "/nobody").kills().at("handle", "/a").every(2).kills()
    async with house(plan, keep=2) as home:
        await trio.sleep(1.5)
        home.tell("1", "2", "3", "4", "5", "6")
        await settle()

        assert home.hooks.fired == 3
        assert home.hooks.counts == {"kills": 3}
        assert [str(firing) for firing in home.hooks.firings] == [
            f"    1.500 s  fault 1, time {nth}: before_handle /a Note: kills"
            for nth in (4, 6)
        ]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), count=st.integers(1, 12))
def test_a_run_can_be_repeated_by_its_seed_and_by_its_firings(
    seed: int, count: int
) -> None:
    plan = (
        Chaos(seed=seed)
        .at("deliver", "/a", Note)
        .p(0.3)
        .delays(0.0, 2.0)
        .at("deliver", "/a", Note)
        .p(0.2)
        .drops()
        .at("handle", "/a", Note)
        .p(0.2)
        .kills()
    )

    async def run(plan: Chaos) -> tuple[list[str], ChaosHooks]:
        async with house(plan) as home:
            for number in range(count):
                home.tell(str(number))
                await trio.sleep(0.1)
            await trio.sleep(5.0)
        return home.diary, home.hooks

    def once(plan: Chaos) -> tuple[list[str], ChaosHooks]:
        clock = MockClock(autojump_threshold=0)
        return trio.run(run, plan, clock=clock)

    diary, hooks = once(plan)
    assert once(plan)[0] == diary
    again, replayed = once(hooks.replay())
    assert again == diary
    assert replayed.fired == hooks.fired
