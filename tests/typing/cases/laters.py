"""What a type checker must accept and refuse of `ctx.later`. Never run."""

# fmt: off

from datetime import datetime, timedelta

from rookery import Bot, Context

bot = Bot("typed")


@bot.later()
async def ring(ctx: Context, text: str, times: int = 1) -> None:
    await ctx.reply(text * times)


@bot.command("remind")
async def remind(ctx: Context, delay: timedelta, text: str) -> None:
    due: datetime = await ctx.later(delay, ring, text)
    await ctx.later("5m", ring, text, times=2)
    await ctx.later(30, ring, text)
    await ctx.later("5m", ring)  # E: Missing positional argument "text" in call to "later" of "Context"  [call-arg]
    await ctx.later("5m", ring, 7)  # E: Argument 3 to "later" of "Context" has incompatible type "int"; expected "str"  [arg-type]
    await ctx.later("5m", "ring")  # E: Argument 2 to "later" of "Context" has incompatible type "str"; expected "Callable[[Context], object]"  [arg-type]
    await ctx.reply(f"{due:%H}")


@bot.command("plain")
def plain(ctx: Context) -> None:
    ctx.sync.later("5m", ring, "text", times=3)
    ctx.sync.later("5m", ring, "text", more=3)  # E: Unexpected keyword argument "more" for "later" of "Sync"  [call-arg]
