"""A whole host in a world from one seed: made, lived through, judged."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
import trio

from rookery.testing.hostsim.outcome import Outcome
from rookery.testing.hostsim.world import World
from rookery.testing.scheduling import seeded
from rookery.testing.simulation.clock import StoodStill

MISTAKES = frozenset(
    {
        "desk.awaits_raised",
        "desk.wants_raised",
        "journal.answer_failed",
        "journal.broke",
        "journal.change_lost",
        "journal.row_lost",
        "journal.work_failed",
        "lane.report_failed",
        "reply.diverged",
        "session.failed",
        "subscriber.raised",
    }
)
"""What the host logs only when something in it is wrong."""


def simulate(
    seed: int,
    *,
    hours: float = 24.0,
    keep: bool = False,
    tick: Callable[[World], None] = lambda _: None,
) -> Outcome:
    """Live through *hours* of virtual time in the world of *seed*, and judge it.

    Args:
        seed: of everything.
        hours: how long things go wrong. The end, with everything settled, takes longer.
        keep: the whole log, not only its newest lines.
        tick: called each minute of virtual time; it may `stop` the world.
    """
    with tempfile.TemporaryDirectory(prefix="rookery-world-") as folder:
        world = World(seed, hours * 3600, Path(folder), keep=keep)
        try:
            with seeded(seed), _listening(world):
                trio.run(world.live, tick, clock=world.clock)
        except trio.TrioInternalError as error:
            if not isinstance(error.__cause__, StoodStill):
                raise
            world.chronicle.note("everything_ends", [str(error.__cause__)])
        finally:
            world.disk.close()
    chronicle = world.chronicle
    return Outcome(
        seed=seed,
        hours=hours,
        lived=world.clock.now / 3600,
        counts=dict(chronicle.counts),
        log=tuple(chronicle.lines),
        digest=chronicle.digest,
        broken=tuple(chronicle.broken),
        interrupted=world.stopped and not chronicle.broken,
    )


@contextmanager
def _listening(world: World) -> Iterator[None]:
    """Hear what the host logs: nothing is written, a mistake is a broken law."""

    def hear(
        _: object, __: str, fields: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        if fields["event"] in MISTAKES:
            told = {k: v for k, v in fields.items() if k != "exc_info"}
            world.chronicle.note("no_mistakes", [str(told)])
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(
        processors=[hear],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        cache_logger_on_first_use=False,
    )
    try:
        yield
    finally:
        structlog.configure(**before)
