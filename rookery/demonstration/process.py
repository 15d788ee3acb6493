"""The demo itself: a host, a peer, somebody who breaks things, and a view of it all."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from pathlib import Path

import trio
from attrs import define, field
from rich.text import Text

from platforms.console import StandardTerminal
from rookery.demonstration.books import Books
from rookery.demonstration.breaking import Breaker
from rookery.demonstration.host import DemoHost, running
from rookery.demonstration.peer import ScriptedPeer
from rookery.demonstration.ports import port_near, taken
from rookery.demonstration.settings import settings_text
from rookery.demonstration.terminal import Stage, is_interactive
from rookery.demonstration.view import (
    plain_head,
    plain_line,
    report_text,
    screen_lines,
)

ONEBOT_PORT, WEB_PORT = 6700, 8643
OK, NOT_DONE, USAGE = 0, 1, 2

UP_SECONDS = 60.0
POLL_SECONDS = 0.1
DRAW_SECONDS = 0.5
PLAIN_SECONDS = 3.0
"""Between two lines where there is no terminal."""
QUIET_SECONDS = 30.0
"""How long what is under way, and who is down, may take at the end."""


def run_demo(*, calm: bool, so_long: float | None, data: Path | None) -> int:
    """Run until Ctrl-C, or for *so_long* seconds; return the exit code.

    It is 0 only if nothing was lost and nothing came twice.

    Args:
        calm: Break nothing.
        so_long: `None` is until somebody ends it.
        data: An empty folder to keep everything in; without one it is not kept.
    """
    if data is not None and data.exists() and any(data.iterdir()):
        _say(f"--data must be a folder that is empty, or not there yet (got {data})")
        return USAGE
    with _folder(data) as folder:
        return trio.run(_Demo(calm, inf if so_long is None else so_long, folder).run)


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.resolve()
        return
    folder = Path(tempfile.mkdtemp(prefix="rookery-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@define
class _Demo:
    _calm: bool
    _so_long: float
    _folder: Path
    _asked: trio.Event = field(factory=trio.Event, init=False)
    """Somebody wants it to end."""
    _stage: Stage | None = field(default=None, init=False)
    _peer: ScriptedPeer = field(init=False)
    _books: Books = field(init=False)
    _breaker: Breaker = field(init=False)

    async def run(self) -> int:
        onebot, web = port_near(ONEBOT_PORT), port_near(WEB_PORT)
        self._books = Books(
            web=f"http://127.0.0.1:{web}/web/{taken(web, WEB_PORT)}",
            onebot=f"127.0.0.1:{onebot}{taken(onebot, ONEBOT_PORT)}",
            calm=self._calm,
            clock=trio.current_time,
        )
        self._peer = ScriptedPeer(onebot, self._books.said.append)
        configuration = self._folder / "demo.toml"
        configuration.write_text(settings_text(onebot, web), "utf-8")
        async with running(self._folder, configuration) as host:
            self._breaker = Breaker(host, self._peer, self._books, calm=self._calm)
            trouble = await self._show(host)
        if trouble:
            _say(trouble)
            return NOT_DONE
        self._books.note_unknown(host.left_unknown())
        self._books.over = True
        snapshot = self._books.snapshot(self._peer)
        _say(report_text(snapshot, self._books.rows))
        sound = not (snapshot.account.lost or snapshot.account.doubled)
        return OK if sound else NOT_DONE

    async def _show(self, host: DemoHost) -> str:
        """Let everything run and be shown until the end; return what went wrong, if anything."""
        trouble = "left at once, at a second signal"
        async with trio.open_nursery() as nursery:
            await nursery.start(self._obey, nursery.cancel_scope)
            for task in (self._listen, self._type):
                nursery.start_soon(task, host)
            for work in (self._peer.lives, self._breaker.looks, self._breaker.cuts):
                nursery.start_soon(work)
            if is_interactive():
                with Stage(self._lines) as self._stage:
                    nursery.start_soon(self._redraw)
                    trouble = await self._live(host)
            else:
                _say(plain_head(self._books.snapshot(self._peer)))
                nursery.start_soon(self._tell)
                trouble = await self._live(host)
            nursery.cancel_scope.cancel(reason="the demo is over")
        return trouble

    async def _live(self, host: DemoHost) -> str:
        """Wait until it is to end, then let the host leave; return what went wrong, if so."""
        await _until(lambda: self._peer.connected or host.gone, UP_SECONDS)
        if host.gone or not self._peer.connected:
            return f"the host did not come up:\n{host.last_words()}"
        self._books.began = trio.current_time()
        await _until(lambda: self._asked.is_set() or host.gone, self._so_long)
        self._peer.talks = False
        self._breaker.heals = self._books.leaving = True
        self._refresh()
        await _until(lambda: self._is_quiet(host) or host.gone, QUIET_SECONDS)
        self._books.ended = trio.current_time()
        if host.gone:
            return f"the host ended by itself:\n{host.last_words()}"
        self._books.rows = host.rows()
        await host.leave()
        code = host.process.returncode
        return "" if code == 0 else f"the host left with {code}:\n{host.last_words()}"

    def _is_quiet(self, host: DemoHost) -> bool:
        under_way = self._books.account(self._peer).under_way
        return self._breaker.done and not under_way and host.is_settled

    # --- what comes in --------------------------------------------------------------------

    async def _obey(
        self,
        everything: trio.CancelScope,
        task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        numbers = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGWINCH]
        with trio.open_signal_receiver(*numbers, signal.SIGTSTP) as arrived:
            task_status.started()
            async for number in arrived:
                if number == signal.SIGWINCH:
                    self._refresh()
                elif number == signal.SIGTSTP:
                    self._rest()
                elif self._asked.is_set():
                    everything.cancel(reason="a second signal")
                else:
                    self._asked.set()

    async def _listen(self, host: DemoHost) -> None:
        async for line in host.heard():
            self._books.heard(line)

    async def _type(self, host: DemoHost) -> None:
        # Its prompt is part of our view, so it shall write none: it writes to nobody.
        nobody = os.open(os.devnull, os.O_WRONLY)
        terminal = StandardTerminal(stdin=0, stdout=nobody)
        try:
            while (line := await terminal.line()) is not None:
                self._books.typed(line)
                self._refresh(prompt=True)
                await host.types(line)
        finally:
            terminal.close()
            os.close(nobody)

    # --- what is shown --------------------------------------------------------------------

    def _lines(self, width: int, height: int) -> list[Text]:
        return screen_lines(self._books.snapshot(self._peer), width, height)

    def _refresh(self, *, prompt: bool = False) -> None:
        if self._stage is not None:
            self._stage.refresh(prompt=prompt)

    def _rest(self) -> None:
        if self._stage is not None:
            self._stage.rest()
        else:
            os.kill(os.getpid(), signal.SIGSTOP)

    async def _redraw(self) -> None:
        while True:
            self._refresh()
            await trio.sleep(DRAW_SECONDS)

    async def _tell(self) -> None:
        while True:
            await trio.sleep(PLAIN_SECONDS)
            _say(plain_line(self._books.snapshot(self._peer)))


async def _until(holds: Callable[[], bool], within: float) -> None:
    """Wait until *holds* is true, but no longer than *within* seconds."""
    with trio.move_on_after(within):
        while True:
            if holds():
                return
            await trio.sleep(POLL_SECONDS)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - the terminal's answer, no log line
