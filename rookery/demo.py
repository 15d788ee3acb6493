"""The bot of `rookery run`: a tour of what a bot can do, in one screen.

Copy it and change it; `rookery new bot NAME` starts a smaller one.
"""

from collections.abc import Callable
from datetime import timedelta

from rookery import Bot, Context, NoAnswer, TooManyLaters, use

bot = Bot("demo")


@bot.command("ping")
async def ping(ctx: Context) -> None:
    """Answers pong."""
    await ctx.reply("pong")


@bot.command("echo")
async def echo(ctx: Context, text: str) -> None:
    """Says TEXT back."""
    await ctx.reply(text)


@bot.command("ask")
async def ask(ctx: Context) -> None:
    """Asks you something, and waits for your answer."""
    try:
        answer = await ctx.ask("which city are you in?", within=60)
    except NoAnswer:
        await ctx.reply("never mind, ask me again some day")
    else:
        await answer.reply(f"greetings to {answer.text.strip()}")


@bot.later()
async def ring(ctx: Context, text: str) -> None:
    await ctx.reply(f"you asked me to remind you: {text}")


@bot.command("remind")
async def remind(ctx: Context, delay: timedelta, text: str) -> None:
    """Says TEXT after a while: /remind 5m the tea is ready."""
    try:
        due = await ctx.later(delay, ring, text)
    except TooManyLaters:
        await ctx.reply("I have enough to remember in this chat already")
    else:
        when = "%H:%M:%S UTC" if delay < timedelta(days=1) else "%H:%M UTC on %d %B %Y"
        await ctx.reply(f"I will, at {due:{when}}")


@bot.command("help")
async def help_(ctx: Context) -> None:
    """Lists what you may use."""
    await ctx.reply(ctx.help())


@bot.command("crash", allow="operator")
async def crash(ctx: Context) -> None:
    """Raises, to show that it costs this one message and nothing else."""
    msg = "somebody asked for it"
    raise RuntimeError(msg)


@bot.command("tree", allow="operator")
async def tree(
    ctx: Context, path: str = "/", tree: Callable[[str], str] = use("tree")
) -> None:
    """Shows the supervision tree of this host, or what is below PATH."""
    await ctx.reply(tree(path))
