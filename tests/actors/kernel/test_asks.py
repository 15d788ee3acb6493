"""Questions and their answers: typed, once, with a deadline, never left open."""

from __future__ import annotations

from contextlib import suppress
from math import inf, nan

import pytest
import trio
import trio.testing

from actors.kernel import (
    ActorContext,
    ActorDown,
    ActorError,
    Address,
    AlreadyAnswered,
    AskTimeout,
    HandlerCrashed,
    Killed,
    MailboxFull,
    NeedsOperator,
    Overflow,
    Poison,
    Shutdown,
    current_deadline,
)
from actors.kernel.alarms import BUCKET_SECONDS
from tests.actors.kernel.keeper import (
    LATER,
    Boom,
    Do,
    Doer,
    Gate,
    Get,
    Note,
    Order,
    boom,
    doer,
    house,
    settle,
    sleeping,
)


class Asker:
    """Asks in the background and keeps what came of it, in order."""

    def __init__(self, nursery: trio.Nursery, address: Address[Order]) -> None:
        self._nursery = nursery
        self._address = address
        self.got: list[object] = []
        self.scopes: list[trio.CancelScope] = []

    def ask(self, question: Get, within: float = 5.0) -> None:
        self._nursery.start_soon(self._ask, question, within)

    def cancel(self) -> None:
        for scope in self.scopes:
            scope.cancel(reason="test")

    async def _ask(self, question: Get, within: float) -> None:
        with trio.CancelScope() as scope:
            self.scopes.append(scope)
            try:
                self.got.append(await self._address.ask(question, within=within))
            except ActorError as error:
                self.got.append(error)


async def test_an_answer_reaches_who_asked() -> None:
    async with house() as home:
        actor = await home.keep("a", Doer)

        assert await actor.ask(Get(lambda *_: 42), within=1) == 42


async def test_none_is_an_answer() -> None:
    async with house() as home:
        actor = await home.keep("a", Doer)

        assert await actor.ask(Get(lambda *_: None), within=1) is None


async def test_no_answer_in_time(autojump_clock: trio.testing.MockClock) -> None:
    """K5."""
    async with house() as home:
        actor = await home.keep("a", Doer)
        began = trio.current_time()

        with pytest.raises(AskTimeout) as caught:
            await actor.ask(Get(sleeping(10)), within=2)

        assert 2.0 <= trio.current_time() - began <= 2.06
        assert str(caught.value) == (
            "/a did not answer Get within 2 s (0 messages wait in its mailbox)"
        )


async def test_a_question_that_waited_too_long_is_a_timeout_for_its_asker(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Also in the instant between its deadline and the wheel that enforces it."""
    async with house() as home, trio.open_nursery() as nursery:
        actor = await home.keep("a", Doer)
        actor.tell(Do(sleeping(1.001)))
        asker = Asker(nursery, actor)
        asker.ask(Get(lambda *_: 1), within=1.0)
        await trio.sleep(3)

        assert [type(error) for error in asker.got] == [AskTimeout]
        assert [why for _, why in home.shelved()] == ["expired"]


async def test_a_question_may_have_no_deadline_at_all() -> None:
    async with house() as home:
        actor = await home.keep("a", Doer)

        assert await actor.ask(Get(lambda *_: 1), within=inf) == 1


@pytest.mark.parametrize("full", [False, True])
async def test_a_wait_that_is_no_number_is_refused_and_nothing_goes_out(
    full: bool, autojump_clock: trio.testing.MockClock
) -> None:
    """Its answer would wake whoever asked out of something else."""
    diary: list[object] = []
    async with house() as home:
        special = doer(capacity=1)
        actor = await home.keep("a", lambda: special(diary))
        if full:
            actor.tell(Do(sleeping(1)))
            await settle()
            actor.tell(Note("full"))
        with pytest.raises(ValueError, match=r"within must be .* \(got nan\)"):
            await actor.ask(Get(lambda *_: "late"), within=nan)
        with pytest.raises(ValueError, match=r"within must be .* \(got nan\)"):
            await actor.send(Note("sent"), within=nan)
        await trio.sleep(5)

        assert await actor.ask(Get(lambda *_: 1), within=1) == 1
        assert diary == ["full"] * full


async def test_a_wait_that_is_over_before_it_began_ends_at_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async with house() as home:
        actor = await home.keep("a", Doer)
        await trio.sleep(7)
        actor.tell(Do(sleeping(1)))
        for within in (0, -1, -inf):
            began = trio.current_time()
            with pytest.raises(AskTimeout):
                await actor.ask(Get(lambda *_: 1), within=within)
            assert trio.current_time() - began <= 0.051


async def test_an_answer_may_come_after_the_handler() -> None:
    async with house() as home, trio.open_nursery() as nursery:
        actor = await home.keep("a", Doer)
        question = Get(lambda *_: LATER)
        asker = Asker(nursery, actor)
        asker.ask(question)
        await settle()

        actor.tell(Do(lambda _, ctx: ctx.answer(question, "late")))
        await settle()

        assert asker.got == ["late"]


async def test_one_question_object_asked_twice_is_two_questions() -> None:
    """A frozen question is a constant to many; each asker gets an answer."""
    async with house() as home, trio.open_nursery() as nursery:
        actor = await home.keep("a", Doer)
        question = Get(lambda *_: LATER)
        asker = Asker(nursery, actor)
        asker.ask(question)
        asker.ask(question)
        await settle()

        actor.tell(Do(lambda _, ctx: ctx.answer(question, 1)))
        actor.tell(Do(lambda _, ctx: ctx.answer(question, 2)))
        await settle()

        assert sorted(map(str, asker.got)) == ["1", "2"]
        assert home.reasons("a") == []


async def test_a_second_answer_in_the_same_turn_is_refused() -> None:
    caught: list[AlreadyAnswered] = []

    def twice(_: Doer, ctx: ActorContext) -> object:
        ctx.answer(question, 1)
        try:
            ctx.answer(question, 2)
        except AlreadyAnswered as error:
            caught.append(error)
        return LATER

    question = Get(twice)
    async with house() as home:
        actor = await home.keep("a", Doer)

        assert await actor.ask(question, within=1) == 1
        assert str(caught[0]) == (
            "/a holds no open question Get: it was answered before"
        )


async def test_a_second_late_answer_is_refused() -> None:
    caught: list[AlreadyAnswered] = []

    def answer(_: Doer, ctx: ActorContext) -> None:
        try:
            ctx.answer(question, 1)
        except AlreadyAnswered as error:
            caught.append(error)

    question = Get(lambda *_: LATER)
    async with house() as home, trio.open_nursery() as nursery:
        actor = await home.keep("a", Doer)
        asker = Asker(nursery, actor)
        asker.ask(question)
        await settle()
        actor.tell(Do(answer))
        actor.tell(Do(answer))
        await settle()

        assert asker.got == [1]
        assert len(caught) == 1


@pytest.mark.parametrize("when", ["in hand", "deferred"])
@pytest.mark.parametrize("how", ["cancelled", "timed out"])
async def test_an_answer_nobody_waits_for_goes_nowhere(
    when: str, how: str, autojump_clock: trio.testing.MockClock
) -> None:
    """An asker that leaves must not crash who still answers."""
    gate = Gate()

    async def defer(_: Doer, __: ActorContext) -> object:
        if when == "in hand":
            await gate.wait()
        return LATER

    question = Get(defer)
    async with house() as home, trio.open_nursery() as nursery:
        actor = await home.keep("a", Doer)
        asker = Asker(nursery, actor)
        asker.ask(question, within=1)
        await settle()
        if how == "cancelled":
            asker.cancel()
        else:
            await trio.sleep(2)
        gate.open()
        await settle()
        actor.tell(Do(lambda _, ctx: ctx.answer(question, "too late")))
        await settle()

        assert home.reasons("a") == []
        assert await actor.ask(Get(lambda *_: 1), within=1) == 1


async def test_questions_nobody_waits_for_any_more_are_forgotten(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """An actor that never answers one kind of question must not grow for ever."""
    async with house() as home:
        actor = await home.keep("a", Doer)
        for _ in range(1000):
            with suppress(AskTimeout):
                await actor.ask(Get(lambda *_: LATER), within=0.01)

        assert len(home.life("a").open_asks or ()) < 200


async def test_the_deadline_of_a_question_is_not_kept_long_after_its_answer(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """One that may wait for a day and is answered at once costs nothing for a day."""
    async with house() as home:
        actor = await home.keep("a", Doer)
        alarms = home.system.alarms
        for _ in range(3000):
            assert await actor.ask(Get(lambda *_: 1), within=86_400) == 1
            await trio.sleep(BUCKET_SECONDS)

        assert len(alarms._heap) < 2000
        with pytest.raises(AskTimeout):
            await actor.ask(Get(lambda *_: LATER), within=86_400)


async def test_questions_before_a_full_mailbox_are_forgotten_with_their_askers(
    autojump_clock: trio.testing.MockClock,
) -> None:
    gate = Gate()
    small = doer(capacity=1)
    async with house() as home:
        actor = await home.keep("a", small)
        actor.tell(gate.order)
        await gate.reached.wait()
        actor.tell("fills it")
        for _ in range(1000):
            with suppress(AskTimeout):
                await actor.ask(Get(lambda *_: 1), within=0.01)

        assert len(home.cell("a").waiters or ()) < 200
        gate.open()


async def test_a_question_in_hand_dies_with_its_handler() -> None:
    def fail(_: Doer, __: ActorContext) -> None:
        msg = "why"
        raise Boom(msg)

    async with house() as home:
        actor = await home.keep("a", Doer)

        with pytest.raises(HandlerCrashed) as caught:
            await actor.ask(Get(fail), within=1)

        assert str(caught.value) == "/a crashed while handling Get: Boom('why')"
        assert isinstance(caught.value.__cause__, Boom)


async def test_a_deferred_question_dies_with_its_incarnation() -> None:
    async with house() as home, trio.open_nursery() as nursery:
        actor = await home.keep("a", Doer)
        asker = Asker(nursery, actor)
        asker.ask(Get(lambda *_: LATER))
        await settle()
        actor.tell(boom("x"))
        await settle()

        assert [str(error) for error in asker.got] == ["/a is down (crash: Boom('x'))"]


async def test_a_queued_question_survives_a_restart() -> None:
    async with house() as home, trio.open_nursery() as nursery:
        actor = await home.keep("a", Doer)
        actor.tell(boom())
        asker = Asker(nursery, actor)
        asker.ask(Get(lambda _, ctx: ctx.incarnation))
        await settle()

        assert asker.got == [2]


@pytest.mark.parametrize("where", ["in hand", "queued", "parked"])
async def test_a_question_ends_when_its_target_does_for_good(where: str) -> None:
    gate = Gate()
    small = doer(capacity=1)
    async with house() as home, trio.open_nursery() as nursery:
        actor = await home.keep("a", small)
        asker = Asker(nursery, actor)
        if where != "in hand":
            actor.tell(gate.order)
            await gate.reached.wait()
        if where == "parked":
            actor.tell("fills it")
        asker.ask(Get(gate.wait))
        await settle()

        await home.life("a").kill_and_fence()
        await settle()

        (error,) = asker.got
        assert isinstance(error, ActorDown)
        assert error.address == "/a"
        assert "killed" in error.why


async def test_nobody_who_is_gone_can_be_asked() -> None:
    async with house() as home:
        actor = await home.keep("a", Doer)
        await home.halt("a")
        with pytest.raises(ActorDown, match=r"^/a is down \(shutdown by keeper\)$"):
            await actor.ask(Get(lambda *_: 1), within=1)

        await home.forget("a")
        with pytest.raises(ActorDown, match=r"^/a is down \(shutdown by forgotten\)$"):
            await actor.ask(Get(lambda *_: 1), within=1)


async def test_an_asker_that_is_cancelled_leaves_nothing_behind() -> None:
    diary: list[object] = []
    gate = Gate()
    async with house() as home, trio.open_nursery() as nursery:
        actor = await home.keep("a", lambda: Doer(diary))
        actor.tell(gate.order)
        asker = Asker(nursery, actor)
        asker.ask(Get(lambda *_: 1))
        await settle()
        asker.cancel()
        await settle()
        gate.open()
        actor.tell(Note("next"))
        await settle()

        assert asker.got == []
        assert diary == ["next"]
        assert home.reasons("a") == []


async def test_asking_in_a_cancelled_scope_raises_at_once() -> None:
    async with house() as home:
        actor = await home.keep("a", Doer)
        with trio.CancelScope() as scope:
            scope.cancel()
            await actor.ask(Get(lambda *_: 1), within=1)

        assert scope.cancelled_caught
        assert await actor.ask(Get(lambda *_: 1), within=1) == 1


async def test_a_deadline_is_inherited(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """What a handler does for an asker ends when the asker's patience does."""
    seen: list[float] = []

    async with house() as home:
        back = await home.keep("back", Doer)
        front = await home.keep("front", Doer)

        async def look(_: Doer, __: ActorContext) -> object:
            seen.append(current_deadline())
            await trio.sleep(60)
            return None

        async def pass_on(_: Doer, __: ActorContext) -> object:
            try:
                return await back.ask(Get(look), within=30)
            except AskTimeout:
                seen.append(trio.current_time())
                raise

        began = trio.current_time()
        with pytest.raises(AskTimeout):
            await front.ask(Get(pass_on), within=2)
        await trio.sleep(1)

    assert seen[0] == began + 2
    assert began + 2 <= seen[1] <= began + 2.1


async def test_what_a_handler_tells_expires_with_its_question(
    autojump_clock: trio.testing.MockClock,
) -> None:
    diary: list[object] = []
    async with house() as home:
        slow = await home.keep("slow", lambda: Doer(diary))
        front = await home.keep("front", Doer)
        slow.tell(Do(sleeping(10)))

        def pass_on(_: Doer, __: ActorContext) -> None:
            slow.tell("stale")

        await front.ask(Get(pass_on), within=2)
        slow.tell("fresh")
        await trio.sleep(20)

        assert diary == ["fresh"]
        assert home.shelved() == [("stale", "expired")]


async def test_questions_under_each_policy_at_a_full_mailbox() -> None:
    async with house() as home, trio.open_nursery() as nursery:
        for overflow, expected in (
            (Overflow.REJECT, MailboxFull),
            (Overflow.DROP_NEWEST, ActorDown),
            (Overflow.conflate(), ActorDown),
        ):
            gate = Gate()
            kind = doer(capacity=1, overflow=overflow)
            actor = await home.keep("a", kind)
            actor.tell(gate.order)
            await gate.reached.wait()
            asker = Asker(nursery, actor)
            asker.ask(Get(lambda *_: "first"))
            await settle()

            with pytest.raises(expected):
                await actor.ask(Get(lambda *_: "second"), within=1)
            gate.open()
            await settle()
            assert len(asker.got) == 1
            await home.halt("a")
            await home.forget("a")


@pytest.mark.parametrize("overflow", [Overflow.DROP_NEWEST, Overflow.conflate()])
async def test_a_refused_question_in_a_cancelled_scope(overflow: Overflow) -> None:
    """Refused and cancelled at the same instant: one of the two, and the loop lives."""
    gate = Gate()
    kind = doer(capacity=1, overflow=overflow)
    async with house() as home:
        actor = await home.keep("a", kind)
        actor.tell(gate.order)
        await gate.reached.wait()
        actor.tell(Get(lambda *_: 1))
        with trio.CancelScope() as scope:
            scope.cancel()
            with suppress(ActorDown):
                await actor.ask(Get(lambda *_: 2), within=1)
        gate.open()
        await settle()


async def test_a_question_pushed_out_is_answered_with_that() -> None:
    gate = Gate()
    kind = doer(capacity=1, overflow=Overflow.DROP_OLDEST)
    async with house() as home, trio.open_nursery() as nursery:
        actor = await home.keep("a", kind)
        actor.tell(gate.order)
        await gate.reached.wait()
        asker = Asker(nursery, actor)
        asker.ask(Get(lambda *_: 1))
        await settle()
        actor.tell("newer")
        await settle()
        gate.open()

        assert [str(error) for error in asker.got] == ["/a is down (overflow: oldest)"]


async def test_needs_operator_while_a_question_is_in_hand() -> None:
    def fail(_: Doer, __: ActorContext) -> None:
        raise NeedsOperator("bad token")

    async with house() as home:
        actor = await home.keep("a", Doer)
        with pytest.raises(ActorDown, match="bad token"):
            await actor.ask(Get(fail), within=1)


async def test_an_asker_waits_out_the_retries_of_its_question() -> None:
    tries: list[int] = []

    def third_time(_: Doer, ctx: ActorContext) -> object:
        tries.append(ctx.incarnation)
        if len(tries) < 3:
            raise Boom
        return "done"

    kind = doer(poison=Poison.retry(2))
    async with house() as home:
        actor = await home.keep("a", kind)

        assert await actor.ask(Get(third_time), within=1) == "done"
        assert tries == [1, 2, 3]


async def test_stopping_with_an_open_question_tells_the_asker() -> None:
    async with house() as home, trio.open_nursery() as nursery:
        actor = await home.keep("a", Doer)
        asker = Asker(nursery, actor)

        def leave(_: Doer, ctx: ActorContext) -> object:
            ctx.stop(Shutdown("itself"))
            return LATER

        asker.ask(Get(leave))
        await settle()

        assert [str(e) for e in asker.got] == ["/a is down (shutdown by itself)"]


async def test_a_question_that_was_only_told_may_be_answered_by_habit() -> None:
    """`tell(Count())` is well typed; it must not cost the target its life."""
    async with house() as home:
        actor = await home.keep("a", Doer)
        actor.tell(Get(lambda *_: 1))
        await settle()

        assert home.reasons("a") == []


async def test_a_killed_asker_withdraws_its_question() -> None:
    gate = Gate()
    async with house() as home:
        target = await home.keep("target", Doer)
        asker = await home.keep("asker", Doer)
        target.tell(gate.order)
        asker.tell(Do(lambda *_: target.ask(Get(lambda *_: 1), within=5)))
        await settle()

        assert await home.life("asker").kill_and_fence() == Killed()
        gate.open()
        assert await target.ask(Get(lambda *_: 2), within=1) == 2
