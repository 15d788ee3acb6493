"""A bot on NoneBot2 with its OneBot adapter. Runs in `.venv-peers`, not in ours.

    python nonebot_app.py PORT [ws://FORWARD-URL]

Serves reverse WebSocket on /onebot/v11/ws and, if told to, dials the forward URL. It
answers each message with text and a mention, `/info` with `get_login_info`, `/kinds` with
one message of each kind that it has, approves friend requests, and prints one line for
whatever it sees, and for a message a second one with its segments as JSON.
"""

# NoneBot2 is not in the environment that mypy sees.
# mypy: disable-error-code="import-not-found, untyped-decorator"

import json
import os
import sys

import nonebot
from nonebot.adapters.onebot.v11 import (
    Adapter,
    Bot,
    Message,
    MessageEvent,
    MessageSegment,
    RequestEvent,
)
from nonebot.adapters.onebot.v11 import adapter as onebot
from nonebot.exception import ActionFailed
from nonebot.plugin import on_command, on_message, on_request

port, *urls = sys.argv[1:]
nonebot.init(
    host="127.0.0.1",
    port=int(port),
    log_level="WARNING",
    driver="~fastapi+~websockets+~httpx",
    command_start={"/"},
    onebot_access_token=os.environ.get("ONEBOT_TOKEN") or None,
    onebot_ws_urls=set(urls),
)
onebot.RECONNECT_INTERVAL = 0.2  # 3 s, if it were left to it
driver = nonebot.get_driver()
driver.register_adapter(Adapter)
info = on_command("info", priority=1, block=True)
kinds = on_command("kinds", priority=1, block=True)
anything = on_message(priority=9)
request = on_request()


KINDS = [
    MessageSegment.text("a & b [c], 你好 👍"),
    MessageSegment.at(14),
    MessageSegment.at("all"),
    MessageSegment.reply(1001),
    MessageSegment.face(178),
    MessageSegment.image(b"a picture"),
    MessageSegment.image("https://pics.example/rook.png?a=1&b=2"),
    MessageSegment.record(b"a sound"),
    MessageSegment.video("https://pics.example/rook.mp4"),
    MessageSegment.forward("bundle-7"),
    MessageSegment.node_custom(14, "ann", "caw"),
    MessageSegment.json('{"app": "x", "a,b": [1]}'),
    MessageSegment.xml("<a b='c'/>"),
    MessageSegment.share("https://rooks.example", "rooks", "all of them"),
    MessageSegment.location(31.2, 121.5, "here"),
    MessageSegment.contact_group(42),
    MessageSegment.contact_user(14),
    MessageSegment.music("qq", 7),
    MessageSegment.music_custom("https://a.example", "https://b.example", "caw"),
    MessageSegment.poke("1", "2"),
    MessageSegment.dice(),
    MessageSegment.rps(),
    MessageSegment.shake(),
    MessageSegment.anonymous(),
]


def tell(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


@driver.on_bot_connect
async def _(bot: Bot) -> None:
    tell("CONNECTED", bot.self_id)


@driver.on_bot_disconnect
async def _(bot: Bot) -> None:
    tell("DISCONNECTED", bot.self_id)


@info.handle()
async def _(bot: Bot, event: MessageEvent) -> None:
    login = await bot.get_login_info()
    await bot.send(event, f"{login['user_id']} {login['nickname']}")


@kinds.handle()
async def _(bot: Bot, event: MessageEvent) -> None:
    for segment in KINDS:
        await bot.send(event, Message(segment))


@anything.handle()
async def _(bot: Bot, event: MessageEvent) -> None:
    whole = [
        {"type": segment.type, "data": segment.data}
        for segment in event.original_message
    ]
    tell("SEGMENTS", json.dumps(whole))
    tell("HEARD", event.message_type, event.user_id, event.get_plaintext())
    pong = Message([MessageSegment.text("pong "), MessageSegment.at(event.user_id)])
    try:
        sent = await bot.send(event, pong)
    except ActionFailed as error:
        tell("FAILED", error.info["retcode"])
    else:
        tell("SENT", sent["message_id"])


@request.handle()
async def _(bot: Bot, event: RequestEvent) -> None:
    await event.approve(bot)


nonebot.run()
