"""Replay a corpus recorded from Erlang/OTP: `python -m tests.otp.replay [--pure] FILE...`

Through the real supervisors, or with `--pure` through their decision core alone.
Prints the first difference of each scenario that fails and, last, `N passed, N failed`.
Exit code 1 if any failed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.otp.compare import CORPUS, first_difference, recorded
from tests.otp.director import play
from tests.otp.terms import Script
from tests.otp.world import World


def replay_pure(record: Script) -> str:
    """Return the first difference of this record from what the core decides, or `""`."""
    return first_difference(record, World().play(record["scenario"]))


def replay_acted(record: Script) -> str:
    """The same for the real supervisors on a virtual clock."""
    return first_difference(record, play(record["scenario"]))


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--pure", action="store_true", help="the decision core alone, no trio"
    )
    parser.add_argument("files", metavar="FILE", nargs="*", type=Path)
    options = parser.parse_args(arguments)
    replay = replay_pure if options.pure else replay_acted
    passed = failed = 0
    for path in options.files or [CORPUS]:
        for record in recorded(path):
            difference = replay(record)
            if difference:
                failed += 1
                say(f"{record['name']}: {difference}")
            else:
                passed += 1
    say(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
