"""What nobody can know, and what went wrong: seen and dealt with by hand, on a real host."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import trio

from rookery.control import ListLetters, ListOutbox
from tests.e2e.conftest import (
    CONFIG,
    PATIENCE_SECONDS,
    HostProcess,
    Start,
    free_port,
)
from tests.fakes.onebot import FakeOneBot, text_of

SENDS = ("send_group_msg", "send_msg")
BOT = """
from pathlib import Path
from rookery import Bot, Context

bot = Bot("fragile")

@bot.command("once")
async def once(ctx: Context) -> None:
    await ctx.reply("begun")
    if not Path("mended").exists():
        raise RuntimeError("not mended yet")
    await ctx.reply("ended")
"""


def configure(folder: Path) -> int:
    port = free_port()
    text = CONFIG.format(port=port) + '[bots.fragile]\nuse = "fragile.py:bot"\n'
    (folder / "rookery.toml").write_text(text)
    (folder / "fragile.py").write_text(BOT)
    return port


def found(ran: subprocess.CompletedProcess[str]) -> dict[str, list[dict[str, object]]]:
    assert ran.returncode == 0, ran.stderr
    result: dict[str, list[dict[str, object]]] = json.loads(ran.stdout)
    return result


async def listed(host: HostProcess, *more: str) -> list[dict[str, object]]:
    return found(await host.rookery("outbox", "list", "--json", *more))["messages"]


async def keys_of(host: HostProcess, *more: str) -> dict[str, str]:
    return {str(one["text"]): str(one["key"]) for one in await listed(host, *more)}


async def test_unknown_messages_are_sorted_out_across_a_restart(
    start: Start, tmp_path: Path
) -> None:
    """Contract, outbound: unknown -> queued, sent or cancelled, by an operator."""
    port = configure(tmp_path)
    url = f"ws://127.0.0.1:{port}"
    host = start()
    await host.until("host.started")

    mute = FakeOneBot()
    for name in SENDS:
        mute.on(name, None)
    async with mute.dialling(url):
        for group, word in enumerate(("again", "there", "never"), 1):
            await mute.says(f"/echo {word}", group=group)
            await mute.hears(*SENDS)
    await host.until("delivery.failed", 3)

    keys = await keys_of(host, "--state", "unknown")
    assert set(keys) == {"again", "there", "never"}
    host.process.kill()
    await host.gone()

    # Without a host the file is read, and nothing can be changed.
    assert await keys_of(host, "--state", "unknown") == keys
    refused = await host.rookery("outbox", "retry", keys["again"])
    assert refused.returncode == 2
    assert "no host is running" in refused.stderr

    host = start()
    await host.until("host.started", 2)
    marked = await host.rookery(
        "outbox", "mark-sent", keys["there"], "--message-id", "77"
    )
    assert (marked.returncode, marked.stdout) == (0, f"{keys['there']}: sent\n")
    discarded = await host.rookery("outbox", "discard", keys["never"], "--json")
    assert found(discarded)["done"] == [{"key": keys["never"], "state": "cancelled"}]
    twice = await host.rookery("outbox", "discard", keys["never"], keys["there"])
    assert twice.returncode == 1
    assert twice.stdout == f"{keys['never']}: cancelled\n"
    assert "this one is sent" in twice.stderr
    everything = await host.rookery("outbox", "retry", "--all", "--yes", "--json")
    assert found(everything)["done"] == [{"key": keys["again"], "state": "queued"}]

    well = FakeOneBot()
    async with well.dialling(url):
        assert text_of(await well.hears(*SENDS)) == "again"
        with trio.fail_after(PATIENCE_SECONDS):
            while (await host.ask(ListOutbox()))["messages"]:  # noqa: ASYNC110 - a process
                await trio.sleep(0.02)
    assert set(await keys_of(host, "--state", "sent")) == {"again", "there"}
    stats = json.loads((await host.rookery("journal", "stats", "--json")).stdout)
    assert stats["outbound"] == {"cancelled": 1, "sent": 2}
    shown = await host.rookery("outbox", "show", keys["there"], "--json")
    assert json.loads(shown.stdout)["message_id"] == "77"
    assert (await host.rookery("outbox", "show", "nothing")).returncode == 1
    assert await host.leave(signal.SIGTERM) == 0


async def test_a_failed_event_is_handled_again_and_says_nothing_twice(
    start: Start, tmp_path: Path
) -> None:
    """Contract, inbound: failed -> new; law 5: the same replies have the same keys."""
    port = configure(tmp_path)
    url = f"ws://127.0.0.1:{port}"
    host = start()
    await host.until("host.started")
    peer = FakeOneBot()
    async with peer.dialling(url):
        await peer.says("/once", group=1)
        assert text_of(await peer.hears(*SENDS)) == "begun"
        await host.until("handler.failed")
    # A list sees what is only noted yet, and has it written down.
    assert (await host.ask(ListLetters()))["dead_letters"]
    host.process.kill()
    await host.gone()
    (tmp_path / "mended").touch()

    host = start()
    await host.until("host.started", 2)
    shelf = found(await host.rookery("dead-letters", "list", "--json"))
    [letter] = shelf["dead_letters"]
    assert (letter["kind"], letter["where"]) == ("failed", "qq/10001/group:1")
    assert "not mended yet" in str(letter["why"])
    async with peer.dialling(url):
        retried = await host.rookery("dead-letters", "retry", str(letter["id"]))
        assert retried.returncode == 0, retried.stderr
        assert text_of(await peer.hears(*SENDS)) == "ended"
    shelf = found(await host.rookery("dead-letters", "list", "--json"))
    assert shelf["dead_letters"] == []
    again = await host.rookery("dead-letters", "retry", str(letter["id"]))
    assert again.returncode == 1
    assert "this one is done" in again.stderr
