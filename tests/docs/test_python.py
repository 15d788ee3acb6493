"""Every piece of Python in the documentation compiles, is typed, and runs."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from types import ModuleType

import pytest
import trio
from trio.testing import MockClock

from actors.bots import Bot
from actors.messages import Chat, ChatKind, Inbound, Mention, Sender
from supervision.limits import WaitTooLong
from tests.actors.bots.harness import running
from tests.docs.pages import PAGES, READMES, ROOT, Block, blocks, every, name_of

# What the pages import besides us: a library that a reader is to think of.
IMAGINED = {
    "stocks.pyi": """
from typing import Self
class Client:
    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *_: object) -> None: ...
    async def price(self, name: str) -> int: ...
""",
    # What one page has its reader save, and another one goes on with.
    "tinychat.py": blocks(READMES[0], "python")[1].text,
}


@pytest.mark.parametrize("block", every("python"), ids=str)
def test_every_block_of_python_compiles(block: Block) -> None:
    compile(block.text, str(block), "exec", dont_inherit=True)


def test_there_are_blocks() -> None:
    """A regular expression that finds nothing would make everything here pass."""
    assert {block.page for block in every("python")} >= {
        "README.md",
        "README.zh-CN.md",
        "docs/tutorial/your-first-bot.md",
        "docs/how-to/use-an-asyncio-library.md",
        "docs/reference/supervision.md",
        "docs/reference/limits.md",
    }
    assert len(blocks(READMES[0], "python")) == 2


def test_it_is_typed(tmp_path: Path) -> None:
    """One module per page, or per block where a page shows whole modules."""
    for name, text in IMAGINED.items():
        (tmp_path / name).write_text(text)
    files = [write(tmp_path, name, code) for name, code in programs()]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", *files],
        cwd=tmp_path,
        env={"MYPYPATH": str(ROOT), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("", 0), done.stderr


def programs() -> Iterator[tuple[str, str]]:
    """Yield what is one program to its reader. Both front pages hold the same code."""
    for page in PAGES[:1] + PAGES[2:]:
        code = [block.text for block in blocks(page, "python")]
        if page not in READMES:
            code = [text for text in code if text not in IMAGINED.values()]
        whole = sum("import" in text.splitlines()[0] for text in code)
        name = re.sub(r"\W+", "_", name_of(page).removesuffix(".md"))
        if page == READMES[0]:
            yield from ((f"{name}_{n}", text) for n, text in enumerate(code))
        elif whole:
            yield name, "\n\n".join(code)


def write(folder: Path, name: str, code: str) -> str:
    file = folder / f"{name}.py"
    file.write_text(code)
    return file.name


def run(code: str, name: str) -> ModuleType:
    module = ModuleType(name)
    exec(compile(code, name, "exec", dont_inherit=True), module.__dict__)
    return module


async def test_the_bot_on_the_front_page_works(autojump_clock: MockClock) -> None:
    bot = run(blocks(READMES[0], "python")[0].text, "weather").bot
    assert isinstance(bot, Bot)
    joined = Inbound(
        "e1",
        event="member.joined",
        chat=Chat(ChatKind.GROUP, "42"),
        sender=Sender("12"),
    )

    async with running(bot) as room:
        assert await room.hears("/weather Oslo") == ["Oslo: 21°C"]
        assert await room.hears("/天气 Bergen") == ["Bergen: 21°C"]
        await room.event(joined).settled()
        [*_, said] = room.outbox.said.values()

    assert said.body[0] == Mention("12")
    assert room.faults == []


async def test_the_tree_of_the_reference_runs(autojump_clock: MockClock) -> None:
    [block] = blocks(ROOT / "docs/reference/supervision.md", "python")
    module = run(block.text, "clock")
    assert await module.main() == 1


async def test_the_limits_of_the_reference_hold(autojump_clock: MockClock) -> None:
    """The first try fails, the peer wants a pause after the second, the rest succeed."""
    [block] = blocks(ROOT / "docs/reference/limits.md", "python")
    module = run(block.text, "limits")
    answers = iter([OSError(), module.TooManyRequests(30.0)])

    async def call(question: str) -> str:
        for answer in answers:
            raise answer
        return question.upper()

    limits = module.limits_of("peer", Random(1))
    with pytest.raises(module.TooManyRequests):
        await module.ask(limits, call, "why", Random(1))
    with pytest.raises(WaitTooLong) as raised:
        await module.ask(limits, call, "why", Random(1))
    assert raised.value.retry_after == 30.0
    await trio.sleep(30.0)
    assert await module.ask(limits, call, "why", Random(1)) == "WHY"


async def test_the_bot_of_the_reference_works(autojump_clock: MockClock) -> None:
    for block in blocks(ROOT / "docs/reference/bots.md", "python"):
        async with running(run(block.text, "page").bot) as room:
            assert room.faults == []
