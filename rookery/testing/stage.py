"""A system for a test: virtual clocks, a log, and hooks at its points.

A point is a place in the kernel where hooks may interfere; see `actors.kernel.Point`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import structlog
import trio
from attrs import frozen

from actors.kernel import Cell, Hooks, Passage, Point, System
from rookery.testing.log import Log
from supervision import Supervisor


@frozen
class CrashNow:
    """What an actor is made to raise; it is no message, and becomes no dead letter."""

    error: Exception


class Stage:
    """The hooks of a tree under test: raises what the test wants, else asks *hooks*."""

    def __init__(self, hooks: Hooks | None = None) -> None:
        self._hooks = hooks

    async def reach(self, point: Point, place: Cell, message: object) -> None:
        """Raise what the test wants raised here."""
        if isinstance(message, CrashNow):
            if place.incarnation is not None:
                place.incarnation.in_hand = None
            raise message.error
        if self._hooks is not None:
            await self._hooks.reach(point, place, message)

    def carry(
        self, point: Point, place: Cell, message: object, go: Callable[[], None]
    ) -> Passage:
        """Leave the mail to *hooks*."""
        if self._hooks is None:
            return Passage.GO
        return self._hooks.carry(point, place, message, go)


def staged(
    tree: Supervisor, log: Log, *, hooks: Hooks | None, seed: int, stop_within: float
) -> System:
    """Return a system of *tree* that nothing outside of the test influences.

    Its clocks are virtual, its randomness is from *seed*, it writes no lines but into *log*.
    """
    system = System(
        tree.actor,
        seed=seed,
        stop_within=stop_within,
        wall_clock=trio.current_time,
        stopwatch=stands_still,
        hooks=Stage(hooks),
        witness=log.witness,
    )
    system.log = structlog.wrap_logger(
        None, wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL)
    )
    return system


def stands_still() -> float:
    """Return 0: turns take no time here, so that each ends by its number of messages only.

    How long one takes depends on the machine, and a run must be the same everywhere.
    """
    return 0.0
