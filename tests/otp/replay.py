"""Replay a corpus recorded from Erlang/OTP: `python -m tests.otp.replay [--pure] FILE...`

Through the real supervisors, or with `--pure` through their decision core alone. FILE is
JSON lines, plain or gzipped, or `-` for standard input; without one it is all that is
recorded here. Prints the first difference of each scenario that fails and, last,
`N passed, N failed`. Exit code 1 if any failed, 2 if a file or a line of it cannot be read.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.otp.compare import first_difference
from tests.otp.director import play
from tests.otp.records import CASES, CORPUS, Unreadable, recorded
from tests.otp.terms import Script
from tests.otp.world import World


def replay_pure(record: Script) -> str:
    """Return the first difference of this record from what the core decides, or `""`."""
    return first_difference(record, World().play(record["scenario"]))


def replay_acted(record: Script) -> str:
    """The same for the real supervisors on a virtual clock."""
    return first_difference(record, play(record["scenario"]))


def replay(record: Script, *, pure: bool) -> str:
    """The same; if our side raises, that is the difference."""
    try:
        return replay_pure(record) if pure else replay_acted(record)
    except Exception as error:
        return f"raised {error!r}"


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.otp.replay",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--pure", action="store_true", help="the decision core alone, no trio"
    )
    parser.add_argument(
        "files", metavar="FILE", nargs="*", type=Path, default=[CORPUS, CASES]
    )
    options = parser.parse_args(arguments)
    try:
        passed, failed = replay_all(options.files, pure=options.pure)
    except Unreadable as error:
        sys.stderr.write(f"{error}\n")
        return 2
    say(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def replay_all(files: list[Path], *, pure: bool) -> tuple[int, int]:
    """Return how many scenarios passed and failed, having told how these differ."""
    passed = failed = 0
    for path in files:
        for record in recorded(path):
            difference = replay(record, pure=pure)
            if difference:
                failed += 1
                say(f"{record['name']}: {difference}")
            else:
                passed += 1
    return passed, failed


if __name__ == "__main__":
    sys.exit(main())
