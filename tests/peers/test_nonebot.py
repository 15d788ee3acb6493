"""Our fake OneBot implementation, judged by NoneBot2 and its OneBot adapter.

Every other test believes the fake; this one asks a real framework whether it may.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeAlias

import pytest
import trio

from tests.fakes.onebot import FakeOneBot, Reply, text_of
from tests.peers.processes import Program, free_port, require_peers, running

pytestmark = pytest.mark.peer

TOKEN = "s3cret"


Way: TypeAlias = Callable[[FakeOneBot], AbstractAsyncContextManager[Program]]


@pytest.fixture(autouse=True)
def peers() -> None:
    require_peers("lib/*/site-packages/nonebot")


@asynccontextmanager
async def reverse(fake: FakeOneBot) -> AsyncIterator[Program]:
    """NoneBot2 listens, the fake dials."""
    port = free_port()
    async with running(
        "nonebot_app.py", str(port), environment={"ONEBOT_TOKEN": TOKEN}
    ) as program:
        url = f"ws://127.0.0.1:{port}/onebot/v11/ws"
        async with fake.dialling(url, redial_seconds=0.2):
            await program.prints(f"CONNECTED {fake.account.id}")
            await fake.connected()
            yield program


@asynccontextmanager
async def forward(fake: FakeOneBot) -> AsyncIterator[Program]:
    """The fake listens, NoneBot2 dials."""
    async with (
        fake.serving() as url,
        running(
            "nonebot_app.py", str(free_port()), url, environment={"ONEBOT_TOKEN": TOKEN}
        ) as program,
    ):
        await program.prints(f"CONNECTED {fake.account.id}")
        await fake.connected()
        yield program


@pytest.mark.parametrize("way", [reverse, forward])
async def test_a_real_framework_talks_with_the_fake(way: Way) -> None:
    fake = FakeOneBot(10001, token=TOKEN, heartbeat_seconds=0.05)
    async with way(fake) as nonebot:
        said = await fake.says("你好 & [CQ]", user=14)
        await nonebot.prints("HEARD private 14 你好 & [CQ]")
        answer = await fake.hears()
        assert answer.name == "send_msg"
        assert answer.params["message_type"] == "private"
        assert answer.params["user_id"] == 14
        assert text_of(answer) == "pong @14"
        await nonebot.prints(f"SENT {said['message_id'] + 1}")

        await fake.says("in a group", user=14, group=42)
        await nonebot.prints("HEARD group 14 in a group")
        answer = await fake.hears()
        assert answer.params["group_id"] == 42

        fake.arrays = False
        await fake.says("a&#91;b&#93;[CQ:face,id=1]", user=15)
        await nonebot.prints("HEARD private 15 a[b]")
        await fake.hears()

        fake.arrays = True
        await fake.says("/info", user=14)
        assert (await fake.hears()).name == "get_login_info"
        assert text_of(await fake.hears()) == "10001 rook"

    assert fake.nonsense == []


async def test_answers_out_of_order_find_their_question() -> None:
    fake = FakeOneBot(10001, token=TOKEN)
    fake.on("send_msg", None)
    async with reverse(fake) as nonebot:
        for user in (1, 2, 3):
            await fake.says("hello", user=user)
        asked = {a.params["user_id"]: a for a in [await fake.hears() for _ in range(3)]}
        await fake.answers(asked[3], Reply({"message_id": 303}))
        await nonebot.prints("SENT 303")
        await fake.answers(asked[1], Reply(None, "failed", 100))
        await nonebot.prints("FAILED 100")
        await fake.answers(asked[2], Reply({"message_id": 302}))
        await nonebot.prints("SENT 302")


async def test_a_request_is_approved() -> None:
    fake = FakeOneBot(10001, token=TOKEN)
    async with reverse(fake):
        await fake.emit(
            {
                "time": 1,
                "self_id": 10001,
                "post_type": "request",
                "request_type": "friend",
                "user_id": 14,
                "comment": "let me in",
                "flag": "f1",
            }
        )
        action = await fake.hears()

    assert action.name == "set_friend_add_request"
    assert action.params["flag"] == "f1"
    assert action.params["approve"] is True


async def test_a_wrong_token_is_refused_and_a_lost_line_is_noticed() -> None:
    stranger = FakeOneBot(10002, token="wrong")
    fake = FakeOneBot(10001, token=TOKEN)
    async with reverse(fake) as nonebot:
        port = nonebot.arguments[0]
        async with stranger.dialling(f"ws://127.0.0.1:{port}/onebot/v11/ws"):
            with trio.fail_after(60):
                await stranger.refused()
        await fake.drops()
        await nonebot.prints("DISCONNECTED 10001")

    assert stranger.refusals == [403]
