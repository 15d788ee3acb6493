"""The bots of a simulated world: handlers that do what they are asked, and write it down."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime

import trio
from attrs import frozen

from actors.bots import Bot, Context, NoAnswer
from rookery.testing.hostsim.diary import Diary, Life, Run
from rookery.testing.hostsim.words import Verb, changed, long_reply, reply

RAISES = "as asked"
HANG_SECONDS = 5.0
TICK_SECONDS = 600.0
ASK_SECONDS = 30.0
NEWS_SECONDS = 5.0
"""Within these a bot that waits for it knows of an answer."""


class AsAsked(Exception):
    """A handler raised because somebody wanted it to."""


@frozen(eq=False)
class Stage:
    """What the handlers of one process have."""

    diary: Diary
    dice: random.Random
    life: Life
    addresses: tuple[str, ...]
    """Of every chat in the world."""
    heard: Callable[[str, str], bool]
    """Has the platform of this name shown this text?"""
    confirmed: Callable[[str, str], float]
    """When that one told the host so; `inf` if it has not."""
    wall_zero: float
    note: Callable[[str, list[str]], None]
    """Note a broken law."""

    async def say(self, ctx: Context, run: Run, which: str) -> None:
        """Reply, and write down that the host has promised to say it."""
        text = reply(run.number, run.bot, which)
        await ctx.reply(text)
        self.told(text, run)

    def told(self, text: str, run: Run) -> None:
        """Note that the host has promised to say *text*, unless this process is dead."""
        if not self.life.dead:
            self.diary.told(text, run.bot)


def make(name: str, stage: Stage) -> Bot:
    """Return the bot of this name, new."""
    return {"alpha": alpha, "beta": beta}[name](stage)


def beta(stage: Stage) -> Bot:
    """Says hello, and listens to how connections are."""
    bot = Bot("beta")
    greets(bot, stage)

    @bot.on("platform.up")
    async def up(_: Context) -> None:
        await trio.sleep(stage.dice.expovariate(2))

    return bot


def greets(bot: Bot, stage: Stage) -> None:
    """Let *bot* answer everybody who says hi."""

    @bot.match(r"^hi (?P<n>\d+)")
    async def hi(ctx: Context, n: int) -> None:
        with stage.diary.running(bot.name, n, stage.life) as run:
            await stage.say(ctx, run, "hi")


def alpha(stage: Stage) -> Bot:
    """Does everything that there is a verb for."""
    bot = Bot("alpha")
    greets(bot, stage)
    replies(bot, stage)
    fails(bot, stage)
    waits(bot, stage)
    return bot


def replies(bot: Bot, stage: Stage) -> None:
    """Handlers that simply work."""
    diary, dice, life = stage.diary, stage.dice, stage.life

    @bot.command(Verb.SAY)
    async def say(ctx: Context, n: int) -> None:
        with diary.running("alpha", n, life) as run:
            await stage.say(ctx, run, "0")

    @bot.command(Verb.THRICE)
    async def thrice(ctx: Context, n: int) -> None:
        with diary.running("alpha", n, life) as run:
            for which in "012":
                await stage.say(ctx, run, which)

    @bot.command(Verb.CROSS)
    async def cross(ctx: Context, n: int) -> None:
        with diary.running("alpha", n, life) as run:
            text = reply(n, "alpha", "cross")
            await ctx.send(stage.addresses[n % len(stage.addresses)], text)
            stage.told(text, run)

    @bot.command(Verb.CHANGE)
    async def change(ctx: Context, n: int) -> None:
        with diary.running("alpha", n, life) as run:
            receipt = await ctx.reply(reply(n, "alpha", "0"))
            await ctx.react("x")
            stage.told(changed("react", ctx.event.id), run)
            for which in "12":
                text = reply(n, "alpha", which)
                await ctx.edit(receipt, text)
                stage.told(changed("edit", receipt.id, text), run)
                await trio.sleep(dice.choice([0.0, 1.0, 20.0]))
            await ctx.delete(receipt)
            stage.told(changed("delete", receipt.id), run)

    @bot.command(Verb.LONG)
    async def long(ctx: Context, n: int) -> None:
        with diary.running("alpha", n, life) as run:
            parts = long_reply(n, "alpha")
            receipt = await ctx.reply("\n".join(parts))
            for part in parts:
                stage.told(part, run)
            outcome = await receipt.outcome(within=5)
            unheard = [part for part in parts if not stage.heard(ctx.platform, part)]
            if outcome.delivered and unheard:
                stage.note("sent_is_heard", [f"{unheard} of {outcome.state}, unheard"])

    @bot.command(Verb.SLOW)
    async def slow(ctx: Context, n: int) -> None:
        with diary.running("alpha", n, life):
            await trio.sleep(dice.uniform(0, 20))
            text = reply(n, "alpha", "0")
            receipt = await ctx.reply(text)
            outcome = await receipt.outcome(within=20)
            if outcome.delivered and not stage.heard(ctx.platform, text):
                stage.note("sent_is_heard", [f"{text} is {outcome.state}, unheard"])
            told_at = stage.confirmed(ctx.platform, text)
            if not receipt.settled and told_at < trio.current_time() - NEWS_SECONDS:
                stage.note("sent_is_told", [f"{text} is {outcome.state}, and was sent"])


def fails(bot: Bot, stage: Stage) -> None:
    """Handlers that fail: they raise, hang, or succeed only now and then."""
    diary, dice, life = stage.diary, stage.dice, stage.life

    @bot.command(Verb.RAISE)
    async def raises(ctx: Context, n: int) -> None:
        with diary.running("alpha", n, life) as run:
            await stage.say(ctx, run, "0")
            raise AsAsked(RAISES)

    @bot.command(Verb.HANG, timeout=HANG_SECONDS)
    async def hang(ctx: Context, n: int) -> None:
        with diary.running("alpha", n, life) as run:
            await stage.say(ctx, run, "0")
            await trio.sleep_forever()

    @bot.command(Verb.POISON)
    async def poison(ctx: Context, n: int) -> None:
        with diary.running("alpha", n, life):
            life.kill()
            await trio.sleep_forever()

    @bot.command(Verb.FLAKY, retry=2)
    async def flaky(ctx: Context, n: int) -> None:
        with diary.running("alpha", n, life) as run:
            await stage.say(ctx, run, "0")
            if dice.random() < 0.5:
                raise AsAsked(RAISES)
            await stage.say(ctx, run, "1")


def waits(bot: Bot, stage: Stage) -> None:
    """Handlers that end later, or begin later."""
    diary, dice, life = stage.diary, stage.dice, stage.life

    @bot.command(Verb.ASK)
    async def ask(ctx: Context, n: int) -> None:
        with diary.running("alpha", n, life) as run:
            diary.park(run)
            try:
                answer = await ctx.ask(reply(n, "alpha", "ask"), within=ASK_SECONDS)
            except NoAnswer:
                await stage.say(ctx, run, "nobody")
                return
            diary.answers.add(int(answer.event.id[1:]))
            await stage.say(ctx, run, "answer")

    @bot.later()
    async def ring(ctx: Context, n: int) -> None:
        if not life.dead:
            diary.ring(n)
        text = reply(n, "alpha", "ring")
        await ctx.reply(text)
        if not life.dead:
            diary.told(text, "alpha")

    @bot.command(Verb.LATER)
    async def later(ctx: Context, n: int) -> None:
        with diary.running("alpha", n, life):
            seconds = dice.choice([1.0, 60.0, 600.0, 3600.0])
            due = await ctx.later(seconds, ring, n)
            if not life.dead and n not in diary.laters:
                diary.promise(n, _seconds(due) - stage.wall_zero)

    @bot.every(TICK_SECONDS)
    async def tick(ctx: Context) -> None:
        assert ctx.due is not None
        minute = int(_seconds(ctx.due))
        if not life.dead:
            diary.tick(minute - stage.wall_zero)
        await ctx.send(stage.addresses[0], f"tick {minute}")


def _seconds(moment: datetime) -> float:
    return moment.astimezone(UTC).timestamp()
