"""The host of a lab: its real tree, with one platform, some bots and a journal on disk."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import trio

from actors.bots import Bot, BotNotLoaded
from actors.journal import Appended, Arrived, FileJournal, SqliteStore
from actors.journal.sqlite import Inline
from actors.kernel import ActorError, Address, Incarnation, System
from actors.messages import Inbound
from platforms.base import AnyPlatform, PlatformConfig
from platforms.transport import Network
from rookery.config import BotSettings, Configuration, PlatformSettings, Settings
from rookery.host import Estate, Notifier, Parts, host_tree
from rookery.kinds import Kind
from rookery.testing.stage import stands_still
from supervision import (
    SupervisorActor,
    SupervisorMessage,
    restart_child,
    restart_now,
    terminate_child,
    which_children,
)

PLATFORM = "lab"
"""The id of the platform under test."""
WALL_ZERO = 1_800_000_000.0
"""What the wall clock shows when the virtual one shows zero."""
DOORS = "/web/ingress"
STOP_WITHIN = 60.0
_KNOWN = ("web", "platforms")
_BELOW = f"/platforms/{PLATFORM}/"
_BESIDES = (f"{_BELOW}reporter", f"{_BELOW}listener")

R = TypeVar("R")


def _nobody(_: object) -> None:
    """Ignore the result of a job that nobody waits for."""


class Held(Inline):
    """Does the journal's work at once; while it is held, it keeps the work waiting."""

    def __init__(self) -> None:
        super().__init__()
        self._free = trio.Event()
        self._free.set()

    def hold(self) -> None:
        """Keep all work waiting from now on, as a disk does that hangs."""
        self._free = trio.Event()

    def release(self) -> None:
        """Do what has waited, and all that comes at once again."""
        self._free.set()

    async def __call__(
        self, job: Callable[[], R], told: Callable[[R], None] = _nobody
    ) -> R:
        await self._free.wait()
        return await super().__call__(job, told)


class BrokenOff(BaseException):
    """What a delivery raises that is broken off: as a cancellation, it is no `Exception`."""


class Fragile(FileJournal):
    """A journal; the next delivery may be broken off before it is in it."""

    breaks_off = False

    async def append(
        self,
        platform: str,
        account: str,
        event: Inbound,
        *,
        trace: str,
        cursor: str | None = None,
    ) -> Appended:
        self._hold_out()
        return await super().append(
            platform, account, event, trace=trace, cursor=cursor
        )

    async def append_all(
        self, platform: str, account: str, arrived: Sequence[Arrived]
    ) -> list[Appended]:
        self._hold_out()
        return await super().append_all(platform, account, arrived)

    def append_now(
        self,
        platform: str,
        account: str,
        arrived: Sequence[Arrived],
        told: Callable[[Arrived, Appended], None],
    ) -> bool:
        # Nobody waits for it, and so nobody can be broken off: it has no room meanwhile.
        return not self.breaks_off and super().append_now(
            platform, account, arrived, told
        )

    def _hold_out(self) -> None:
        if self.breaks_off:
            self.breaks_off = False
            raise BrokenOff


def _wall() -> float:
    return WALL_ZERO + trio.current_time()


class House:
    """Made inside of trio; `parts.open()` and `system` are entered by the lab."""

    def __init__(
        self,
        kind: type[AnyPlatform],
        config: PlatformConfig,
        bots: Mapping[str, Bot],
        folder: Path,
        *,
        network: Network,
        witness: Callable[[object], None],
        seed: int,
    ) -> None:
        self.disk = Held()
        found = Configuration(
            settings=Settings(
                bots={name: BotSettings(use=name) for name in bots},
                platforms={
                    PLATFORM: PlatformSettings(
                        kind=Kind(name=kind.name, platform=kind, origin="a lab"),
                        config=config,
                    )
                },
            ),
            source=None,
            folder=folder,
        )

        async def reread() -> Configuration:
            await trio.lowlevel.checkpoint()
            return found

        async def load(use: str, _: Path) -> Bot:
            await trio.lowlevel.checkpoint()
            if use not in bots:
                raise BotNotLoaded(use, "it is none of this lab")
            return bots[use]

        self.system = System(
            lambda: tree.actor(),  # noqa: PLW0108 - there is no tree yet
            seed=seed,
            stop_within=STOP_WITHIN,
            wall_clock=_wall,
            stopwatch=stands_still,
            witness=witness,
        )
        store = SqliteStore(
            folder / "journal.sqlite",
            new_id=f"{random.Random(seed).getrandbits(64):016x}",
            wall_clock=_wall,
        )
        clock = trio.lowlevel.current_clock().current_time
        self.journal = Fragile(store, clock, _wall, run=self.disk)
        self.parts = Parts.of(self.system, Estate(found), self.journal, network=network)
        tree = host_tree(self.parts, reread, Notifier(), load, control=False)

    async def stop(self) -> None:
        """Stop what of the host a platform knows: its doors, then itself, as at the end."""
        for child in _KNOWN:
            await terminate_child(self._root, child)

    async def begin(self) -> None:
        """Begin again what `stop` has stopped."""
        for child in reversed(_KNOWN):
            await restart_child(self._root, child)

    @property
    def _root(self) -> Address[SupervisorMessage]:
        return self.system.find("/", SupervisorActor)

    async def wake(self) -> None:
        """End the sleep of everybody below the platform who waits for another try."""
        with suppress(ActorError):  # it is down itself, or ends just now
            supervisor = self.system.find(_BELOW.rstrip("/"), SupervisorActor)
            for row in await which_children(supervisor):
                await restart_now(supervisor, row.id)

    def sessions(self) -> list[Incarnation]:
        """Return the lives of sessions of the platform, as they are now."""
        return [
            cell.incarnation
            for path, cell in self.system.cells.items()
            if is_session(path) and cell.incarnation is not None
        ]

    @property
    def doors(self) -> list[Incarnation]:
        """Return the lives that serve connections at the ingress now."""
        cell = self.system.cells.get(DOORS)
        return [] if cell is None or cell.incarnation is None else [cell.incarnation]


def is_session(path: str) -> bool:
    """Say whether a session of the platform lives at *path*."""
    return path.startswith(_BELOW) and path not in _BESIDES
