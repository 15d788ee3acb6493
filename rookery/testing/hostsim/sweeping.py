"""Many worlds, one seed after the other; an interrupt ends them, and what is known is said."""

from __future__ import annotations

import signal
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from time import perf_counter
from types import FrameType

from rookery.testing.hostsim.outcome import Outcome
from rookery.testing.hostsim.run import simulate
from rookery.testing.hostsim.telling import progress, report
from rookery.testing.hostsim.world import World
from rookery.testing.laws import Broken

EVERY = 10.0
"""Real seconds between two lines of progress."""


class _Interest:
    """Whether anybody still wants to see it; says how far it is."""

    def __init__(self, seed: int, say: Callable[[str], None]) -> None:
        self.interrupted = False
        self._seed = seed
        self._say = say
        self._said_at = perf_counter()

    def tick(self, world: World) -> None:
        """Look at a world that goes on."""
        if self.interrupted:
            world.stop()
        if perf_counter() - self._said_at > EVERY:
            self._said_at = perf_counter()
            hours = world.seconds / 3600
            self._say(
                progress(self._seed, world.clock.now, hours, world.chronicle.counts)
            )


_AT_ONCE = partial(print, flush=True)


def sweep(
    seeds: Iterable[int],
    *,
    hours: float,
    say: Callable[[str], None] = _AT_ONCE,
    log: Path | None = None,
) -> list[Outcome]:
    """Simulate *hours* of each of *seeds*; return those that broke a law.

    Says what became of each, how to live through it again, and now and then how far it
    is. An interrupt ends it early.

    Args:
        seeds: of the worlds.
        hours: virtual, of faults in each.
        say: takes a line.
        log: where the log of the last of them is written.
    """
    failed: list[Outcome] = []
    for seed in seeds:
        interest = _Interest(seed, say)
        began = perf_counter()
        with _interrupts(interest):
            say(f"seed {seed}: {hours:g} h begin")
            outcome = survived(seed, hours, interest.tick, keep=log is not None)
        say(report(outcome, perf_counter() - began))
        if log is not None:
            log.write_text("\n".join([*outcome.log, ""]), "utf-8")
        if outcome.broken:
            failed.append(outcome)
        if interest.interrupted:
            break
    return failed


def survived(
    seed: int, hours: float, tick: Callable[[World], None], *, keep: bool
) -> Outcome:
    """Simulate one world; one that takes the whole run down has broken a law, too."""
    try:
        return simulate(seed, hours=hours, keep=keep, tick=tick)
    except Exception:  # noqa: BLE001 - whatever it was, the seed is the news
        crash = Broken("nothing_ends_the_run", 0.0, traceback.format_exc())
        return Outcome(seed=seed, hours=hours, broken=(crash,))


@contextmanager
def _interrupts(interest: _Interest) -> Iterator[None]:
    """Let Ctrl-C end the world at its next minute; raised inside, it would hit anybody."""

    def interrupt(_: int, __: FrameType | None) -> None:
        interest.interrupted = True

    try:
        before = signal.signal(signal.SIGINT, interrupt)
    except ValueError:  # not in the main thread, where no signals come
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
