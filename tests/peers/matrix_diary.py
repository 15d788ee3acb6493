"""A bot that writes down whatever it hears, and does what it is told to.

say TEXT       answers TEXT
get N          answers `got N`
show           says something of every kind
change         says something, edits it, reacts to who asked, and takes it back
"""

from __future__ import annotations

import json
from pathlib import Path

from rookery import Bot, Context, File, Image, Markdown, Mention, Reply

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c02"
    "0000000b4944415478da6364f80f00010501012718e3660000000049454e44ae426082"
)
EVENTS = [
    *("message", "message.edited", "message.deleted", "message.reacted"),
    *("member.joined", "member.left", "chat.invited", "chat.joined", "chat.left"),
    *("chat.renamed", "matrix.encrypted", "matrix.org.example.custom"),
]
bot = Bot("diary")
diary = Path("diary.jsonl")


def write_down(ctx: Context) -> None:
    event = ctx.event
    line = {
        "event": event.event,
        "id": event.id,
        "kind": event.chat.kind.value if event.chat else "",
        "sender": event.sender.id if event.sender else "",
        "role": event.sender.role.name if event.sender else "",
        "text": ctx.text,
        "body": [type(part).__name__ for part in event.body],
        "facts": dict(event.facts),
    }
    with diary.open("a") as file:
        file.write(json.dumps(line) + "\n")


async def hear(ctx: Context) -> None:
    write_down(ctx)
    if ctx.event.event != "message":
        return
    match ctx.text.split(maxsplit=1):
        case ["say", text]:
            await ctx.reply(text)
        case ["get", number]:
            await ctx.reply(f"got {number}")
        case ["show"]:
            await show(ctx)
        case ["change"]:
            await change(ctx)
        case ["fetch"]:
            source = next(p.source for p in ctx.segments if isinstance(p, Image))
            data = await ctx.call("download", url=str(source))
            assert isinstance(data, bytes)
            await ctx.reply(f"{len(data)} bytes")
        case _:
            pass


async def show(ctx: Context) -> None:
    await ctx.reply(Reply(ctx.event.id), "plain <b>")
    await ctx.reply(Markdown("**bold** [x](https://a.example)"))
    await ctx.reply("hi ", Mention(ctx.sender.id, "you"))
    await ctx.reply("look", Image(PNG, alt="a dot"), File(b"%PDF-1.7 x", "a.pdf"))
    receipt = await ctx.reply("x" * 30_000)
    outcome = await receipt.outcome(within=30)
    await ctx.reply(f"done: {outcome.state.value}")


async def change(ctx: Context) -> None:
    said = await ctx.reply("0 %")
    await said.outcome(within=30)
    edited = await ctx.edit(said, "100 %")
    await edited.outcome(within=30)
    put = await ctx.react("👍")
    await put.outcome(within=30)
    taken = await ctx.react("👍", remove=True)
    await taken.outcome(within=30)
    gone = await ctx.delete(said)
    outcome = await gone.outcome(within=30)
    await ctx.reply(f"done: {outcome.state.value}")


for name in EVENTS:
    bot.on(name, bots=True)(hear)
