"""Break the decision core, one small change at a time, and see whether a test notices.

`python -m tests.mutation` runs all changes in one process, for about half an hour, and
prints who survived. Each survivor is either equal in what can be observed, which is to be
said in `docs/explanation/how-supervision-is-tested.md`, or a test is missing. Ctrl-C
prints what is known so far.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

import hypothesis
import hypothesis.strategies
import trio.testing
from attrs import asdict

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


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def chosen(options: argparse.Namespace) -> list[Mutant]:
    """Return the mutants that are asked for."""
    everything = [
        mutant
        for name in options.module or MODULES
        for mutant in mutants_of(
            f"supervision.{name}", path_of(f"supervision.{name}").read_text("utf-8")
        )
    ]
    if not options.again:
        return everything
    survived = {
        (row["module"], row["operator"], row["before"], row["after"])
        for row in json.loads(options.results.read_text("utf-8"))
        if row["fate"] == Fate.SURVIVED.value
    }
    return [
        m for m in everything if (m.module, m.operator, m.before, m.after) in survived
    ]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--module", action="append", choices=MODULES)
    parser.add_argument("--list", action="store_true", help="only list the mutants")
    parser.add_argument(
        "--again", action="store_true", help="only those that survived the last time"
    )
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    mutants = chosen(options)
    if options.list:
        for mutant in mutants:
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
    say(f"{len(mutants)} mutants; without a change the tests take {took:.1f} s")
    fates = kill_all(mutants, took + 10)
    options.results.write_text(
        json.dumps([asdict(m) | {"fate": f.value} for m, f in fates.items()], indent=1),
        "utf-8",
    )
    tell(fates)
    return 0 if Fate.SURVIVED not in fates.values() else 1


def kill_all(mutants: list[Mutant], seconds: float) -> dict[Mutant, Fate]:
    fates: dict[Mutant, Fate] = {}
    try:
        for number, mutant in enumerate(mutants, 1):
            fate, took = run(mutant, seconds)
            fates[mutant] = fate
            if fate is not Fate.KILLED or number % 50 == 0:
                say(f"{number}/{len(mutants)} {fate.value} ({took:.1f} s) {mutant}")
    except KeyboardInterrupt:
        say("interrupted")
    return fates


def tell(fates: dict[Mutant, Fate]) -> None:
    """Print the survivors, and the score of each module."""
    for mutant, fate in fates.items():
        if fate is Fate.SURVIVED:
            say(f"survived: {mutant}")
    noticed = Counter(m.module for m, f in fates.items() if f is not Fate.SURVIVED)
    made = Counter(mutant.module for mutant in fates)
    for module, number in made.items():
        say(f"{module}: {noticed[module]} of {number}")
    say(f"{noticed.total()} of {made.total()} mutants were noticed")


if __name__ == "__main__":
    sys.exit(main())
