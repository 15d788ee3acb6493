"""The pages that teach: their code runs, and the talks they show take place.

Every `python` block of a page goes into one module, in order; every `chat` block is
played against the bot. What the bot says beyond it, or does not say, is a failure.
"""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Self

import pytest
from attrs import frozen
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.bots import Bot
from actors.messages import FINAL_INBOUND
from tests.actors.bots.harness import Posted, Room, running

DOCS = Path(__file__).parents[2] / "docs"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@frozen
class Page:
    """A page as a program and a play."""

    code: str
    chats: tuple[str, ...]


def read(name: str) -> Page:
    blocks = _BLOCK.findall((DOCS / name).read_text())
    return Page(
        code="\n\n".join(text for kind, text in blocks if kind == "python"),
        chats=tuple(text for kind, text in blocks if kind == "chat"),
    )


def run_code(code: str) -> Bot:
    module = ModuleType("page")
    exec(compile(code, "page.py", "exec", dont_inherit=True), module.__dict__)
    bot = module.__dict__["bot"]
    assert isinstance(bot, Bot)
    return bot


async def play(room: Room, chat: str) -> None:
    """Say the lines of `you:` and expect those of `bot:`, no more and no less."""
    heard = len(room.texts)
    posted: list[Posted] = []
    expected: list[str] = []
    for line in chat.splitlines():
        who, _, text = line.partition(": ")
        if who == "bot":
            expected.append(text)
            continue
        assert who == "you", line
        assert lines(room, heard) == expected
        posted.append(room.says(text))
        await wait_all_tasks_blocked()
    assert lines(room, heard) == expected
    assert all(one.state in FINAL_INBOUND for one in posted)


def lines(room: Room, since: int) -> list[str]:
    return [line for text in room.texts[since:] for line in text.split("\n")]


async def test_the_first_bot_talks_as_the_tutorial_says(
    autojump_clock: MockClock,
) -> None:
    page = read("tutorial/your-first-bot.md")
    assert len(page.chats) == 8
    async with running(run_code(page.code)) as room:
        for chat in page.chats:
            await play(room, chat)
        assert [fault.why[:17] for fault in room.faults] == ["ZeroDivisionError"]


class FakeClient:
    """What the how-to calls `stocks.Client`: useless outside of an asyncio loop."""

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        return self

    async def __aexit__(self, *_: object) -> None:
        assert asyncio.get_running_loop() is self._loop

    async def price(self, name: str) -> int:
        assert asyncio.get_running_loop() is self._loop
        await asyncio.sleep(0)
        return 10 * len(name)


async def test_the_asyncio_how_to_works(monkeypatch: pytest.MonkeyPatch) -> None:
    stocks = ModuleType("stocks")
    monkeypatch.setattr(stocks, "Client", FakeClient, raising=False)
    monkeypatch.setitem(sys.modules, "stocks", stocks)
    page = read("how-to/use-an-asyncio-library.md")
    async with running(run_code(page.code)) as room:
        assert await room.hears("/price ROOK") == ["ROOK: 40"]
    assert room.faults == []
