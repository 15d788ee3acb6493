"""Whoever stands at the points of a life can hold it up, make it fail, and take its mail."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
import trio
import trio.testing

from actors.kernel import (
    ActorContext,
    ActorDown,
    AskTimeout,
    Cell,
    HookedCell,
    Killed,
    LifeBegan,
    LifeEnded,
    LifeUp,
    Mailbox,
    MailboxFull,
    Overflow,
    Passage,
    Point,
    StartFailed,
)
from tests.actors.kernel.keeper import (
    Boom,
    Do,
    Doer,
    Get,
    doer,
    house,
    is_boom,
    settle,
)

Go = Callable[[], None]


class Bystander:
    """Hooks that write down who comes by, and do as they were told at one point of `/a`."""

    def __init__(
        self,
        point: Point | None = None,
        *,
        reach: Callable[[], Awaitable[None]] | None = None,
        carry: Callable[[Go], Passage] | None = None,
    ) -> None:
        self.point = point
        self._reach = reach
        self._carry = carry
        self.seen: list[tuple[Point, str, object]] = []

    async def reach(self, point: Point, place: Cell, message: object) -> None:
        self.seen.append((point, place.path, message))
        if point is self.point and place.path == "/a" and self._reach is not None:
            await self._reach()

    def carry(self, point: Point, place: Cell, message: object, go: Go) -> Passage:
        self.seen.append((point, place.path, message))
        if point is self.point and place.path == "/a" and self._carry is not None:
            return self._carry(go)
        return Passage.GO

    def at(self, path: str) -> list[tuple[Point, object]]:
        return [(point, what) for point, place, what in self.seen if place == path]


def filled(cell: Cell) -> int:
    assert isinstance(cell, HookedCell)
    return cell.fill("straw")


async def fails() -> None:
    raise Boom


def twice(go: Go) -> Passage:
    go()
    return Passage.GO


async def test_a_life_passes_its_points_in_order() -> None:
    hooks = Bystander()
    async with house(hooks=hooks) as home:
        a = await home.keep("a", Doer)
        question = Get(lambda *_: 1)
        assert await a.ask(question, within=1) == 1
        await home.halt("a")

        assert hooks.at("/a") == [
            (Point.START, None),
            (Point.DELIVER, question),
            (Point.BEFORE_HANDLE, question),
            (Point.REPLY, question),
            (Point.AFTER_HANDLE, question),
            (Point.STOP, None),
        ]


async def test_a_message_between_two_actors_leaves_the_one_and_comes_to_the_other() -> (
    None
):
    hooks = Bystander()
    async with house(hooks=hooks) as home:
        a = await home.keep("a", Doer)
        b = await home.keep("b", Doer)
        a.tell(Do(lambda *_: b.tell("hi")))
        await settle()

        assert (Point.SEND, "hi") in hooks.at("/a")
        assert hooks.at("/b")[1:] == [
            (Point.DELIVER, "hi"),
            (Point.BEFORE_HANDLE, "hi"),
            (Point.AFTER_HANDLE, "hi"),
        ]


async def test_failing_at_start_is_a_failed_start_even_for_one_without_a_start() -> (
    None
):
    async with house(hooks=Bystander(Point.START, reach=fails)) as home:
        failed = await home.try_to_keep("a", Doer)

        assert isinstance(failed, StartFailed)
        assert isinstance(failed.exception, Boom)


async def test_only_later_incarnations_pass_the_point_of_a_restart() -> None:
    hooks = Bystander(Point.BEFORE_HANDLE, reach=fails)
    async with house(hooks=hooks) as home:
        a = await home.keep("a", Doer)
        assert (Point.RESTART, None) not in hooks.at("/a")
        a.tell("x")
        await settle()

        assert hooks.at("/a")[-2:] == [(Point.RESTART, None), (Point.START, None)]


@pytest.mark.parametrize("point", [Point.BEFORE_HANDLE, Point.AFTER_HANDLE])
async def test_failing_around_a_message_is_a_crash_with_it_in_hand(
    point: Point,
) -> None:
    diary: list[object] = []
    async with house(hooks=Bystander(point, reach=fails)) as home:
        a = await home.keep("a", lambda: Doer(diary))
        a.tell("x")
        await settle()

        assert [is_boom(reason) for reason in home.reasons("a")] == [True]
        assert home.shelved() == [("x", "crashed")]
        assert diary == (["x"] if point is Point.AFTER_HANDLE else [])


async def test_failing_at_stop_is_how_it_ends() -> None:
    async with house(hooks=Bystander(Point.STOP, reach=fails)) as home:
        await home.keep("a", Doer)

        assert is_boom(await home.halt("a"))


async def test_whoever_hangs_at_a_point_is_killed_as_any_other(
    autojump_clock: trio.testing.MockClock,
) -> None:
    hooks = Bystander(Point.STOP, reach=trio.sleep_forever)
    async with house(hooks=hooks) as home:
        await home.keep("a", Doer)
        began = trio.current_time()

        assert await home.halt("a", grace=3.0) == Killed()
        assert trio.current_time() - began == pytest.approx(3.0)


async def test_what_is_lost_on_the_way_is_a_dead_letter(
    autojump_clock: trio.testing.MockClock,
) -> None:
    hooks = Bystander(Point.DELIVER, carry=lambda _: Passage.LOST)
    async with house(hooks=hooks) as home:
        a = await home.keep("a", Doer)
        a.tell("x")
        await a.send("y", within=1)
        question = Get(lambda *_: 1)
        with pytest.raises(AskTimeout):
            await a.ask(question, within=1)

        lost = "lost on the way"
        assert home.shelved() == [("x", lost), ("y", lost), (question, lost)]
        assert home.cell("a").dropped == 3
        assert home.cell("a").handled == 0


@pytest.mark.parametrize("point", [Point.SEND, Point.DELIVER])
async def test_what_goes_on_twice_is_handled_twice_and_answered_once(
    point: Point,
) -> None:
    diary: list[object] = []

    def note(actor: Doer, _: ActorContext) -> object:
        actor.diary.append("asked")
        return 1

    async def ask_oneself_later(_: Doer, ctx: ActorContext) -> None:
        nursery = await ctx.enter(trio.open_nursery())

        async def ask() -> None:
            diary.append(await ctx.find("/a", Doer).ask(Get(note), within=1))

        nursery.start_soon(ask)

    async with house(hooks=Bystander(point, carry=twice)) as home:
        a = await home.keep("a", lambda: Doer(diary))
        a.tell(Do(ask_oneself_later)) if point is Point.SEND else None
        if point is Point.DELIVER:
            diary.append(await a.ask(Get(note), within=1))
        await settle()

        assert sorted(map(str, diary)) == ["1", "asked", "asked"]
        assert home.reasons("a") == []


async def test_what_is_held_goes_on_when_it_is_let_go() -> None:
    held: list[Go] = []
    diary: list[object] = []

    def hold(go: Go) -> Passage:
        held.append(go)
        return Passage.HELD

    async with house(hooks=Bystander(Point.DELIVER, carry=hold)) as home:
        a = await home.keep("a", lambda: Doer(diary))
        for text in ("one", "two"):
            a.tell(text)
        await settle()
        assert diary == []
        for go in reversed(held):
            go()
        await settle()

        assert diary == ["two", "one"]


async def test_what_is_let_go_too_late_is_a_dead_letter() -> None:
    held: list[Go] = []

    def hold(go: Go) -> Passage:
        held.append(go)
        return Passage.HELD

    kind = doer(capacity=1, overflow=Overflow.REJECT)
    hooks = Bystander(Point.DELIVER, carry=hold)
    async with house(hooks=hooks) as home:
        a = await home.keep("a", kind)
        for text in ("one", "two", "three"):
            a.tell(text)
        await settle()
        held[0]()
        held[1]()
        await settle()
        await home.halt("a")
        held[2]()

        assert home.shelved() == [("two", "overflow: late"), ("three", "stopped")]


def at_once(go: Go) -> Passage:
    """As what puts messages into another order does with the last of them."""
    go()
    return Passage.HELD


@pytest.mark.parametrize("carry", [twice, at_once])
@pytest.mark.parametrize(
    ("overflow", "refusal"),
    [
        (Overflow.REJECT, MailboxFull),
        (Overflow.DROP_NEWEST, ActorDown),
        (Overflow.DROP_OLDEST, ActorDown),
        (Overflow.BACKPRESSURE, AskTimeout),
    ],
)
async def test_a_question_refused_on_its_way_is_refused_to_who_just_asks(
    carry: Callable[[Go], Passage],
    overflow: Overflow,
    refusal: type[Exception],
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Its asker does not sleep yet: to wake it would end the whole run of trio."""
    hooks = Bystander(Point.DELIVER)
    async with house(hooks=hooks) as home:
        a = await home.keep("a", doer(capacity=1, overflow=overflow))
        await home.system.suspend(a)
        a.tell("full")
        hooks._carry = carry
        if overflow is Overflow.DROP_OLDEST and carry is at_once:
            # What was let in by a full mailbox waits as usual.
            refusal = AskTimeout
        with pytest.raises(refusal):
            await a.ask(Get(lambda *_: 1), within=1)
        home.system.resume(a)
        await settle()
        assert home.reasons("a") == []


async def test_a_question_that_goes_twice_and_waits_for_room_is_answered_once() -> None:
    hooks = Bystander(Point.DELIVER)
    async with house(hooks=hooks) as home:
        a = await home.keep("a", doer(capacity=1))
        await home.system.suspend(a)
        a.tell("full")
        hooks._carry = twice
        async with trio.open_nursery() as nursery:
            nursery.start_soon(lambda: a.ask(Get(lambda *_: 1), within=60))
            await settle()
            home.system.resume(a)
        await settle()
        assert home.reasons("a") == []


async def test_who_tells_twice_hears_what_became_of_the_first() -> None:
    """The copy is what is lost, and it is a dead letter."""
    hooks = Bystander(Point.DELIVER)
    async with house(hooks=hooks) as home:
        a = await home.keep("a", doer(capacity=1, overflow=Overflow.REJECT))
        await home.system.suspend(a)
        hooks._carry = twice
        a.tell("one")
        assert home.shelved() == [("one", "overflow: late")]
        with pytest.raises(MailboxFull):
            a.tell("two")
        home.system.resume(a)


async def test_what_a_hook_raises_on_the_way_the_sender_gets() -> None:
    def full(_: Go) -> Passage:
        raise MailboxFull("/a", 64, "x")

    async with house(hooks=Bystander(Point.DELIVER, carry=full)) as home:
        a = await home.keep("a", Doer)
        with pytest.raises(MailboxFull):
            a.tell("x")


async def test_an_answer_that_is_lost_is_waited_for_until_the_deadline(
    autojump_clock: trio.testing.MockClock,
) -> None:
    hooks = Bystander(Point.REPLY, carry=lambda _: Passage.LOST)
    async with house(hooks=hooks) as home:
        a = await home.keep("a", Doer)
        with pytest.raises(AskTimeout):
            await a.ask(Get(lambda *_: 1), within=1)
        a.tell("still there")
        await settle()

        assert home.cell("a").handled == 2


async def test_an_answer_that_goes_twice_arrives_once() -> None:
    async with house(hooks=Bystander(Point.REPLY, carry=twice)) as home:
        a = await home.keep("a", Doer)

        assert await a.ask(Get(lambda *_: 1), within=1) == 1
        await settle()
        assert home.reasons("a") == []


@pytest.mark.parametrize("passage", [Passage.LOST, Passage.HELD, Passage.GO])
async def test_a_tick_on_its_way_gives_its_slot_back(
    passage: Passage, autojump_clock: trio.testing.MockClock
) -> None:
    held: list[Go] = []

    def keep(go: Go) -> Passage:
        if passage is Passage.HELD:
            held.append(go)
        return passage

    diary: list[object] = []
    async with house(hooks=Bystander(Point.TIMER, carry=keep)) as home:
        a = await home.keep("a", lambda: Doer(diary))
        reserved = home.cell("a").reserved
        a.tell(Do(lambda _, ctx: ctx.after(1, "tick")))
        await trio.sleep(2)
        if held:
            assert diary == []
            held[0]()
            held[0]()
        await settle()

        assert (
            diary
            == {
                Passage.LOST: [],
                Passage.HELD: ["tick", "tick"],
                Passage.GO: ["tick"],
            }[passage]
        )
        assert home.cell("a").reserved == reserved


async def test_a_tick_let_go_after_the_end_of_its_life_does_nothing(
    autojump_clock: trio.testing.MockClock,
) -> None:
    held: list[Go] = []

    def hold(go: Go) -> Passage:
        held.append(go)
        return Passage.HELD

    diary: list[object] = []
    async with house(hooks=Bystander(Point.TIMER, carry=hold)) as home:
        a = await home.keep("a", lambda: Doer(diary))
        reserved = home.cell("a").reserved
        a.tell(Do(lambda _, ctx: ctx.after(1, "tick")))
        await trio.sleep(2)
        a.tell(Do(lambda *_: fails()))
        await settle()
        held[0]()
        await settle()

        assert diary == []
        assert home.cell("a").reserved == reserved


async def test_a_mailbox_can_be_filled_with_what_nobody_gets_to_handle() -> None:
    gate = trio.Event()
    diary: list[object] = []
    async with house(hooks=Bystander()) as home:
        a = await home.keep("a", lambda: doer(capacity=3)(diary))
        a.tell(Do(lambda *_: gate.wait()))
        await settle()
        assert filled(home.cell("a")) == 3
        with pytest.raises(MailboxFull):
            a.tell("no room")
        gate.set()
        await settle()
        a.tell("room")
        await settle()

        assert diary == ["room"]
        assert home.shelved() == [("straw", "expired")] * 3


async def test_a_mailbox_that_conflates_is_not_filled() -> None:
    kind = doer(capacity=3, overflow=Overflow.conflate())
    async with house(hooks=Bystander()) as home:
        await home.keep("a", kind)

        assert filled(home.cell("a")) == 0


async def test_a_witness_is_told_of_every_life() -> None:
    told: list[object] = []
    async with house(witness=told.append) as home:
        a = await home.keep("a", Doer)
        a.tell(Do(lambda *_: fails()))
        await settle()

    crash = told[4]
    assert isinstance(crash, LifeEnded)
    assert is_boom(crash.reason)
    assert told == [
        LifeBegan("/", 1),
        LifeUp("/", 1),
        LifeBegan("/a", 1),
        LifeUp("/a", 1),
        LifeEnded("/a", 1, crash.reason),
        LifeBegan("/a", 2),
        LifeUp("/a", 2),
        *told[7:],
    ]
    ended = [life for life in told[7:] if isinstance(life, LifeEnded)]
    assert {life.path for life in ended} == {"/", "/a"}


async def test_without_hooks_nothing_passes_a_point() -> None:
    """The plain cell and the plain life: there is no flag that could be looked at."""
    async with house() as home:
        await home.keep("a", Doer)

        assert type(home.cell("a")) is Cell
        assert home.cell("a").limit == Mailbox().capacity
