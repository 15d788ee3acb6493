"""Load bots and platforms without risking the loop: their modules are a stranger's code."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TypeAlias, TypeVar

import trio

from actors.bots import Bot, BotNotLoaded, line_now, load_bot
from rookery.config import ConfigRefused, Configuration, Fault

LOAD_SECONDS = 30.0

T = TypeVar("T")

Load: TypeAlias = Callable[[str, Path], Awaitable[Bot]]
"""How a bot is loaded: (use, folder). Raises `BotNotLoaded`."""
Reread: TypeAlias = Callable[[], Awaitable[Configuration]]
"""How the configuration is read again. Raises `ConfigRefused`."""

_THREADS = 16
"""A module that hangs keeps its thread for ever. When all are taken nothing is loaded any
more, however often somebody reloads."""


class TooSlow(Exception):
    """Loading did not end in time; it says at which line it was, if that is known."""

    def __str__(self) -> str:
        line = self.args[0]
        at = f", at {line}" if line else ""
        return f"importing it took more than {LOAD_SECONDS:g} s and was given up{at}"


class Loader:
    """Loads strangers' code in threads, each within its time."""

    def __init__(self) -> None:
        self._threads = trio.CapacityLimiter(_THREADS)

    async def load(self, use: str, folder: Path) -> Bot:
        """Return the bot that *use* names.

        Raises:
            BotNotLoaded: it cannot be loaded, or was not within `LOAD_SECONDS`.
        """
        try:
            loaded = await self._in_time(partial(_load, use, folder), folder)
        except TooSlow as slow:
            raise BotNotLoaded(use, str(slow)) from None
        if isinstance(loaded, BotNotLoaded):
            raise loaded
        return loaded

    async def read(
        self, read: Callable[[], Configuration], folder: Path
    ) -> Configuration:
        """Return what *read* does, which imports the platforms that are named.

        Raises:
            ConfigRefused: by *read*, or because it took longer than `LOAD_SECONDS`.
        """
        try:
            return await self._in_time(read, folder)
        except TooSlow as slow:
            fault = Fault(
                "platforms", f"expected code that can be imported, got: {slow}"
            )
            raise ConfigRefused((fault,)) from None

    async def _in_time(self, job: Callable[[], T], folder: Path) -> T:
        thread = []

        def named() -> T:
            thread.append(threading.get_ident())
            return job()

        with trio.move_on_after(LOAD_SECONDS):
            return await trio.to_thread.run_sync(
                named, abandon_on_cancel=True, limiter=self._threads
            )
        raise TooSlow("".join(line_now(each, folder) for each in thread))


def _load(use: str, folder: Path) -> Bot | BotNotLoaded:
    try:
        return load_bot(use, folder)
    except BotNotLoaded as error:
        return error
    except BaseException as error:  # noqa: BLE001 - a module may raise whatever it likes
        return BotNotLoaded(use, f"{type(error).__name__}: {error}")
