"""Each kind of message, both ways, between our codec and NoneBot2's.

What we write is read by it, as an array and as a string of CQ codes, and what it says it
has read is read back by us; what it writes of each kind is read by us.
"""

from __future__ import annotations

import json
from base64 import b64encode

import pytest

from actors.messages import (
    ALL,
    Audio,
    Emoji,
    Forward,
    Image,
    Mention,
    Node,
    Raw,
    Reply,
    Segment,
    Text,
    Video,
)
from platforms.onebot11.wire import read_body, write_body, write_text
from tests.fakes.onebot import FakeOneBot
from tests.peers.processes import require_peers
from tests.peers.test_nonebot import TOKEN, Way, forward, reverse

pytestmark = pytest.mark.peer

LINK = "https://pics.example/rook.png?a=1&b=2"


def raw(kind: str, **data: str) -> Raw:
    return Raw("onebot11", {"type": kind, "data": data})


def in_base64(data: bytes) -> str:
    return f"base64://{b64encode(data).decode()}"


WRITTEN: list[tuple[Segment, ...]] = [
    (Text("a & b [c], d=e 你好 👍"),),
    (Text("[CQ:at,qq=1] is no mention"),),
    (Text("before "), Mention("14"), Text(" after, & again")),
    (Mention(ALL), Text(" all")),
    (Reply("1001"), Text("an answer")),
    (Emoji("178"), Emoji("66")),
    (Image(LINK), Text("[a, picture]")),
    (Image(in_base64(b"a picture")),),
    (Audio("https://pics.example/rook.ogg"),),
    (Video("https://pics.example/rook.mp4"),),
    (Forward(id="bundle-7"),),
    (raw("json", data='{"app": "x", "a,b": [1, "]&"]}'),),
    (raw("share", url=LINK, title="rooks, all of them"),),
    (raw("dice"), raw("shake")),
]
HEARD: dict[str, tuple[Segment, ...]] = {
    "text": (Text("a & b [c], 你好 👍"),),
    "at": (Mention("14"),),
    "at all": (Mention(ALL),),
    "reply": (Reply("1001"),),
    "face": (Emoji("178"),),
    "bytes": (Image(in_base64(b"a picture")),),
    "link": (Image(LINK),),
    "record": (Audio(in_base64(b"a sound")),),
    "video": (Video("https://pics.example/rook.mp4"),),
    "forward": (Forward(id="bundle-7"),),
    "node": (Forward((Node(user="14", name="ann", body=(Text("caw"),)),)),),
}
"""What its first messages say; what comes behind them only OneBot has."""
ONLY_THERE = [
    "json", "xml", "share", "location", "contact", "contact", "music", "music", "poke",
    "dice", "rps", "shake", "anonymous",
]  # fmt: skip


@pytest.fixture(autouse=True)
def peers() -> None:
    require_peers("lib/*/site-packages/nonebot")


@pytest.mark.parametrize("way", [reverse, forward])
async def test_what_we_write_is_read_as_we_meant_it(way: Way) -> None:
    fake = FakeOneBot(10001, token=TOKEN)
    async with way(fake) as nonebot:
        seen = 0
        for body in WRITTEN:
            array = [dict(part) for part in write_body(body)]
            for message in (array, write_text(body)):
                fake.arrays = message is array
                await fake.says(message)
                lines = await nonebot.prints_more("SEGMENTS ", than=seen)
                seen += 1
                read = json.loads(lines[-1].removeprefix("SEGMENTS "))
                assert read_body(read) == body, (message, read)


@pytest.mark.parametrize("way", [reverse, forward])
async def test_what_it_writes_of_each_kind_is_read_by_us(way: Way) -> None:
    fake = FakeOneBot(10001, token=TOKEN)
    async with way(fake):
        await fake.says("/kinds")
        for kind, body in HEARD.items():
            action = await fake.hears("send_msg")
            assert read_body(action.params["message"]) == body, kind
        for kind in ONLY_THERE:
            action = await fake.hears("send_msg")
            [part] = action.params["message"]
            [heard] = read_body([part])
            assert isinstance(heard, Raw)
            assert heard.data["type"] == kind
            assert write_body([heard]) == [part], "goes out again exactly as it came in"
    assert fake.nonsense == []
