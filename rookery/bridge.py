"""A bridge in twenty lines: what is said in one chat is heard in all the others.

`rookery demo` runs it. Copy it, and let `room` begin with chats of yours.
"""

from rookery import Bot, Context

bot = Bot("bridge")
room = {
    "terminal/local/private:console",
    "qq/10001/group:42",
    "qq/10001/group:43",
}


@bot.on("message")
async def pass_on(ctx: Context) -> None:
    here = str(ctx.address)
    room.add(here)  # who speaks is in the room: a page of the web chat, say
    who = ctx.sender.name or "somebody"
    for chat in room - {here}:
        # The key of a message must not depend on the order in which a set is walked.
        await ctx.send(chat, f"[{ctx.platform}] {who}: {ctx.text}", key=chat)
