"""Bots behind the real desks and journal: what one is told, and another is not."""

from __future__ import annotations

import trio
from trio.testing import wait_all_tasks_blocked

from actors.bots import Bot, Context
from actors.journal import Claim, MemoryJournal
from actors.messages import Inbound, Sender, Text
from actors.router import Desks
from tests.actors.bots.harness import ROOM, Room, living


def message(number: int, text: str) -> Inbound:
    return Inbound(str(number), chat=ROOM, sender=Sender("7"), body=(Text(text),))


async def test_an_awaited_answer_is_taken_before_routing() -> None:
    asker, listener = Bot("asker"), Bot("listener")
    heard: list[str] = []

    @asker.command("city")
    async def city(ctx: Context) -> None:
        answer = await ctx.ask("which city?")
        await answer.reply(answer.text)

    @listener.on("message")
    async def listen(ctx: Context) -> None:
        heard.append(ctx.text)

    journal = MemoryJournal(trio.current_time, id="j1")
    desks, claim = Desks(journal), Claim("/router", 1)
    desks.take_over(claim)

    async def say(number: int, text: str) -> None:
        await journal.append("qq", "1", message(number, text), trace=f"t{number}")
        for row in await journal.claim_inbound(claim, 10):
            desks.route(row)
        await wait_all_tasks_blocked()

    asking, listening = Room(asker), Room(listener)
    async with living(asker, asking), living(listener, listening):
        desks.connect(asking.desk)
        desks.connect(listening.desk)
        await say(1, "/city")
        assert journal.counts().parked == 1
        await say(2, "Oslo")
        await say(3, "Rome")
    assert asking.texts == ["which city?", "Oslo"]
    # The command was for everybody to see, the answer was for the asker alone.
    assert heard == ["/city", "Rome"]
    counts = journal.counts()
    assert (counts.accepted, counts.claimed, counts.parked) == (3, 0, 0)
