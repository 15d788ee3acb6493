"""Break the decision core, one small change at a time, and see whether a test notices.

`python -m tests.mutation` runs all changes in one process, for about half an hour, and
writes down who survived. Each survivor is either equal in what can be observed, which is to be
said in `docs/explanation/how-supervision-is-tested.md`, or a test is missing. Ctrl-C
prints what is known so far; `--again` tries the survivors once more.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import TypeAlias

import hypothesis
import hypothesis.strategies
import trio.testing

import actors.kernel
from tests.mutation.mutants import Mutant, mutants_of
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
    "calling",
    "specs",
)
RESULTS = Path(".mutants.json")


Key: TypeAlias = tuple[str, str, str, str, int]


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def keyed(mutants: list[Mutant]) -> dict[Key, Mutant]:
    """Name mutants by what they are: lines and numbers move with every edit."""
    named: dict[Key, Mutant] = {}
    seen: Counter[tuple[str, str, str, str]] = Counter()
    for mutant in mutants:
        what = (mutant.module, mutant.operator, mutant.before, mutant.after)
        named[*what, seen[what]] = mutant
        seen[what] += 1
    return named


def read(results: Path) -> dict[Key, Fate]:
    if not results.exists():
        return {}
    rows = json.loads(results.read_text("utf-8"))
    return {(m, o, b, a, n): Fate(fate) for m, o, b, a, n, fate in rows}


def write(results: Path, fates: dict[Key, Fate]) -> None:
    rows = [[*key, fate.value] for key, fate in fates.items()]
    results.write_text(json.dumps(rows, indent=0), "utf-8")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--module", action="append", choices=MODULES)
    parser.add_argument("--list", action="store_true", help="only list the mutants")
    parser.add_argument(
        "--again", action="store_true", help="only who survived the last time"
    )
    parser.add_argument(
        "--resume", action="store_true", help="only who has not been tried"
    )
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    everybody = keyed(
        [
            mutant
            for name in options.module or MODULES
            for mutant in mutants_of(
                f"supervision.{name}", path_of(f"supervision.{name}").read_text("utf-8")
            )
        ]
    )
    known = read(options.results) if options.again or options.resume else {}
    fates = {key: fate for key, fate in known.items() if key in everybody}
    chosen = {
        key: mutant
        for key, mutant in everybody.items()
        if (options.again and fates.get(key) is Fate.SURVIVED)
        or (options.resume and key not in fates)
        or not (options.again or options.resume)
    }
    if options.list:
        for mutant in chosen.values():
            say(str(mutant))
        return 0
    hypothesis.settings.register_profile(
        "mutation",
        database=None,
        deadline=None,
        derandomize=True,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    fate, took = run(None, 600)
    if fate is not Fate.SURVIVED:
        say("the tests fail with nothing changed")
        return 2
    say(f"{len(chosen)} mutants; without a change the tests take {took:.1f} s")
    try:
        for number, (key, mutant) in enumerate(chosen.items(), 1):
            fates[key], spent = run(mutant, took + 10)
            write(options.results, fates)
            say(f"{number}/{len(chosen)} {fates[key].value} ({spent:.1f} s) {mutant}")
    except KeyboardInterrupt:
        say("interrupted; --resume goes on")
    tell({key: everybody[key] for key in fates}, fates)
    return 0 if Fate.SURVIVED not in fates.values() else 1


def tell(mutants: dict[Key, Mutant], fates: dict[Key, Fate]) -> None:
    """Print the survivors, and the score of each module."""
    for key, fate in fates.items():
        if fate is Fate.SURVIVED:
            say(f"survived: {mutants[key]}")
    noticed = Counter(
        key[0] for key, fate in fates.items() if fate is not Fate.SURVIVED
    )
    made = Counter(key[0] for key in fates)
    for module, number in made.items():
        say(f"{module}: {noticed[module]} of {number}")
    say(f"{noticed.total()} of {made.total()} mutants were noticed")


if __name__ == "__main__":
    sys.exit(main())
