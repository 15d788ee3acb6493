"""The page of the web chat in a real browser, with a real host that comes and goes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio

from tests.e2e.conftest import HostProcess, free_port
from tests.peers.processes import HERE, PYTHON, require_peers

pytestmark = pytest.mark.peer

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
LOOK_SECONDS = 20.0
CONFIG = """\
[ingress]
listen = "127.0.0.1:{port}"
[bots.demo]
use = "rookery.demo:bot"
[platforms.web]
type = "webchat"
title = "Rooks"
{more}
"""
BOTH_FILES_ARE_SHOWN = (
    "document.querySelector('.bubble img')?.naturalWidth === 1"
    " && !!document.querySelector('#log .message:last-child a.file')"  # in order
    " && !document.querySelector('.pending')"
)
HALF_AN_EMOJI = (
    "(() => { const text = document.getElementById('text');"
    " text.value = '/echo half \\ud83d'; text.focus(); })()"
)
OF_AN_OLDER_PAGE = (
    "localStorage.setItem('rookery /web/ out 000000000000001 older-page-1',"
    """ '{"op":"say","id":"older-page-1","body":[{"text":"hi","colour":"red"},{"text":""}]}')"""
)
WAITING = "Object.keys(localStorage).filter((key) => key.includes(' out ')).length"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360f8cf500f0003860181"
    "4f9b1d7d0000000049454e44ae426082"
)


@pytest.fixture(autouse=True)
def peers() -> None:
    require_chromium()


def require_chromium() -> None:
    require_peers("lib/*/site-packages/playwright")
    if CHROMIUM is None:
        why = "no chromium: run tests/peers/setup.sh to look at pages in a browser"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)


class Browser:
    """Tells `browser.py` what to do; see there."""

    def __init__(self, process: trio.Process) -> None:
        self._process = process
        self._rest = b""

    async def tells(self) -> Any:
        assert self._process.stdout is not None
        while b"\n" not in self._rest:
            data = await self._process.stdout.receive_some()
            assert data, "the browser has ended"
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\n")
        return json.loads(line)

    async def do(self, window: str, verb: str, *arguments: object) -> Any:
        assert self._process.stdin is not None
        said = json.dumps([window, verb, *arguments]) + "\n"
        await self._process.stdin.send_all(said.encode())
        told = await self.tells()
        assert "error" not in told, (verb, told["error"])
        return told["answer"]

    async def until(
        self, holds: Callable[[Any], object], window: str, verb: str, *arguments: object
    ) -> Any:
        """Ask until the answer is as wanted, and return it."""
        deadline = trio.current_time() + LOOK_SECONDS
        while not holds(seen := await self.do(window, verb, *arguments)):
            assert trio.current_time() < deadline, seen
            await trio.sleep(0.1)
        return seen

    async def shows(self, window: str, verb: str, wanted: object) -> None:
        """Wait until it answers *wanted*."""
        await self.until(lambda seen: seen == wanted, window, verb)


@asynccontextmanager
async def browsing() -> AsyncIterator[Browser]:
    process = await trio.lowlevel.open_process(
        [str(PYTHON), str(HERE / "browser.py"), str(CHROMIUM)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        browser = Browser(process)
        with trio.fail_after(60):
            assert await browser.tells() == "ready"
        yield browser
        await process.stdin.aclose()  # it closes the browser, and ends
        with trio.move_on_after(20):
            await process.wait()
    finally:
        with trio.CancelScope(shield=True):
            process.kill()
            await process.wait()
            await process.stdin.aclose()
            await process.stdout.aclose()


class Host:
    """One that can be killed and come back at the same place."""

    def __init__(self, folder: Path, more: str = "") -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}/web/"
        text = CONFIG.format(port=self.port, more=more)
        (folder / "rookery.toml").write_text(text)
        self.process = HostProcess(folder)
        self._lives = 1

    async def up(self) -> None:
        await self.process.until("ingress.opened", self._lives)

    async def killed(self) -> None:
        self.process.process.send_signal(signal.SIGKILL)
        await self.process.gone()
        self.process.end()

    async def comes_back(self) -> None:
        self.process = HostProcess(self.folder)
        self._lives += 1
        await self.up()


async def test_a_person_chats_and_each_message_is_shown_once(tmp_path: Path) -> None:
    host = Host(tmp_path)
    try:
        await host.up()
        async with browsing() as browser:
            await browser.do("ann", "new", {"locale": "en-US"})
            await browser.do("ann", "goto", host.url)
            await browser.shows("ann", "state", "open")
            await browser.do("ann", "says", "/ping")
            await browser.shows("ann", "texts", ["me: /ping", "bot: pong"])

            # The host dies. What is written meanwhile is kept, and shown as on its way.
            await host.killed()
            await browser.shows("ann", "state", "waiting")
            await browser.do("ann", "says", "/echo one")
            await browser.do("ann", "says", "/echo two")
            waiting = ["me: /ping", "bot: pong", "… me: /echo one", "… me: /echo two"]
            await browser.shows("ann", "texts", waiting)
            await host.comes_back()

            talk = ["me: /ping", "bot: pong", "me: /echo one", "me: /echo two"]
            await browser.shows("ann", "state", "open")
            seen = await browser.until(lambda texts: len(texts) >= 6, "ann", "texts")
            assert sorted(seen) == sorted([*talk, "bot: one", "bot: two"])

            # Another page of the same person, and the same one again, show the same.
            await browser.do("ann", "reload")
            await browser.shows("ann", "texts", seen)
            await browser.do("ann", "offline", True)
            await browser.do("ann", "says", "/echo three")
            await browser.do("ann", "offline", False)
            texts = await browser.until(
                lambda texts: "bot: three" in texts, "ann", "texts"
            )
            assert texts.count("bot: three") == texts.count("me: /echo three") == 1
            assert await browser.do("ann", "faults") == []
    finally:
        host.process.end()


async def test_everything_a_person_can_do(tmp_path: Path) -> None:
    (tmp_path / "dot.png").write_bytes(PNG)
    (tmp_path / "note.txt").write_text("a note")
    host = Host(tmp_path)
    try:
        await host.up()
        async with browsing() as browser:
            await browser.do("ann", "new", {"locale": "zh-CN", "color_scheme": "dark"})
            await browser.do("ann", "goto", host.url)
            await browser.shows("ann", "state", "open")
            assert await browser.do("ann", "attribute", "html", "lang") == "zh-CN"
            assert (
                await browser.do("ann", "attribute", "#text", "placeholder") == "消息"
            )

            await browser.do("ann", "says", "hello <b>you</b>")
            await browser.shows("ann", "texts", ["me: hello <b>you</b>"])
            mine = "#log .message:nth-child(1)"
            for button, shown in ((1, "👍"), (2, "👍❤️"), (1, "❤️")):
                await browser.do("ann", "click", f"{mine} .more")
                await browser.do(
                    "ann", "click", f"{mine} .menu button:nth-child({button})"
                )
                wanted = [f"me: hello <b>you</b> {shown}"]
                await browser.shows("ann", "texts", wanted)
            await browser.do("ann", "click", f"{mine} .more")
            await browser.do("ann", "click", f"{mine} .menu button:nth-child(6)")
            await browser.do("ann", "says", "hello everybody")
            await browser.shows("ann", "texts", ["me: hello everybody ❤️"])
            await browser.do("ann", "click", f"{mine} .more")
            await browser.do("ann", "click", f"{mine} .menu button:nth-child(7)")
            await browser.shows("ann", "texts", ["me: 已删除"])

            files = [str(tmp_path / "dot.png"), str(tmp_path / "note.txt")]
            await browser.do("ann", "attach", *files)
            await browser.until(bool, "ann", "evaluate", BOTH_FILES_ARE_SHOWN)

            # The keyboard gets everywhere, and what is said is announced.
            assert await browser.do("ann", "attribute", "#log", "role") == "log"
            assert await browser.do("ann", "attribute", "#log", "aria-live") == "polite"
            nameless = await browser.do(
                "ann",
                "evaluate",
                "[...document.querySelectorAll('button, textarea, img')].filter((e) =>"
                " !(e.textContent || e.getAttribute('aria-label') || e.alt)).length",
            )
            assert nameless == 0
            assert await browser.do("ann", "faults") == []
    finally:
        host.process.end()


async def test_what_the_host_can_never_read_does_not_hold_up_the_rest(
    tmp_path: Path,
) -> None:
    """Half of an emoji, as a text that was cut has it, or a deed of an older page."""
    host = Host(tmp_path)
    try:
        await host.up()
        async with browsing() as browser:
            await browser.do("ann", "new", {"locale": "en-US"})
            await browser.do("ann", "goto", host.url)
            await browser.shows("ann", "state", "open")
            await browser.do("ann", "evaluate", HALF_AN_EMOJI)
            await browser.do("ann", "press", "Enter")
            await browser.shows(
                "ann", "texts", ["me: /echo half \ufffd", "bot: half \ufffd"]
            )

            await browser.do("ann", "evaluate", OF_AN_OLDER_PAGE)
            await browser.do("ann", "reload")
            await browser.until(
                lambda texts: len(texts) == 2, "ann", "texts"
            )  # it is taken out
            await browser.do("ann", "says", "/ping")
            await browser.until(lambda texts: "bot: pong" in texts, "ann", "texts")
            assert await browser.do("ann", "evaluate", WAITING) == 0
    finally:
        host.process.end()


async def test_a_password_is_asked_for_or_comes_with_the_address(
    tmp_path: Path,
) -> None:
    (tmp_path / "note.txt").write_text("a note")
    host = Host(tmp_path, 'access_token = "芝麻开门"')
    try:
        await host.up()
        async with browsing() as browser:
            await browser.do("ann", "new", {"viewport": {"width": 360, "height": 640}})
            await browser.do("ann", "goto", host.url)
            await browser.shows("ann", "state", "access")
            await browser.do("ann", "fill", "#access-token", "wrong")
            await browser.do("ann", "press", "Enter")
            await trio.sleep(0.2)
            await browser.shows("ann", "state", "access")
            await browser.do("ann", "fill", "#access-token", "芝麻开门")
            await browser.do("ann", "press", "Enter")
            await browser.shows("ann", "state", "open")

            await browser.do("bob", "new", {})
            await browser.do("bob", "goto", f"{host.url}#access=芝麻开门")
            await browser.shows("bob", "state", "open")
            assert await browser.do("bob", "evaluate", "location.hash") == ""
            await browser.do("bob", "says", "/ping")
            await browser.shows("bob", "texts", ["me: /ping", "bot: pong"])
            await browser.do("bob", "attach", str(tmp_path / "note.txt"))
            shown = "!!document.querySelector('.bubble a.file')"
            await browser.until(bool, "bob", "evaluate", shown)
            assert await browser.do("ann", "texts") == []  # another person
    finally:
        host.process.end()
