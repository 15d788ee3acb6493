"""`python -m rookery.testing simulate`: live through random worlds, from seeds."""

from __future__ import annotations

import signal
import sys
from importlib import import_module
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeAlias

from cyclopts import App, Parameter

from rookery.guard import foreign_package

if TYPE_CHECKING:
    from supervision import Supervisor

USAGE = 2
SEEDS = "0..99"

Seed: TypeAlias = Annotated[
    int | None, Parameter(help="One world; its log can be kept.")
]
Seeds: TypeAlias = Annotated[
    str | None, Parameter(help=f"Many worlds: FIRST..LAST. Without both: {SEEDS}.")
]
Hours: TypeAlias = Annotated[float, Parameter(help="Virtual hours of faults in each.")]
TreeName: TypeAlias = Annotated[
    str,
    Parameter(
        name="--tree", help="MODULE:NAME of a Supervisor, instead of random ones."
    ),
]
LogFile: TypeAlias = Annotated[
    Path | None, Parameter(name="--log", help="Where the log of one world is written.")
]

app = App(
    name="python -m rookery.testing",
    help="Tools for those who test trees of actors.",
    help_format="plaintext",
    result_action="return_value",
)


@app.command
def simulate(
    *,
    seed: Seed = None,
    seeds: Seeds = None,
    hours: Hours = 1.0,
    tree: TreeName = "",
    log: LogFile = None,
) -> int:
    """Break trees at random for hours of virtual time, and check the laws.

    The same seed is the same run, to the byte. It ends with 1 if a law was broken, and
    says how to live through that world again; an interrupt says what was found so far.

    For example:

        python -m rookery.testing simulate --seeds 0..1000 --hours 1
        python -m rookery.testing simulate --seed 7 --log seven.log
        python -m rookery.testing simulate --tree mybots.tree:tree
    """
    from rookery.testing import simulation  # noqa: PLC0415 - --help needs none of it

    if not 0 < hours < inf:
        _wrong(f"--hours must be above 0, and not for ever (got {hours:g})")
    subject = _tree(tree) if tree else None
    if seed is None:
        if log is not None:
            _wrong("--log needs --seed: it holds what happens in one world")
        many = _range(SEEDS if seeds is None else seeds)
        found = simulation.sweep(many, hours=hours, tree=subject, name=tree)
        return 1 if found else 0
    if seeds is not None:
        _wrong("say --seed or --seeds, not both")
    if log is not None:
        _write(log, "")
    # Raised by Python it might hit an actor, and be taken for a fault of that world.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    outcome = simulation.survived(seed, hours=hours, tree=subject, name=tree)
    if log is not None:
        _write(log, "\n".join([*outcome.log, ""]))
    if outcome.broken:
        print(simulation.report(outcome))
        return 1
    print(f"seed {seed}: the laws hold; {len(outcome.log)} lines, {outcome.digest}")
    return 0


def _range(seeds: str) -> range:
    first, _, last = seeds.partition("..")
    numbers = first.isdecimal() and last.isdecimal()
    if not numbers or int(first) > int(last):
        _wrong(f"--seeds must be FIRST..LAST, as in 0..99 (got {seeds!r})")
    return range(int(first), int(last) + 1)


def _write(log: Path, text: str) -> None:
    """Write it; done once before a long run, so that a typing mistake shows at once."""
    try:
        log.write_text(text, "utf-8")
    except OSError as error:
        _wrong(f"{log} cannot be written: {error.strerror}")


def _tree(name: str) -> Supervisor:
    """Return the supervisor that *name* stands for; modules here are found, too."""
    module, _, attribute = name.partition(":")
    sys.path.append(str(Path.cwd()))
    try:
        found: object = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        _wrong(f"--tree must be MODULE:NAME (got {name!r}: {error})")
    from supervision import Supervisor  # noqa: PLC0415 - see above

    if not isinstance(found, Supervisor):
        _wrong(f"--tree must name a Supervisor (got {type(found).__name__})")
    return found


def _wrong(sentence: str) -> NoReturn:
    print(sentence, file=sys.stderr)
    sys.exit(USAGE)


def main() -> int:
    """Run the command line; return the exit code."""
    if sentence := foreign_package():
        print(sentence, file=sys.stderr)
        return USAGE
    return int(app(sys.argv[1:]) or 0)


if __name__ == "__main__":
    sys.exit(main())
