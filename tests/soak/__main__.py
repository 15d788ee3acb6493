"""`python -m tests.soak`: so many messages through a real host, and what it weighs."""

# ruff: noqa: T201 - a command prints

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.soak.running import ALLOWED, Look, grown, soak


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument(
        "--messages", type=int, default=1_000_000, help="1,000,000 if not given"
    )
    parser.add_argument(
        "--warm-up",
        type=int,
        default=150_000,
        help="after so many every ring is full; 150,000 if not given",
    )
    options = parser.parse_args()
    if not 0 < options.warm_up < options.messages:
        parser.error("--warm-up must be above 0 and below --messages")
    with tempfile.TemporaryDirectory() as folder:
        looks = soak(Path(folder), options.messages, _show)
    found = grown(looks, options.warm_up)
    print(
        f"{found.warm.megabytes:.1f} MB after {found.warm.messages:,} messages, at most "
        f"{found.peak.megabytes:.1f} MB later (after {found.peak.messages:,}): "
        f"{found.ratio:.3f}x, allowed {ALLOWED}x"
    )
    return 0 if found.ratio <= ALLOWED else 1


def _show(look: Look) -> None:
    print(f"{look.messages:>10,}  {look.megabytes:.1f} MB", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("stopped: what is printed above was measured")
