"""A OneBot client and a real host: what the issue says that one sees."""

from __future__ import annotations

import signal
from datetime import datetime
from pathlib import Path

import pytest
import trio
import trio_websocket

from rookery.control import Tree, tree_text
from rookery.host.leaving import DRAIN_SECONDS
from tests.e2e.conftest import CONFIG, Start, dialled, free_port, parameter, spoken

BOT = """
import logging
import trio
from rookery import Bot, Context

bot = Bot("slow")

@bot.command("slow")
async def slow(ctx: Context, seconds: float) -> None:
    await trio.sleep(seconds)
    await ctx.reply("slept")

@bot.command("note")
async def note(ctx: Context) -> None:
    ctx.log.info("note.taken")
    logging.getLogger("library").warning("library speaks")
    await ctx.reply("noted")

@bot.command("count")
async def count(ctx: Context, number: int) -> None:
    await ctx.reply(f"{number}")
    await ctx.reply(f"{number} again")
"""


def configure(folder: Path, more: str = "") -> int:
    port = free_port()
    (folder / "rookery.toml").write_text(CONFIG.format(port=port) + more)
    return port


async def test_ping_is_answered_in_the_chat_it_came_from(
    start: Start, tmp_path: Path
) -> None:
    port = configure(tmp_path)
    host = start()
    await host.until("host.started")

    async with dialled(port) as peer:
        await peer.event("/ping", user=10, group=42)
        in_group = await peer.action()
        await peer.event("/ping", user=10)
        in_private = await peer.action()

    assert in_group["action"] in ("send_msg", "send_group_msg")
    assert spoken(in_group) == "pong"
    assert parameter(in_group, "group_id") == "42"
    assert in_private["action"] in ("send_msg", "send_private_msg")
    assert spoken(in_private) == "pong"
    assert parameter(in_private, "user_id") == "10"


async def test_a_message_delivered_three_times_is_answered_once(
    start: Start, tmp_path: Path
) -> None:
    port = configure(tmp_path)
    host = start()
    await host.until("host.started")

    async with dialled(port) as peer:
        for _ in range(3):
            await peer.event("/echo one", group=42, message=77)
        await peer.event("/echo two", group=42, message=78)

        assert [await peer.hear(), await peer.hear()] == ["one", "two"]

    async with dialled(port) as peer:
        await peer.event("/echo one", group=42, message=77)
        await peer.event("/echo three", group=42, message=79)
        assert await peer.hear() == "three"


async def test_replies_of_a_chat_are_in_order_and_chats_side_by_side(
    start: Start, tmp_path: Path
) -> None:
    port = configure(tmp_path, '[bots.slow]\nuse = "slow.py:bot"\n')
    (tmp_path / "slow.py").write_text(BOT)
    host = start()
    await host.until("host.started")

    async with dialled(port) as peer:
        await peer.event("/slow 3", group=1)
        for number in range(20):
            await peer.event(f"/count {number}", group=2)
        in_order = [await peer.hear() for _ in range(40)]
        last = await peer.hear()

    assert in_order == [f"{n}{more}" for n in range(20) for more in ("", " again")]
    assert last == "slept"


async def test_crash_by_an_operator_disturbs_nobody(
    start: Start, tmp_path: Path
) -> None:
    port = configure(tmp_path)
    host = start()
    await host.until("host.started")

    async with dialled(port) as peer, dialled(port, account=10002) as other:
        await peer.event("/crash", user=14, group=42)
        await peer.event("/ping", user=14, group=42)
        await other.event("/ping", user=10, group=7)

        assert await peer.hear() == "pong"
        assert await other.hear() == "pong"

        failed = await host.until("handler.failed")
        assert failed["chat"] == "group:42"
        tree = tree_text((await host.ask(Tree()))["tree"])  # type: ignore[arg-type]  # a table
        assert "restarts" not in tree

        await peer.event("/crash", user=10, group=42)
        assert await peer.hear() not in ("pong", "")

    assert len(host.logged("handler.failed")) == 1


async def test_one_trace_from_the_frame_to_the_receipt(
    start: Start, tmp_path: Path
) -> None:
    """A04, and law 12: every line between carries the same trace."""
    port = configure(tmp_path, '[bots.slow]\nuse = "slow.py:bot"\n')
    (tmp_path / "slow.py").write_text(BOT)
    host = start("--verbose")
    await host.until("host.started")

    async with dialled(port) as peer:
        for group in (1, 2, 3, 42):
            await peer.event("/note", group=group)
        for _ in range(4):
            await peer.hear()
        good = await host.until("delivery.settled", 4)
        peer.refuses = True
        await peer.event("/note", group=7)
        await peer.hear()
        bad = await host.until("delivery.failed")

    assert good["trace"] != bad["trace"]
    for last in (good, bad):
        lines = [e for e in host.logged() if e.get("trace") == last["trace"]]
        said = {line["event"]: line.get("actor") for line in lines}
        assert said["event.accepted"] == "/platforms/qq/10001"
        assert said["note.taken"] == said["library speaks"] == "/bots/slow/v1"
        assert said[last["event"]] == "/core/sender"
        assert last.get("chat") in (None, lines[1]["chat"])


async def test_leaving_finishes_what_is_in_hand(start: Start, tmp_path: Path) -> None:
    port = configure(tmp_path, '[bots.slow]\nuse = "slow.py:bot"\n')
    (tmp_path / "slow.py").write_text(BOT)
    host = start()
    await host.until("host.started")

    async with dialled(port) as peer:
        await peer.event("/slow 1.5", group=1)
        await peer.event("/ping", group=2)
        assert await peer.hear() == "pong"

        host.process.send_signal(signal.SIGTERM)
        assert await peer.hear() == "slept"
        with trio.fail_after(60):
            assert await host.gone() == 0

    drained = only(host.logged("host.drained"))
    assert drained["events_left"] == 0
    assert drained["answers_missing"] == 0


async def test_leaving_is_prompt_when_nothing_is_in_hand(
    start: Start, tmp_path: Path
) -> None:
    port = configure(tmp_path)
    host = start()
    await host.until("host.started")

    async with dialled(port) as peer:
        await peer.event("/ping", group=2)
        await peer.hear()
        assert await host.leave() == 0

    # Long before it would have given up waiting for somebody.
    begun, ended = (
        only(host.logged(f"host.{name}")) for name in ("stopping", "drained")
    )
    assert seconds_between(begun, ended) < DRAIN_SECONDS


async def test_a_handler_that_will_not_end_cannot_hold_the_host(
    start: Start, tmp_path: Path
) -> None:
    port = configure(tmp_path, '[bots.slow]\nuse = "slow.py:bot"\n')
    (tmp_path / "slow.py").write_text(BOT)
    host = start()
    await host.until("host.started")

    async with dialled(port) as peer:
        await peer.event("/slow 1000", group=1)
        await peer.event("/ping", group=2)
        await peer.hear()
        with trio.fail_after(10 + 5 + 5):
            assert await host.leave() == 0

    assert only(host.logged("host.drained"))["events_left"] == 1


async def test_a_wrong_token_is_refused(start: Start, tmp_path: Path) -> None:
    port = configure(tmp_path, 'access_token = { env = "QQ_TOKEN" }\n')
    host = start(env={"QQ_TOKEN": "s3cret-of-qq"})
    await host.until("host.started")

    with pytest.RaisesGroup(
        pytest.RaisesExc(
            trio_websocket.ConnectionRejected,
            check=lambda e: e.status_code in (401, 403),
        ),
        flatten_subgroups=True,
    ):
        async with dialled(port, token="wrong"):
            pass
    async with dialled(port, token="s3cret-of-qq") as peer:
        await peer.event("/ping", group=2)
        assert await peer.hear() == "pong"

    assert "s3cret-of-qq" not in host.text()


def seconds_between(*lines: dict[str, object]) -> float:
    begun, ended = (datetime.fromisoformat(str(line["ts"])) for line in lines)
    return (ended - begun).total_seconds()


def only(found: list[dict[str, object]]) -> dict[str, object]:
    [one] = found
    return one
