"""The queue outside a full mailbox: whoever waits there is let in when there is room."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from actors.kernel import Address, AskTimeout
from tests.actors.kernel.keeper import (
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
