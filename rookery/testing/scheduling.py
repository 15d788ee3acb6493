"""Trio's choice between tasks that are ready, from a seed. The one place that knows how.

Trio runs what is ready in a random order, so that nobody relies on one. A replay needs
the same order again: trio's own random generator gets a seed, and what it shuffles is
put in order first. Both are private names of trio; pytest-trio uses them, too.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import trio
from trio._core import _run

ORDERED = "_ALLOW_DETERMINISTIC_SCHEDULING"
"""The name of the flag that puts tasks in order before they are shuffled."""
RANDOM = "_r"
"""The name of the generator that shuffles them."""


class SchedulerMoved(RuntimeError):
    """Trio keeps its scheduler's randomness somewhere else: no run can be replayed."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"trio {trio.__version__} has no trio._core._run.{name} any more, so a run "
            "cannot be replayed from its seed; use a trio that rookery.testing knows"
        )


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Runs of trio that begin inside schedule their tasks as *seed* says.

    The state is trio's own, one for the process: afterwards it is what it was before.

    Raises:
        SchedulerMoved: trio does not have it where we know it.
    """
    generator = getattr(_run, RANDOM, None)
    ordered = getattr(_run, ORDERED, None)
    if not isinstance(generator, random.Random):
        raise SchedulerMoved(RANDOM)
    if not isinstance(ordered, bool):
        raise SchedulerMoved(ORDERED)
    before = generator.getstate()
    setattr(_run, ORDERED, True)
    generator.seed(seed)
    try:
        yield
    finally:
        setattr(_run, ORDERED, ordered)
        generator.setstate(before)
