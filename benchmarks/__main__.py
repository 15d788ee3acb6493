"""`python -m benchmarks [NAME ...]`: run some or all, print a line for each figure."""

from __future__ import annotations

import argparse
import importlib
import sys

SUITES = {
    "kernel": "the kernel beside naive forms of a raw trio channel",
    "supervision": "what one child costs among 100,000, beside one among 1,000",
    "tracker": "the index of deliveries beside a dict with a heap of deadlines",
    "journal": "the journal in a file beside SQLite alone",
    "router": "a message when a million wait in the file, beside one when a thousand do",
    "host": "OneBot events over reverse WebSocket beside a bare trio-websocket server",
    "platforms": "a frame through each codec beside JSON, and 500 accounts on one host",
    "chaos": "the hooks of chaos beside a system without",
}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        epilog="; ".join(f"{name}: {what}" for name, what in SUITES.items()),
    )
    parser.add_argument(
        "suite", nargs="*", help=f"{' or '.join(SUITES)}; all if none is named"
    )
    parser.add_argument(
        "--durability",
        choices=("process", "power", "memory"),
        default="process",
        help="of the journal of the host; process if not given",
    )
    options = parser.parse_args()
    chosen = options.suite or list(SUITES)
    if unknown := set(chosen) - set(SUITES):
        parser.error(
            f"a suite must be one of {', '.join(SUITES)} (got {', '.join(unknown)})"
        )
    for name in chosen:
        print(f"{name}: {SUITES[name]}", flush=True)
        suite = importlib.import_module(f"benchmarks.{name}")
        given = {"durability": options.durability} if name == "host" else {}
        for line in suite.run(**given):
            print(f"  {line}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("stopped: what is printed above was measured")
