"""Bytes from strangers, chosen by what they make the code do: atheris on demand.

`python -m tests.fuzz [CODEC ...] [--minutes N]` gives every codec some time, one after
the other. What has led somewhere is kept below `.fuzz/CODEC/seen` and is where the next
run begins; what broke something is in `.fuzz/CODEC/found`, and `--again FILE` does it
once more. A finding becomes a test of its codec before it is mended. Exit code 1 if there
is one. It needs `pip install --group fuzz`.

Read `targets` first: what is fuzzed, what it starts from, what must hold. `damage` is how
JSON is broken so that it is JSON still, `hanging` what takes too long, `one` the process
that fuzzes one codec. Not here: the properties of each codec, which run with every test:
`tests/platforms`.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from tests.fuzz.hanging import HANGS_SECONDS, within
from tests.fuzz.targets import TARGETS

FOLDER: Final = Path(".fuzz")
MAX_BYTES: Final = 16 * 1024
STUCK_SECONDS: Final = 600
"""By the clock on the wall, for what `hanging` cannot interrupt."""
MAX_MEGABYTES: Final = 1024
_DONE: Final = re.compile(r"Done (\d+) runs|stat::number_of_executed_units: (\d+)")


def fuzz(name: str, minutes: float) -> bool:
    """Fuzz *name*; say what was done, and return whether all went well."""
    seen, found = FOLDER / name / "seen", FOLDER / name / "found"
    for folder in (seen, found):
        folder.mkdir(parents=True, exist_ok=True)
    before = set(found.iterdir())
    log = FOLDER / name / "log"
    with log.open("wb") as writes:
        ended = subprocess.run(
            [
                sys.executable,
                "-m",
                "tests.fuzz.one",
                name,
                str(seen),
                f"-max_total_time={minutes * 60:.0f}",
                f"-max_len={MAX_BYTES}",
                f"-timeout={STUCK_SECONDS}",
                f"-rss_limit_mb={MAX_MEGABYTES}",
                f"-artifact_prefix={found}/",
                "-print_final_stats=1",
            ],
            stdout=writes,
            stderr=subprocess.STDOUT,
            check=False,
        )
    text = log.read_text("utf-8", "replace")
    runs = [next(filter(None, each)) for each in _DONE.findall(text)]
    say(f"{name}: {int(runs[-1]) if runs else 0:,} runs, exit code {ended.returncode}")
    for file in sorted(set(found.iterdir()) - before):
        say(f"  {file}")
    if ended.returncode:
        say(f"  see {log}, or: python -m tests.fuzz {name} --again FILE")
    return ended.returncode == 0


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("codec", nargs="*", help=f"{', '.join(TARGETS)}; else all")
    parser.add_argument("--minutes", type=float, default=5.0, help="for each; else 5")
    parser.add_argument("--again", type=Path, metavar="FILE", help="try this one only")
    options = parser.parse_args()
    if unknown := set(options.codec) - set(TARGETS):
        parser.error(f"a codec is one of {', '.join(TARGETS)} (got {unknown})")
    chosen = options.codec or list(TARGETS)
    if options.again is not None:
        for name in chosen:
            within(HANGS_SECONDS, TARGETS[name].survives)(options.again.read_bytes())
        return 0
    if find_spec("atheris") is None:
        parser.error("it needs atheris: pip install -c constraints.txt --group fuzz")
    well = [fuzz(name, options.minutes) for name in chosen]
    return 0 if all(well) else 1


if __name__ == "__main__":
    sys.exit(main())
