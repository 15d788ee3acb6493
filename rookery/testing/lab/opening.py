"""How a lab begins and ends: the host with its peer, and what must be gone afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import trio

from actors.bots import Bot
from rookery.testing import portal
from rookery.testing.lab.house import House
from rookery.testing.lab.lab import Lab
from rookery.testing.lab.listening import listening
from rookery.testing.lab.peer import Peer
from rookery.testing.lab.people import parrot
from rookery.testing.lab.values import TOKEN


class LeftBehind(AssertionError):
    """The host is gone, and something of it is still there."""


@asynccontextmanager
async def open(  # noqa: A001 - read as `lab.open`
    peer: Peer | type[Peer],
    *bots: Bot,
    token: str = TOKEN,
    away: bool = False,
    seed: int = 0,
) -> AsyncIterator[Lab]:
    """Run a host with the platform of *peer* and stop it in the end, inside trio.

    Args:
        peer: The other end.
        bots: Yours; without any, one that says what it is told to: `say hello`.
        token: What the platform is configured with.
        away: Nobody is there at first; see `LabNetwork.away`.
        seed: Of everything that the host leaves to chance.

    Raises:
        NotVirtual: the clock of this run is a real one.
        LeftBehind: something of the host is still there in the end.
    """
    portal.virtual_clock()
    peer = peer if isinstance(peer, Peer) else peer()
    before = tasks()
    async with trio.open_nursery() as nursery:
        lab = Lab(peer, nursery)
        lab.network.away = away
        peer.enter(lab)
        with tempfile.TemporaryDirectory(prefix="rookery-lab-") as folder:
            every = bots or (parrot(lab.people),)
            house = lab.house = House(
                peer.kind,
                peer.config(token),
                {bot.name: bot for bot in every},
                Path(folder),
                network=lab.network,
                witness=lab.witness,
                seed=seed,
            )
            house.parts.board.subscribe(lab.changed)
            with listening(lab.note):
                async with house.parts.open(), house.system:
                    await house.parts.estate.settled.wait()
                    if peer.visits():
                        nursery.start_soon(lab.visits)
                    yield lab
                    house.disk.release()
        left = [f"{line} is still open" for line in lab.network.open_lines]
        nursery.cancel_scope.cancel()
    await portal.settle()
    left += [f"a task is still there: {task.name}" for task in tasks() - before]
    if left:
        raise LeftBehind("; ".join(left))


def tasks() -> set[trio.lowlevel.Task]:
    """Return every task of this run."""
    root = trio.lowlevel.current_root_task()
    assert root is not None
    found: set[trio.lowlevel.Task] = set()
    waiting = [root]
    while waiting:
        task = waiting.pop()
        found.add(task)
        waiting += [child for n in task.child_nurseries for child in n.child_tasks]
    return found
