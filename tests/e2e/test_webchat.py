"""Web chat on a real host that is killed: the page shows each message once."""

from __future__ import annotations

import json
import random
import signal
from collections import Counter
from functools import partial
from pathlib import Path

import trio

from platforms.transport import TransportError, WebSocket, dial
from tests.e2e.conftest import HostProcess, eventually, free_port

CONFIG = """\
[ingress]
listen = "127.0.0.1:{port}"
[bots.demo]
use = "rookery.demo:bot"
[platforms.web]
type = "webchat"
"""


class Page:
    """What `line.js` does, in a few lines: it says again what was not kept."""

    def __init__(self, port: int) -> None:
        self._url = f"ws://127.0.0.1:{port}/web/ws"
        self.seen = 0
        self.epoch = ""
        self.waiting: dict[str, dict[str, object]] = {}
        self.shown: list[tuple[str, str]] = []
        self.gaps = 0
        self._say = trio.Event()
        self._ws: WebSocket | None = None
        self._left = False

    async def leave(self) -> None:
        self._left = True
        if self._ws is not None:
            await self._ws.close()

    def has_shown(self, count: int) -> bool:
        return len(self.shown) >= count

    def says(self, id_: str, text: str) -> None:
        self.waiting[id_] = {"op": "say", "id": id_, "body": [{"text": text}]}
        self._say.set()
        self._say = trio.Event()

    async def lives(self) -> None:
        while not self._left:
            try:
                async with dial(self._url) as socket:
                    await self._converse(socket)
            except* TransportError:
                pass
            await trio.sleep(0.05)

    async def _converse(self, ws: WebSocket) -> None:
        self._ws = ws
        hello = {"token": "k" * 43, "since": self.seen, "epoch": self.epoch}
        await ws.send(json.dumps({"op": "hello", **hello}))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._push, ws)
            while True:
                self._hear(json.loads(await ws.receive()))

    async def _push(self, ws: WebSocket) -> None:
        said: set[str] = set()
        while True:
            more = self._say
            for id_, deed in list(self.waiting.items()):
                if id_ not in said:
                    said.add(id_)
                    await ws.send(json.dumps(deed))
            await more.wait()

    def _hear(self, frame: dict[str, object]) -> None:
        match frame:
            case {"op": "welcome", "epoch": str(epoch)}:
                assert self.epoch in ("", epoch), "the host has forgotten everything"
                self.epoch = epoch
            case {"op": "event", "seq": int(seq), "what": {"by": by, "body": [part]}}:
                if seq <= self.seen:
                    return
                self.gaps += seq != self.seen + 1
                self.seen = seq
                self.shown.append((str(by), str(part["text"])))
            case {"op": "kept", "id": str(id_)}:
                self.waiting.pop(id_, None)
            case _:
                pass


async def test_a_page_waits_while_its_host_is_killed(tmp_path: Path) -> None:
    """kill -9 at any moment: nothing that was kept is lost, nothing is shown twice."""
    chance = random.Random(8643)
    port = free_port()
    (tmp_path / "rookery.toml").write_text(CONFIG.format(port=port))
    page = Page(port)
    wanted = 11
    async with trio.open_nursery() as nursery:
        nursery.start_soon(page.lives)
        host = HostProcess(tmp_path)
        try:
            for number in range(wanted):
                if number % 4 == 3:
                    await trio.sleep(chance.random() * 0.02)
                    host.process.send_signal(signal.SIGKILL)
                    await host.gone()
                    host.end()
                    page.says(f"message-{number:02}", f"/echo {number}")
                    host = HostProcess(tmp_path)
                else:
                    page.says(f"message-{number:02}", f"/echo {number}")
                await eventually(partial(page.has_shown, number + 1), "it", host)
            await eventually(
                lambda: len(page.shown) >= 2 * wanted and not page.waiting,
                f"everything (shown: {page.shown})",
                host,
            )
            await trio.sleep(0.3)  # for what must not come
        finally:
            await page.leave()
            host.end()

    said = Counter(page.shown)
    assert said == Counter(
        [("me", f"/echo {n}") for n in range(wanted)]
        + [("bot", f"{n}") for n in range(wanted)]
    )
    assert page.gaps == 0
