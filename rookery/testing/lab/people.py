"""The bot of a lab that has none of its own, and what it has handled and said."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field

from actors.bots import Bot, Context
from actors.tracker import Receipt

SAY = "say "


@define(eq=False)
class People:
    """What the bot has handled, and the receipts of what it has said."""

    note: Callable[[str], None]
    handled: list[str] = field(factory=list)
    places: list[str] = field(factory=list)
    """Where each of `handled` was said, as an address."""
    receipts: list[Receipt] = field(factory=list)


def parrot(people: People) -> Bot:
    """Return a bot that writes down what is said, and says what it is told to."""
    bot = Bot("parrot")

    @bot.on("message")
    async def hear(ctx: Context) -> None:
        people.handled.append(ctx.text)
        people.places.append(str(ctx.chat))
        people.note(f"the bot handles {ctx.text!r}")
        if ctx.text.startswith(SAY):
            people.receipts.append(await ctx.reply(ctx.text.removeprefix(SAY)))

    return bot
