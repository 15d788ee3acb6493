"""A tree in a test, on a virtual clock: do something to it, let time pass, look.

    with kit.run(tree, seed=7) as k:
        k.tell("/tg", Say("hello"), Say("again"))
        k.crash("/tg", ConnectionError())
        k.advance(10.0)
        assert k.crashes("/tg") == [ConnectionError]
        assert k.delays("/tg")[0] <= 0.5

`run` is for plain test functions, and so for hypothesis; `async with kit.open(tree)` is
for tests inside trio. A step ends when nothing happens by itself any more at that
instant; only `ask` and `advance` let time pass. Leaving the block stops the tree in order
and checks the laws over all that happened.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TypeVar

from actors.kernel import Hooks, Query
from rookery.testing import portal
from rookery.testing.log import Log
from rookery.testing.seen import Seen
from rookery.testing.stage import CrashNow, staged
from rookery.testing.steps import Exit
from supervision import Supervisor
from supervision.chaos import Chaos, ChaosHooks

T = TypeVar("T")

TOLD = 40
"""How many lines of the log a failing test shows."""
WITHIN = 30.0
"""How long a question waits, in virtual seconds."""
STOP_WITHIN = 300.0
"""How long the tree may take to stop in the end: a policy may have long graces."""


class LawsBroken(AssertionError):
    """The tree did what no tree may do: a mistake of Rookery, not of the test."""

    def __init__(self, log: Log) -> None:
        super().__init__("\n".join(["laws were broken:", *map(str, log.broken)]))


class Probe(Seen):
    """A tree under test, inside trio."""

    async def tell(self, path: str, *messages: object) -> None:
        """Put *messages* into the mailbox at *path*; raises what an address's `tell` raises."""
        address = self.system.find(path)
        for message in messages:
            self.log.did(f"tell {path} {type(message).__name__}")
            address.tell(message)  # type: ignore[arg-type]  # the test knows who is there
        await portal.settle()

    async def ask(self, path: str, question: Query[T], within: float = WITHIN) -> T:
        """Ask the actor at *path*, and let time pass until it answers, at most *within*.

        A supervisor understands the calls of `supervision`: `RestartNow("tg")`.
        """
        self.log.did(f"ask {path} {type(question).__name__}")
        address = self.system.find(path)
        with portal.time_passing():
            answer: T = await address.ask(question, within=within)  # type: ignore[arg-type]  # the test knows who is there
        await portal.settle()
        return answer

    async def advance(self, seconds: float) -> None:
        """Let *seconds* of virtual time pass; hours are over in no time."""
        await portal.advance(seconds)

    async def crash(self, path: str, error: Exception) -> None:
        """Have the actor at *path* raise *error*, as if a message had made it."""
        self.life(path)
        self.log.did(f"crash {path} {error!r}")
        self.system.cells[path].notify(CrashNow(error))
        await portal.settle()

    async def kill(self, path: str) -> None:
        """End the actor at *path* without asking it."""
        life = self.life(path)
        self.log.did(f"kill {path}")
        life.kill()
        await portal.settle()

    async def play(self, exits: Iterable[Exit]) -> None:
        """Have actors end, one after the other; who is down at its time is passed over."""
        for end in exits:
            await self.advance(end.after)
            if not self.lives(end.path):
                continue
            if end.error is None:
                await self.kill(end.path)
            else:
                await self.crash(end.path, end.error)


class Kit(Seen):
    """A `Probe` for plain functions: each step is done when the method returns."""

    def __init__(self, probe: Probe, through: portal.Portal[Probe]) -> None:
        super().__init__(probe.system, probe.log)
        self._probe = probe
        self._through = through

    def tell(self, path: str, *messages: object) -> None:
        """Put *messages* into the mailbox at *path*; raises what an address's `tell` raises."""
        self._through.call(self._probe.tell, path, *messages)

    def ask(self, path: str, question: Query[T], within: float = WITHIN) -> T:
        """Ask the actor at *path*, and let time pass until it answers, at most *within*."""
        answer: T = self._through.call(self._probe.ask, path, question, within)
        return answer

    def advance(self, seconds: float) -> None:
        """Let *seconds* of virtual time pass; hours are over in no time."""
        self._through.call(self._probe.advance, seconds)

    def crash(self, path: str, error: Exception) -> None:
        """Have the actor at *path* raise *error*, as if a message had made it."""
        self._through.call(self._probe.crash, path, error)

    def kill(self, path: str) -> None:
        """End the actor at *path* without asking it."""
        self._through.call(self._probe.kill, path)

    def play(self, exits: Iterable[Exit]) -> None:
        """Have actors end, one after the other; who is down at its time is passed over."""
        self._through.call(self._probe.play, exits)


@asynccontextmanager
async def open(  # noqa: A001 - read as `kit.open`
    tree: Supervisor, *, chaos: Chaos | Hooks | None = None, seed: int = 0
) -> AsyncIterator[Probe]:
    """Run *tree*, and stop it at the end, inside trio and on a virtual clock.

    Args:
        tree: what is under test.
        chaos: a plan of what shall go wrong, or hooks of your own.
        seed: of the jitter, and of everything else the system leaves to chance.

    Raises:
        LawsBroken: see there.
    """
    # The clock's own method: `time` is also asked for from another thread.
    log = Log(tree, portal.virtual_clock().current_time)
    hooks = ChaosHooks(chaos, block=_jump) if isinstance(chaos, Chaos) else chaos
    system = staged(tree, log, hooks=hooks, seed=seed, stop_within=STOP_WITHIN)
    with _telling(log, seed), _healed(hooks):
        async with system:
            with _telling(log, seed):
                yield Probe(system, log)
    if log.broken:
        raise LawsBroken(log)


def _jump(seconds: float) -> None:
    """Stand in for a blocked loop: so much time passes, and nobody has run."""
    portal.virtual_clock().jump(seconds)


@contextmanager
def _healed(hooks: Hooks | None) -> Iterator[None]:
    """Heal *hooks* at the end, even if the tree never came up: they may hold mail back."""
    try:
        yield
    finally:
        if isinstance(hooks, ChaosHooks):
            hooks.heal()


@contextmanager
def _telling(log: Log, seed: int) -> Iterator[None]:
    """Add the last lines of the log, and the seed, to an exception that leaves the block."""
    try:
        yield
    except Exception as error:
        if not hasattr(error, "__notes__"):
            told = [str(entry) for entry in log.entries[-TOLD:]]
            error.add_note("\n".join([f"what happened last (seed {seed}):", *told]))
        raise


@contextmanager
def run(
    tree: Supervisor, *, chaos: Chaos | Hooks | None = None, seed: int = 0
) -> Iterator[Kit]:
    """Run *tree* for a plain function, in a thread, its tasks scheduled from *seed*, too.

    The arguments are those of `open`.
    """
    through = portal.Portal(lambda: open(tree, chaos=chaos, seed=seed), seed)
    probe = through.open()
    try:
        with _telling(probe.log, seed):
            yield Kit(probe, through)
    except BaseException as error:
        through.close(error)
        raise
    through.close()
