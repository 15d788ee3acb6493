"""How a system is put on a stage: a log of its own, and somebody at its points."""

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
    """To any actor: raise this. It is no message, and ends as no dead letter."""

    error: Exception


class Stage:
    """At the points of a tree: performs what the test wants, and lets *hooks* do the rest."""

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
    """Return a system of *tree* that nothing outside has an influence on.

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
    """How long a turn takes depends on the machine: here a turn ends by its messages only."""
    return 0.0
