"""How a lab begins and ends: the host with its peer, and what must be gone afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import trio

from actors.bots import Bot
from actors.kernel import leaves
from rookery.testing import portal
from rookery.testing.lab.house import House
from rookery.testing.lab.lab import Lab
from rookery.testing.lab.listening import listening
from rookery.testing.lab.peer import Peer
from rookery.testing.lab.people import parrot
from rookery.testing.lab.values import TOKEN

STORY_LINES = 60
"""How much of what happened a failing test shows."""


class LeftBehind(AssertionError):
    """The host has stopped, and something of it is still there."""


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
    with _plainly():
        async with trio.open_nursery() as nursery:
            lab = Lab(peer, nursery)
            lab.network.away = away
            peer.enter(lab)
            async with _housed(lab, bots or (parrot(lab.people),), token, seed):
                if peer.visits():
                    nursery.start_soon(lab.visits)
                with _telling(lab):
                    yield lab
            left = [f"{line} is still open" for line in lab.network.open_lines]
            nursery.cancel_scope.cancel()
    await portal.settle()
    left += [f"a task is still there: {task.name}" for task in tasks() - before]
    if left:
        raise LeftBehind("; ".join(left))


@asynccontextmanager
async def _housed(
    lab: Lab, bots: tuple[Bot, ...], token: str, seed: int
) -> AsyncIterator[None]:
    """Run the host; when the block begins, everything that is configured was started."""
    peer = lab.peer
    with tempfile.TemporaryDirectory(prefix="rookery-lab-") as folder:
        house = lab.house = House(
            peer.kind,
            peer.config(token),
            {bot.name: bot for bot in bots},
            Path(folder),
            network=lab.network,
            witness=lab.witness,
            seed=seed,
        )
        house.parts.board.subscribe(lab.changed)
        with listening(lab.note):
            async with house.parts.open(), house.system:
                await house.parts.estate.settled.wait()
                try:
                    yield
                finally:
                    house.disk.release()


@contextmanager
def _telling(lab: Lab) -> Iterator[None]:
    """Add the end of the story to an exception that leaves the block."""
    try:
        yield
    except Exception as error:
        told = list(lab.story)[-STORY_LINES:]
        error.add_note("\n".join(["what happened last:", *told]))
        raise


@contextmanager
def _plainly() -> Iterator[None]:
    """Raise the one exception of a group of one by itself: it is easier to read."""
    try:
        yield
    except BaseExceptionGroup as group:
        if len(found := leaves(group)) != 1:
            raise
        raise found[0] from None


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
