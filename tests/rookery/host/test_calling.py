"""A handler calls an action of its platform by name, in a whole host."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio

from actors.sender import Retry
from tests.fakes.onebot import FakeOneBot, Reply, text_of
from tests.rookery.host.conftest import Living

BOT = """\
import json
from rookery import Bot, CallFailed, Context
bot = Bot("caller")

@bot.command("call", timeout=10)
async def call(ctx: Context, action: str, params: str) -> None:
    try:
        answer = await ctx.call(action, **json.loads(params))
        await ctx.reply(json.dumps(answer))
    except CallFailed as failed:
        await ctx.reply(f"{type(failed).__name__} {failed}")
"""
CONFIG = """\
[bots.caller]
use = "caller:bot"
"""
LISTENING = """\
[platforms.qq]
type = "onebot11"
listen = "127.0.0.1:0"
"""


async def test_an_action_of_onebot_is_answered(tmp_path: Path, living: Living) -> None:
    (tmp_path / "caller.py").write_text(BOT)
    onebot = FakeOneBot(10001)
    info = {"group_id": 42, "group_name": "rooks", "member_count": 2**53 + 1}
    onebot.on("get_group_info", Reply(info))
    onebot.on("get_msg", Reply(None, "failed", 100, "no such message"))

    def told() -> str:
        return str(host.parts.board.state_of("qq", ""))

    async def answer(call: str) -> str:
        await onebot.says(f"/call {call}", group=42)
        return text_of(await onebot.hears("send_group_msg"))

    with trio.fail_after(60):
        async with living(CONFIG + LISTENING) as host:
            await host.until(lambda: "127.0.0.1:" in told())
            port = told().rstrip(")").rpartition(":")[2]
            async with onebot.dialling(f"ws://127.0.0.1:{port}"):
                said = await answer('get_group_info {"group_id": 42}')
                assert said == (
                    '{"group_id": 42, "group_name": "rooks", '
                    '"member_count": 9007199254740993}'
                )
                asked = await onebot.hears("get_group_info")
                assert asked.params == {"group_id": 42, "no_cache": False}

                assert await answer('get_msg {"message_id": 1}') == (
                    "CallRefused get_msg: no such message (retcode 100)"
                )
                assert (await answer("get_group_info {}")).startswith(
                    "CallRefused get_group_info: get_group_info cannot be called so: "
                    "group_id is missing"
                )
                assert await answer("fly_away {}") == (
                    "CallRefused fly_away: unsupported action (retcode 1404)"
                )


async def test_a_platform_that_is_away_or_has_no_actions_says_so(
    tmp_path: Path, living: Living
) -> None:
    (tmp_path / "caller.py").write_text(BOT)
    async with living(CONFIG) as host:
        await host.say("/call get_msg {}")
        await host.hears("CallRefused get_msg: fake has no actions")
        host.parts.lines.disconnect(host.peer)
        with pytest.raises(Retry, match="fake/me is not connected"):
            await host.parts.for_bots().call("fake", "me", "get_msg", {})
