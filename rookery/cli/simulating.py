"""`rookery chaos --simulate`: live through worlds from seeds, and say what was found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from rookery.cli.client import NotDone
from rookery.cli.codes import NOT_DONE, OK, USAGE
from rookery.cli.places import DEFAULT, Which, Worlds

MAX_HOURS = 10_000
_RANGE = re.compile(r"[0-9]{1,18}\.\.[0-9]{1,18}")


def run_simulation(
    world: Worlds, plan: Path | None, so_long: str | None, which: Which
) -> int:
    """Let the *world* that is meant live; return 0 only if no law was broken in it."""
    first_wrong = next(_wrongs(world, plan, so_long, which), None)
    if first_wrong is not None:
        wrong = NotDone(kind="bad_request", message=first_wrong, code=USAGE)
        return wrong.tell(as_json=False)
    # The one thing of `rookery.testing` that a command uses, and only here.
    from rookery.testing import hostsim  # noqa: PLC0415 - --help needs none of it

    failed = hostsim.sweep(_seeds(world), hours=world.hours, log=world.log)
    return NOT_DONE if failed else OK


def _wrongs(
    world: Worlds, plan: Path | None, so_long: str | None, which: Which
) -> Iterator[str]:
    """Yield what is wrong with what was typed."""
    if plan is not None:
        yield "--simulate makes plans of its own: leave the plan out"
    if so_long is not None:
        yield "--for is for a host that runs: --simulate takes --hours"
    if which != DEFAULT:
        yield "--config, --data and --json are for a host that runs: leave them out"
    if not 0 < world.hours < MAX_HOURS:
        yield f"--hours must be above 0 and below {MAX_HOURS} (got {world.hours:g})"
    if world.seeds and not _RANGE.fullmatch(world.seeds):
        yield f"--seeds must be FIRST..LAST, as in 0..99 (got {world.seeds!r})"
    elif not _seeds(world):
        yield f"--seeds must not end before it begins (got {world.seeds!r})"
    if world.seeds and world.seed is not None:
        yield "--seed is for one world and --seeds for many: give one of them"
    if world.log is not None and (why := _unwritable(world.log)):
        yield f"--log: {world.log} cannot be written: {why}"


def _unwritable(log: Path) -> str | None:
    """Say why not, before hours have been lived through for it."""
    try:
        log.open("a", encoding="utf-8").close()
    except OSError as error:
        return error.strerror or str(error)
    return None


def _seeds(world: Worlds) -> range:
    if not world.seeds:
        seed = world.seed or 0
        return range(seed, seed + 1)
    first, _, last = world.seeds.partition("..")
    return range(int(first), int(last) + 1)
