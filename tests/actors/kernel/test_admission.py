"""The queue outside a full mailbox: whoever waits there is let in when there is room."""

from __future__ import annotations

from collections.abc import Hashable
from contextlib import suppress

import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.kernel import (
    ActorContext,
    ActorError,
    Address,
    AskTimeout,
    MailboxFull,
    Overflow,
    Zombie,
)
from tests.actors.kernel.keeper import (
    Do,
    Doer,
    Gate,
    Get,
    Order,
    doer,
    house,
    settle,
)


async def ask_in_vain(actor: Address[Order], askers: int = 1) -> None:
    """Ask as often, and wait until nobody waits for an answer any more."""

    async def ask() -> None:
        with pytest.raises(AskTimeout):
            await actor.ask(Get(lambda *_: "late"), within=1)

    async with trio.open_nursery() as nursery:
        for _ in range(askers):
            nursery.start_soon(ask)


@pytest.mark.parametrize("stale", [1, 2, 40])
@pytest.mark.parametrize("capacity", [1, 2, 64])
async def test_a_question_nobody_waits_for_keeps_no_sender_out(
    capacity: int, stale: int, autojump_clock: trio.testing.MockClock
) -> None:
    """Once the lane is empty nothing is taken, so nothing would let the sender in."""
    diary: list[object] = []
    gate = Gate()
    async with house() as home, trio.open_nursery() as nursery:
        actor = await home.keep("a", lambda: doer(capacity=capacity)(diary))
        actor.tell(gate.order)
        await gate.reached.wait()
        for number in range(capacity):
            actor.tell(number)
        await ask_in_vain(actor, stale)

        async def send() -> None:
            await actor.send("parked", within=50)

        nursery.start_soon(send)
        await settle()
        gate.open()
        await settle()

        assert diary == [*range(capacity), "parked"]


async def test_an_early_sender_is_let_in_behind_questions_nobody_waits_for(
    autojump_clock: trio.testing.MockClock,
) -> None:
    diary: list[object] = []
    async with house() as home, trio.open_nursery() as nursery:
        home.system.find("/").cell.adopt("a")
        actor = home.system.find("/a", Doer)
        await ask_in_vain(actor, 64)

        async def send() -> None:
            await actor.send("parked", within=50)

        nursery.start_soon(send)
        await settle()
        await home.keep("a", lambda: Doer(diary))
        await settle()

        assert diary == ["parked"]


async def test_a_question_that_was_given_up_outside_is_no_dead_letter(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """It never was in the mailbox, and nobody misses it."""
    gate = Gate()
    async with house() as home:
        actor = await home.keep("a", doer(capacity=1))
        actor.tell(gate.order)
        await gate.reached.wait()
        actor.tell("accepted")
        await ask_in_vain(actor)
        await home.halt("a", grace=1)

        assert [why for _, why in home.shelved()] == ["in hand: Killed", "stopped"]
        assert home.shelved()[1] == ("accepted", "stopped")


# --- conflation and the queue outside -----------------------------------------------------


class Value:
    """A new value under a key; only the newest matters."""

    def __init__(self, key: int, serial: int) -> None:
        self.key = key
        self.serial = serial


def key_of(message: object) -> Hashable:
    return message.key if isinstance(message, Value) else id(message)


async def test_what_was_told_does_not_go_with_a_sender_that_gives_up(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """It was taken over by a message that waits outside, and vanished with that."""
    diary: list[object] = []
    gate = Gate()
    kind = doer(capacity=1, overflow=Overflow.conflate(key_of))
    async with house() as home:
        actor = await home.keep("a", lambda: kind(diary))
        actor.tell(gate.order)
        await gate.reached.wait()
        actor.tell(Value(0, 0))

        async def send() -> None:
            with pytest.raises(MailboxFull):
                await actor.send(Value(1, 1), within=1)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(send)
            await settle()
            told = Value(1, 2)
            with suppress(MailboxFull):
                actor.tell(told)
                diary.append("accepted")
        gate.open()
        await settle()

        assert ("accepted" in diary) == (told in diary)


steps = st.lists(
    st.tuples(
        st.sampled_from(["tell", "send", "send", "take", "give up"]), st.booleans()
    ),
    min_size=8,
    max_size=30,
)


@settings(max_examples=200)
@given(capacity=st.integers(1, 2), plan=steps)
def test_the_newest_value_of_each_key_always_arrives(
    capacity: int, plan: list[tuple[str, bool]]
) -> None:
    """Whatever is accepted is handled or folded into something newer, whoever gives up.

    And in the order in which it was accepted: a value never comes after a newer one.
    """

    async def main() -> None:
        diary: list[object] = []
        accepted: list[Value] = []
        scopes: list[trio.CancelScope] = []
        permits = trio.Semaphore(0)

        class Slow(doer(capacity=capacity, overflow=Overflow.conflate(key_of))):  # type: ignore[misc]  # made to order
            async def handle(self, _: ActorContext, message: object) -> None:
                await permits.acquire()
                diary.append(message)

        async with house() as home, trio.open_nursery() as nursery:
            actor = await home.keep("a", Slow)
            cell = home.cell("a")
            actor.tell("in hand")
            await settle()
            actor.tell("before any")

            async def send(value: Value, scope: trio.CancelScope) -> None:
                with scope:
                    await actor.send(value, within=100)
                    accepted.append(value)

            for serial, (step, key) in enumerate(plan):
                match step:
                    case "tell":
                        value = Value(key, serial)
                        with suppress(MailboxFull):
                            actor.tell(value)
                            accepted.append(value)
                    case "send":
                        scopes.append(trio.CancelScope())
                        nursery.start_soon(send, Value(key, serial), scopes[-1])
                    case "give up":
                        for scope in scopes[key::2]:
                            scope.cancel(reason="test")
                    case _:
                        permits.release()
                await settle()
                assert cell.depth <= capacity
                assert len(cell.pending or ()) == cell.depth
            for _ in range(len(plan) + 2):
                permits.release()
            await settle()
            assert cell.depth == 0
            assert not cell.waiters
            assert not cell.pending
            assert len(diary) + cell.conflated == len(accepted) + 2

        for key in (False, True):
            told = [value.serial for value in accepted if value.key == key]
            came = [v.serial for v in diary if isinstance(v, Value) and v.key == key]
            assert came == sorted(came)
            assert came[-1:] == sorted(told)[-1:]
            assert set(came) <= set(told)

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


# --- zombies ---


@pytest.mark.parametrize("waits_in", ["handler", "background"])
@pytest.mark.parametrize("asks", [False, True])
async def test_what_a_zombie_waits_to_say_is_not_let_in(
    waits_in: str, asks: bool, autojump_clock: trio.testing.MockClock
) -> None:
    """It parked before a full mailbox while it lived; the room came after its end."""
    diary: list[object] = []
    raised: list[ActorError] = []
    gate = Gate()

    async def speak() -> None:
        with trio.CancelScope(shield=True):
            try:
                if asks:
                    await full.ask(Get(lambda *_: diary.append("asked")), within=50)
                else:
                    await full.send("from the zombie", within=50)
            except ActorError as error:
                raised.append(error)

    async def begin(me: Doer, ctx: ActorContext) -> None:
        if waits_in == "handler":
            await speak()
        else:
            nursery = await ctx.enter(trio.open_nursery())
            nursery.start_soon(speak)

    async with house() as home:
        full = await home.keep("full", lambda: doer(capacity=1)(diary))
        full.tell(gate.order)
        await gate.reached.wait()
        full.tell("first")
        actor = await home.keep("a", Doer)
        actor.tell(Do(begin))
        await settle()
        assert await home.life("a").kill_and_fence() == Zombie()
        gate.open()
        await settle()
        full.tell("last")
        await settle()
        assert diary == ["first", "last"]
        await trio.sleep(60)
        assert len(raised) == 1
