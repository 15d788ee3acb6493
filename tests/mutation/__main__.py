"""Break the decision core, one small change at a time, and see whether a test notices.

`python -m tests.mutation` tries all changes in one process, for about half an hour.
Who survives is either equal in all that can be observed, which is to be said in
`docs/explanation/how-supervision-is-tested.md`, or a test is missing. Ctrl-C prints what
is known so far; `--resume` goes on, and tries once more who survived. Exit code 1 if
anybody did.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

import hypothesis
import hypothesis.strategies
import trio.testing

import actors.kernel
from tests.mutation.mutants import Mutant, mutants_of
from tests.mutation.results import Key, equal_ones, keyed, read, write
from tests.mutation.running import Fate, path_of, run

# Imported before the first fork, so that no child has to.
SLOW_TO_IMPORT = (hypothesis.strategies, trio.testing, actors.kernel)
MODULES = (
    "decide",
    "transitions",
    "fate",
    "state",
    "backoff",
    "exits",
    "numbers",
    "calling",
    "specs",
)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def everybody(modules: list[str]) -> dict[Key, Mutant]:
    """Return all mutants of *modules*."""
    paths = {f"supervision.{name}": path_of(f"supervision.{name}") for name in modules}
    return keyed(
        [
            mutant
            for module, path in paths.items()
            for mutant in mutants_of(module, path.read_text("utf-8"))
        ]
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--module", action="append", choices=MODULES)
    parser.add_argument("--list", action="store_true", help="only list the mutants")
    parser.add_argument(
        "--resume", action="store_true", help="leave out who was noticed the last time"
    )
    parser.add_argument("--results", type=Path, default=Path(".mutants.json"))
    options = parser.parse_args(arguments)
    mutants = everybody(options.module or list(MODULES))
    if options.list:
        for mutant in mutants.values():
            say(str(mutant))
        return 0
    known = read(options.results) if options.resume else {}
    fates: dict[Key, Fate] = {
        key: fate
        for key, fate in known.items()
        if key in mutants and fate is not Fate.SURVIVED
    }
    equal = equal_ones()
    fates.update((key, Fate.EQUAL) for key in mutants if key[:3] in equal)
    chosen = {key: mutant for key, mutant in mutants.items() if key not in fates}
    if not try_all(chosen, fates, options.results):
        return 2
    tell(mutants, fates)
    return 0 if Fate.SURVIVED not in fates.values() else 1


def try_all(chosen: dict[Key, Mutant], fates: dict[Key, Fate], results: Path) -> bool:
    """Find out the fates of *chosen*. False: the tests fail with nothing changed."""
    hypothesis.settings.register_profile(
        "mutation",
        database=None,
        deadline=None,
        derandomize=True,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    try:
        fate, took = run(None, 600)
        if fate is not Fate.SURVIVED:
            say("the tests fail with nothing changed")
            return False
        say(f"{len(chosen)} mutants; without a change the tests take {took:.1f} s")
        for number, (key, mutant) in enumerate(chosen.items(), 1):
            fates[key], spent = run(mutant, took + 10)
            write(results, fates)
            say(f"{number}/{len(chosen)} {fates[key].value} ({spent:.1f} s) {mutant}")
    except KeyboardInterrupt:
        say("interrupted; --resume goes on")
    return True


def tell(mutants: dict[Key, Mutant], fates: dict[Key, Fate]) -> None:
    """Print the survivors, and the score of each module."""
    for key, fate in fates.items():
        if fate is Fate.SURVIVED:
            say(f"survived: {mutants[key]}")
    made = Counter(key[0] for key in fates)
    by_fate = Counter((key[0], fate) for key, fate in fates.items())
    noticed = Counter(
        key[0] for key, fate in fates.items() if fate in (Fate.KILLED, Fate.TIMED_OUT)
    )
    for module, number in made.items():
        equal = by_fate[module, Fate.EQUAL]
        survived = by_fate[module, Fate.SURVIVED]
        say(
            f"{module}: {noticed[module]} noticed, {equal} equal, {survived} survived, of {number}"
        )
    say(f"{noticed.total()} of {made.total()} mutants were noticed")


if __name__ == "__main__":
    sys.exit(main())
