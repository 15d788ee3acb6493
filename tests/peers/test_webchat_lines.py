"""The page in a real browser over a bad line: what is said is seen once, both ways."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from tests.fakes.proxy import Faults, Proxy, proxy_to
from tests.peers.test_webchat import (
    LOOK_SECONDS,
    PNG,
    WAITING,
    Browser,
    Host,
    browsing,
    require_chromium,
)

pytestmark = pytest.mark.peer

SHOWN_PICTURES = (
    "[...document.querySelectorAll('.bubble img')].filter((e) => e.naturalWidth).length"
)


@pytest.fixture(autouse=True)
def peers() -> None:
    require_chromium()


@asynccontextmanager
async def talking(folder: Path) -> AsyncIterator[tuple[Browser, Proxy]]:
    """A page that is open, and the line between it and its host."""
    host = Host(folder)
    try:
        await host.up()
        async with proxy_to(host.port) as line, browsing() as browser:
            await browser.do("ann", "new", {"locale": "en-US"})
            await browser.do("ann", "goto", f"http://127.0.0.1:{line.port}/web/")
            await browser.shows("ann", "state", "open")
            yield browser, line
            # As every law wants it, whatever came before: nothing waits any more, a
            # page that is loaded anew shows the same, and no script has failed.
            line.now(Faults())
            seen = await browser.do("ann", "texts")
            await browser.until(lambda n: n == 0, "ann", "evaluate", WAITING)
            await browser.do("ann", "reload")
            await browser.shows("ann", "texts", seen)
            assert await browser.do("ann", "faults") == []
    finally:
        host.process.end()


async def everything_is_seen_once(browser: Browser, *words: str) -> None:
    """Wait until each of *words* stands there, and what the bot said to it."""
    wanted = Counter(f"{who} {word}" for who in ("me: /echo", "bot:") for word in words)

    def once(texts: list[str]) -> bool:
        there = Counter(texts)
        assert not [text for text in wanted if there[text] > 1], texts
        return not wanted - there

    await browser.until(once, "ann", "texts")


async def says(browser: Browser, *words: str) -> None:
    for word in words:
        await browser.do("ann", "says", f"/echo {word}")


async def test_slow_torn_and_stalled(tmp_path: Path) -> None:
    """Nobody tells the page that nothing gets through any more; it says so by itself."""
    async with talking(tmp_path) as (browser, line):
        line.now(Faults(delay=0.05))
        await says(browser, "one", "two")
        await everything_is_seen_once(browser, "one", "two")
        line.now(Faults(piece=7))
        long = "caw " * 500 + "caw"
        await says(browser, "three 你好 👍", long)
        await everything_is_seen_once(browser, "three 你好 👍", long)
        assert line.resets == 0

        line.now(Faults(stalled=True))
        await says(browser, "four", "five")
        await browser.shows("ann", "state", "slow")
        waiting = (await browser.do("ann", "texts"))[-2:]
        assert waiting == ["… me: /echo four", "… me: /echo five"]
        line.reset()
        await browser.until(lambda state: state != "slow", "ann", "state")
        line.now(Faults())
        line.reset()
        await everything_is_seen_once(browser, "one", "two", "four", "five")
        await browser.shows("ann", "state", "open")


async def test_cut_in_the_middle_of_anything(tmp_path: Path) -> None:
    """Of a handshake, of a frame, of an answer, of a picture that goes up."""
    picture = tmp_path / "dot.png"
    picture.write_bytes(PNG + bytes(200_000))
    said: list[str] = []
    async with talking(tmp_path) as (browser, line):
        for cut_after in (50, 650, 900, 1200):
            before = line.resets
            said += [f"{cut_after} a", f"{cut_after} b"]
            line.now(Faults(cut_after=cut_after, piece=100))
            line.reset()
            await says(browser, *said[-2:])
            # Both ends of this connection, and of another one at least; the more gets
            # through, the less is left to say.
            with trio.move_on_after(LOOK_SECONDS):
                while line.resets < before + 4:
                    if not await browser.do("ann", "evaluate", WAITING):
                        break
            assert line.resets >= before + 2
            line.now(Faults())
            line.reset()
            await everything_is_seen_once(browser, *said)

        before = line.resets
        line.now(Faults(cut_after=100_000, piece=10_000))
        line.reset()
        await browser.do("ann", "attach", str(picture))
        with trio.fail_after(LOOK_SECONDS):
            while line.resets < before + 6:
                await browser.do("ann", "state")
        assert await browser.do("ann", "evaluate", SHOWN_PICTURES) == 0
        line.now(Faults())
        await browser.until(lambda n: n == 1, "ann", "evaluate", SHOWN_PICTURES)
