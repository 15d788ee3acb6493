"""One world from one seed: made, lived through, judged."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterable

import trio
from attrs import field, frozen

from actors.kernel import Cell, StartupFailed, System
from rookery.testing.laws import Broken, lost
from rookery.testing.log import Log
from rookery.testing.scheduling import seeded
from rookery.testing.simulation.audit import CountedLetters, Mail, boxes, leaks
from rookery.testing.simulation.clock import JumpingClock, StoodStill
from rookery.testing.simulation.ending import (
    alive,
    note,
    strange_crashes,
    unprovoked,
)
from rookery.testing.simulation.faults import random_plan
from rookery.testing.simulation.operations import Operations
from rookery.testing.simulation.workers import Society
from rookery.testing.simulation.worlds import random_tree
from rookery.testing.stage import staged
from supervision import Supervisor
from supervision.chaos import ChaosHooks

PAUSE = 2.0
"""Seconds between two things that the operator does, in the mean."""
AUDIT = 30.0
"""Seconds between two looks into the mailboxes."""
BETWEEN_BOOTS = 5.0
STOP_WITHIN = 600.0


@frozen
class Outcome:
    """What became of a world."""

    seed: int
    hours: float
    boots: int
    """How often its tree was started: again whenever its root had given up."""
    messages: int
    log: tuple[str, ...] = field(repr=False)
    broken: tuple[Broken, ...]
    tree: str = ""

    @property
    def digest(self) -> str:
        """The log in 16 hex digits: equal logs, equal digests."""
        return hashlib.sha256("\n".join(self.log).encode()).hexdigest()[:16]


def replay_command(outcome: Outcome) -> str:
    """Return the command that lives through the same world again."""
    tree = f" --tree {outcome.tree}" if outcome.tree else ""
    return (
        f"python -m rookery.testing simulate --seed {outcome.seed} "
        f"--hours {outcome.hours!r}{tree}"
    )


def simulate(
    seed: int,
    *,
    hours: float = 1.0,
    tree: Supervisor | None = None,
    name: str = "",
) -> Outcome:
    """Live through *hours* of virtual time in the world of *seed*, and judge it.

    Args:
        seed: of everything: the tree, the faults, the operator, jitter, the scheduler.
        hours: how long faults go on. The end, with everybody coming back, takes longer.
        tree: to be broken in the place of a random one; it is only looked at from
            outside, so its actors get no messages but their own.
        name: how the command line calls that tree.
    """
    world = _World(seed, hours * 3600, tree)
    try:
        with seeded(seed):
            trio.run(world.live, clock=world.clock)
    except trio.TrioInternalError as error:
        if not isinstance(error.__cause__, StoodStill):
            raise
        note(world.logs[-1], "everybody_ends", [str(error.__cause__)])
    lines = tuple(line for log in world.logs for line in log.lines())
    broken = tuple(broken for log in world.logs for broken in log.broken)
    return Outcome(
        seed, hours, len(world.logs), world.mail.accepted, lines, broken, name
    )


class _World:
    """One seed, over all its boots."""

    def __init__(self, seed: int, seconds: float, tree: Supervisor | None) -> None:
        self.seed = seed
        self.seconds = seconds
        self.tree = tree
        self.mail = Mail()
        self.logs: list[Log] = []
        self.clock = JumpingClock(10 * seconds + 24 * 3600)

    def dice(self, what: str) -> random.Random:
        """Return dice for one purpose, so that what one thing draws changes no other."""
        return random.Random(f"{self.seed}/{what}/{len(self.logs)}")

    async def live(self) -> None:
        while self.clock.now < self.seconds and not (
            self.logs and self.logs[-1].broken
        ):
            await self._boot()
            await trio.sleep(BETWEEN_BOOTS)
        self.clock.over = True

    async def _boot(self) -> None:
        society = Society(self.dice("workers"), self.mail)
        tree = self.tree or random_tree(self.dice("tree"), society)
        log = Log(tree, self.clock.current_time)
        self.logs.append(log)
        hooks = ChaosHooks(random_plan(self.dice("faults")), block=self.clock.jump)
        system = staged(tree, log, hooks=hooks, seed=self.seed, stop_within=STOP_WITHIN)
        system.dead_letters = CountedLetters(self.clock.current_time, self.mail)
        operations = Operations(
            system, log, self.dice("operator"), society, known=self.tree is None
        )
        quiet = 600 + 3 * longest_cap(tree)
        cells: list[Cell] = []
        stopped = True
        try:
            async with system:
                await self._suffer(system, log, operations)
                hooks.heal()
                operations.rest()
                await self._recover(system, log, quiet)
                stopped = "/" in log.census.lives
                log.did("stop")
                cells = list(system.cells.values())
        except StartupFailed as failed:
            log.did(failed)
            hooks.heal()  # a message that was held would be nobody's
        self._judge(log, cells, stopped=stopped)

    async def _suffer(self, system: System, log: Log, operations: Operations) -> None:
        """Faults and operations, until the time is over or the root has given up."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(operations.run, PAUSE)
            nursery.start_soon(_audit, log, lambda: boxes(system))
            with trio.move_on_at(self.seconds):
                await system.ended()
            nursery.cancel_scope.cancel()

    async def _recover(self, system: System, log: Log, seconds: float) -> None:
        """Let time pass without faults, then note who should be back and is not."""
        log.did("all is well from now on")
        with trio.move_on_after(seconds):
            await system.ended()
            return
        note(log, "nobody_is_lost", lost(log.census, log.now))
        note(log, "mailboxes_are_bounded", boxes(system))

    def _judge(self, log: Log, cells: list[Cell], *, stopped: bool) -> None:
        note(log, "everybody_ends", alive(log))
        note(log, "nothing_is_kept", leaks(cells))
        note(log, "no_message_vanishes", self.mail.vanished())
        note(log, "only_the_root_ends_it", unprovoked(log, stopped=stopped))
        note(log, "only_faults_are_crashes", strange_crashes(log, self.tree is None))


async def _audit(log: Log, look: Callable[[], Iterable[str]]) -> None:
    while True:
        await trio.sleep(AUDIT)
        note(log, "mailboxes_are_bounded", look())


def longest_cap(tree: Supervisor) -> float:
    """Return the longest that anybody in *tree* may sleep, in seconds."""
    caps = [0.0]
    for spec in tree.children:
        if spec.backoff is not None:
            caps.append(spec.backoff.cap)
        if isinstance(spec.start, Supervisor):
            caps.append(longest_cap(spec.start))
    return max(caps)
