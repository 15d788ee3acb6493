"""`rookery chaos --simulate`: live through worlds from seeds, and say what was found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from rookery.cli.client import NOT_DONE, OK, USAGE, NotDone
from rookery.cli.places import Worlds

MAX_HOURS = 10_000
_RANGE = re.compile(r"[0-9]+\.\.[0-9]+")


def run_simulation(world: Worlds, plan: Path | None) -> int:
    """Do it; return the exit code: 0 only if no law was broken."""
    for message in _wrongs(world, plan):
        wrong = NotDone(kind="bad_request", message=message, code=USAGE)
        return wrong.tell(as_json=False)
    # The one thing of the tests' that a user may ask for, and only here.
    from rookery.testing import hostsim  # noqa: PLC0415 - --help needs none of it

    failed = hostsim.sweep(_seeds(world), hours=world.hours, log=world.log)
    return NOT_DONE if failed else OK


def _wrongs(world: Worlds, plan: Path | None) -> Iterator[str]:
    if plan is not None:
        yield "--simulate makes plans of its own: leave the plan out"
    if not 0 < world.hours < MAX_HOURS:
        yield f"--hours must be above 0 and below {MAX_HOURS} (got {world.hours:g})"
    if world.log is not None and not world.log.absolute().parent.is_dir():
        yield f"--log: there is no folder {world.log.absolute().parent}"
    if world.seeds and not _RANGE.fullmatch(world.seeds):
        yield f"--seeds must be FIRST..LAST, as in 0..99 (got {world.seeds!r})"
    if world.seeds and world.seed is not None:
        yield "--seed is for one world and --seeds for many: give one of them"


def _seeds(world: Worlds) -> range:
    if not world.seeds:
        seed = world.seed or 0
        return range(seed, seed + 1)
    first, _, last = world.seeds.partition("..")
    return range(int(first), int(last) + 1)
