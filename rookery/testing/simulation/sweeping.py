"""Many worlds, one seed after the other."""

from __future__ import annotations

import signal
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from threading import current_thread, main_thread
from time import perf_counter
from types import FrameType

from rookery.testing.laws import Broken
from rookery.testing.simulation.run import Outcome, replay_command, simulate
from supervision import Supervisor

SHOWN = 5
"""How many broken laws of one world are printed."""
EVERY = 10.0
"""Seconds between two lines of progress, at least."""


def sweep(
    seeds: Iterable[int],
    *,
    hours: float,
    tree: Supervisor | None = None,
    name: str = "",
    say: Callable[[str], None] = print,
) -> list[Outcome]:
    """Simulate *hours* of each of *seeds*; return those that broke a law or crashed.

    Says how to replay each of them, and now and then how far it is. An interrupt ends
    it behind the world that is under way: what was found so far is said and returned.
    A second one ends the process.
    """
    failed: list[Outcome] = []
    lived = 0
    began = said_at = perf_counter()
    with _interrupts() as interrupts:
        for seed in seeds:
            outcome = survived(seed, hours=hours, tree=tree, name=name)
            lived += 1
            if outcome.broken:
                failed.append(outcome)
                say(report(outcome))
            if interrupts:
                say("interrupted")
                break
            if perf_counter() - said_at > EVERY:
                said_at = perf_counter()
                say(_so_far(lived, hours, said_at - began, failed))
    say(_so_far(lived, hours, perf_counter() - began, failed))
    return failed


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """Collect the first SIGINT; a second one ends the process.

    Left to Python it is raised in whatever runs, which may be an actor: the world would
    be found guilty of it, and the sweep go on.
    """
    found: list[int] = []
    if current_thread() is not main_thread():
        yield found
        return

    def note(number: int, _: FrameType | None) -> None:
        found.append(number)
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield found
    finally:
        signal.signal(signal.SIGINT, before)


def survived(
    seed: int, *, hours: float, tree: Supervisor | None = None, name: str = ""
) -> Outcome:
    """Simulate one world; one that takes the whole run down has broken a law, too."""
    try:
        return simulate(seed, hours=hours, tree=tree, name=name)
    except Exception:  # noqa: BLE001 - whatever it was, the seed is the news
        crash = Broken("nothing_ends_the_run", 0.0, traceback.format_exc())
        return Outcome(seed, hours, 0, 0, (), (crash,), name)


def report(outcome: Outcome) -> str:
    """Return what is wrong with a world, and how to live through it again."""
    found = [f"  {broken}" for broken in outcome.broken[:SHOWN]]
    if len(outcome.broken) > SHOWN:
        found.append(f"  and {len(outcome.broken) - SHOWN} more")
    first = f"seed {outcome.seed} broke the laws:"
    return "\n".join([first, *found, f"again with: {replay_command(outcome)}"])


def _so_far(lived: int, hours: float, seconds: float, failed: list[Outcome]) -> str:
    cost = seconds / (lived * hours) if lived else 0.0
    return (
        f"{lived} worlds of {hours:g} h in {seconds:.1f} s "
        f"({cost:.2f} s for each simulated hour), {len(failed)} failed"
    )
