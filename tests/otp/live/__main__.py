"""Random scenarios through the real Erlang/OTP and through ours: `python -m tests.otp.live`

Each goes through OTP's supervisor, our decision core and our running supervisors. Prints
the seed, the first difference of each scenario in which they differ and, last,
`N passed, N failed`. The same seed and count give the same scenarios. Needs `escript`.
Exit code 1 if any failed, 2 if Erlang is not there or broke, 130 after Ctrl-C.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from collections.abc import Iterator
from contextlib import closing, nullcontext
from itertools import islice
from pathlib import Path

from actors.kernel import leaves
from tests.otp.live.confront import Confronted, Verdict, confront
from tests.otp.live.oracle import OracleFailed
from tests.otp.live.scenarios import scenarios
from tests.otp.replay import say
from tests.otp.terms import Script

BATCH = 1000
"""Scenarios for which Erlang is started once."""


def count_of(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        msg = f"must be a whole number from 1 (got {text!r})"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.otp.live",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seed", help="any text [a fresh one]")
    parser.add_argument("--count", type=count_of, default=200, help="[200]")
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="FILE",
        help="write what was recorded there: a corpus for `python -m tests.otp.replay`",
    )
    options = parser.parse_args(arguments)
    seed: str = options.seed or secrets.token_hex(4)
    tally = Tally(options.count)
    try:
        say(f"seed {seed}, {options.count} scenarios")
        play(scenarios(seed, options.count), tally, options.keep)
    except OracleFailed as error:
        tally.wipe()
        sys.stderr.write(f"{error}\n")
        return 2
    except BaseException as error:
        # Where trio runs, a Ctrl-C comes out in a group.
        if not all(isinstance(leaf, KeyboardInterrupt) for leaf in leaves(error)):
            raise
        tally.wipe()
        say(f"stopped after {tally.played} of {options.count}")
        tally.close()
        return 130
    return tally.close()


def play(todo: Iterator[Script], tally: Tally, keep: Path | None) -> None:
    """Confront all of *todo*, and keep the records if they are wanted."""
    with keep.open("w") if keep else nullcontext() as kept:
        while some := list(islice(todo, BATCH)):
            with closing(confront(some)) as playing:
                for confronted in playing:
                    tally.add(confronted)
                    if kept and confronted.verdict is not Verdict.ASIDE:
                        kept.write(json.dumps(confronted.record) + "\n")


class Tally:
    """Counts, and says how far it is where somebody watches."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.seen = dict.fromkeys(Verdict, 0)
        self.watched = sys.stderr.isatty()

    @property
    def played(self) -> int:
        return sum(self.seen.values())

    def add(self, confronted: Confronted) -> None:
        self.seen[confronted.verdict] += 1
        self.wipe()
        if confronted.verdict is not Verdict.AGREE:
            name = confronted.record["name"]
            say(f"{name}: {confronted.verdict.value}: {confronted.why}")
        if self.watched:
            sys.stderr.write(f"{self.played}/{self.count}")
            sys.stderr.flush()

    def wipe(self) -> None:
        if self.watched:
            sys.stderr.write("\r\x1b[K")

    def close(self) -> int:
        self.wipe()
        failed = self.seen[Verdict.DIFFER]
        if self.seen[Verdict.ASIDE]:
            say(f"{self.seen[Verdict.ASIDE]} set aside")
        say(f"{self.seen[Verdict.AGREE]} passed, {failed} failed")
        return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
