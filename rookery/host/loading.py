"""Load bots and platforms without risking the loop: their modules are a stranger's code."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TypeAlias

import trio

from actors.bots import Bot, BotNotLoaded, load_bot
from rookery.config import ConfigRefused, Configuration, Fault

LOAD_SECONDS = 30.0

Load: TypeAlias = Callable[[str, Path], Awaitable[Bot]]
"""How a bot is loaded: (use, folder). Raises `BotNotLoaded`."""
Reread: TypeAlias = Callable[[], Awaitable[Configuration]]
"""How the configuration is read again. Raises `ConfigRefused`."""

_THREADS = 16
"""A module that hangs keeps its thread for ever. When all are taken nothing is loaded any
more, however often somebody reloads."""


class Loader:
    """Loads strangers' code in threads, each within its time."""

    def __init__(self) -> None:
        self._threads = trio.CapacityLimiter(_THREADS)

    async def load(self, use: str, folder: Path) -> Bot:
        """Return the bot that *use* names.

        Raises:
            BotNotLoaded: it cannot be loaded, or was not within `LOAD_SECONDS`.
        """
        job = partial(_load, use, folder)
        with trio.move_on_after(LOAD_SECONDS):
            loaded = await trio.to_thread.run_sync(
                job, abandon_on_cancel=True, limiter=self._threads
            )
            if isinstance(loaded, BotNotLoaded):
                raise loaded
            return loaded
        why = f"importing it took more than {LOAD_SECONDS:g} s and was given up"
        raise BotNotLoaded(use, why)

    async def read(self, read: Callable[[], Configuration]) -> Configuration:
        """Return what *read* does, which imports the platforms that are named.

        Raises:
            ConfigRefused: by *read*, or because it took longer than `LOAD_SECONDS`.
        """
        with trio.move_on_after(LOAD_SECONDS):
            return await trio.to_thread.run_sync(
                read, abandon_on_cancel=True, limiter=self._threads
            )
        why = f"expected code that is imported within {LOAD_SECONDS:g} s, got none"
        raise ConfigRefused((Fault("platforms", why),))


def _load(use: str, folder: Path) -> Bot | BotNotLoaded:
    try:
        return load_bot(use, folder)
    except BotNotLoaded as error:
        return error
    except BaseException as error:  # noqa: BLE001 - a module may raise whatever it likes
        return BotNotLoaded(use, f"{type(error).__name__}: {error}")
