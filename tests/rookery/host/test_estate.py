"""What the host knows of its platforms when something is to be said."""

from __future__ import annotations

from pathlib import Path

import trio
from attrs import evolve
from structlog.testing import capture_logs

from actors.messages import (
    Chat,
    ChatAddress,
    ChatKind,
    Outbound,
    OutboundKind,
    Text,
    plain_text,
)
from platforms.base.caps import MAX_PARTS
from platforms.onebot11 import OneBot11, OneBot11Config
from rookery.config import Configuration, PlatformSettings, Settings
from rookery.host.estate import Estate
from rookery.kinds import Kind

QQ = Kind(name="onebot11", platform=OneBot11, origin="ours")
LIMIT = OneBot11.caps.text_limit or 0
ESTATE = Estate(
    Configuration(
        settings=Settings(
            platforms={
                "qq": PlatformSettings(kind=QQ, config=OneBot11Config(listen="[::1]:0"))
            }
        ),
        source=None,
        folder=Path(),
    )
)
GROUP = ChatAddress("qq", "1", Chat(ChatKind.GROUP, "42"))


def saying(text: str) -> Outbound:
    return Outbound(
        key="k", to=GROUP, body=(Text(text),), kind=OutboundKind.REPLY, trace="t"
    )


def test_a_platform_that_is_not_configured_is_told_of() -> None:
    """Else a bot that mistypes its id hears of it a day later, from the dead letters."""
    nowhere = evolve(GROUP, platform="qqq")
    with capture_logs() as logs:
        assert ESTATE.split(saying("hello")) is None
        assert ESTATE.split(evolve(saying("hello"), to=nowhere)) is None
    (line,) = logs
    assert (line["event"], line["to"]) == ("outbox.no_such_platform", str(nowhere))


async def test_a_long_text_is_cut_while_others_go_on() -> None:
    """To cut it takes long enough to be felt by every chat."""
    turns = 0

    async def go_on() -> None:
        nonlocal turns
        while True:
            turns += 1
            await trio.lowlevel.checkpoint()

    text = "漢" * LIMIT * MAX_PARTS
    async with trio.open_nursery() as nursery:
        nursery.start_soon(go_on)
        cutting = ESTATE.split(saying(text))
        assert cutting is not None
        parts = await cutting
        nursery.cancel_scope.cancel()
    assert "".join(map(plain_text, parts)) == text
    assert turns >= MAX_PARTS - 2


async def test_what_takes_too_many_parts_stays_whole_and_is_refused_later() -> None:
    for text in ("x" * (LIMIT * MAX_PARTS + 1), ("x " * LIMIT + "\n") * MAX_PARTS):
        out = saying(text)
        cutting = ESTATE.split(out)
        assert cutting is not None
        assert await cutting == (out.body,)
        elsewhere = evolve(out, to=evolve(GROUP, platform="gone"))
        assert ESTATE.split(elsewhere) is None


def test_what_is_short_is_not_cut() -> None:
    assert ESTATE.split(saying("x" * LIMIT)) is None
