"""A long reply on a real host: in parts, in order, whole, and once, whatever is killed."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import trio

from tests.e2e.conftest import CONFIG, Start, dialled, free_port, spoken

BOT = """
from rookery import Bot, Context, Image, Markdown, Text

bot = Bot("mine")
LONG = "\\n".join(f"line {number:04d} of a long story" for number in range(500))

@bot.command("story")
async def story(ctx: Context) -> None:
    await ctx.reply(LONG)

@bot.command("table")
async def table(ctx: Context) -> None:
    receipt = await ctx.reply(Markdown("**Weather**\\n\\n| a | b |\\n| - | - |\\n| 1 | 2 |"))
    outcome = await receipt.outcome()
    await ctx.reply(f"{outcome.state.value}: {outcome.detail}")

@bot.command("picture")
async def picture(ctx: Context, url: str) -> None:
    receipt = await ctx.reply(Image(url, alt="a rook"))
    outcome = await receipt.outcome()
    await ctx.reply(f"{outcome.state.value}: {outcome.detail}")
"""
STORY = "\n".join(f"line {number:04d} of a long story" for number in range(500))


def configure(folder: Path) -> int:
    port = free_port()
    text = CONFIG.format(port=port).replace("rookery.demo:bot", "mine.py:bot")
    (folder / "rookery.toml").write_text(text)
    (folder / "mine.py").write_text(BOT)
    return port


async def test_a_long_reply_comes_in_parts_that_are_the_whole(
    start: Start, tmp_path: Path
) -> None:
    port = configure(tmp_path)
    host = start()
    await host.until("host.started")
    async with dialled(port) as peer:
        await peer.event("/story", group=42)
        parts = [await peer.hear() for _ in range(4)]
    assert "\n".join(parts) == STORY
    assert max(map(len, parts)) <= 4000


async def test_a_host_that_is_killed_between_two_parts_repeats_and_loses_none(
    start: Start, tmp_path: Path
) -> None:
    """B36, E21: the one on the wire is unknown, those before and behind it are not."""
    port = configure(tmp_path)
    host = start()
    await host.until("host.started")
    async with dialled(port) as peer:
        await peer.event("/story", group=42)
        parts = [await peer.hear(), await peer.hear()]
        # The third is on the wire, and nobody answers.
        third = json.loads(await peer._ws.get_message())
        await host.leave(signal.SIGKILL)

    again = start()
    await again.until("host.started", 2)
    async with dialled(port) as peer:
        last = await peer.hear()
        await peer.event("/table", group=42)
        after = await peer.hear()
    assert "\n".join([*parts, spoken(third), last]) == STORY
    assert after.startswith("Weather"), "nothing of the story came a second time"


async def test_what_its_platform_cannot_show_is_told_and_said_so(
    start: Start, tmp_path: Path
) -> None:
    """A27: the receipt says how it was degraded."""
    port = configure(tmp_path)
    host = start()
    await host.until("host.started")
    async with dialled(port) as peer:
        await peer.event("/table", group=42)
        assert await peer.hear() == "Weather\n\na | b\n--+--\n1 | 2"
        assert await peer.hear() == "degraded: markdown as text"


async def test_a_refused_picture_is_told_with_its_link(
    start: Start, tmp_path: Path
) -> None:
    """A25: as a link first; not fetched from our own net; at last in words."""
    port = configure(tmp_path)
    host = start()
    await host.until("host.started")
    url = "http://127.0.0.1:9/rook.png"
    async with dialled(port) as peer:
        await peer.event(f"/picture {url}", group=42)
        with trio.fail_after(30):
            frame = json.loads(await peer._ws.get_message())
            assert url in json.dumps(frame)
            refusal = {
                "status": "failed",
                "retcode": 1200,
                "message": "rich media transfer failed",
                "echo": frame["echo"],
            }
            await peer.raw(json.dumps(refusal))
        assert await peer.hear() == f"[image a rook: {url}]"
        told = await peer.hear()
    assert told.startswith("degraded: image as text: ")
    assert "127.0.0.1 is loopback" in told
