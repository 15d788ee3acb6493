"""The command `rookery`. Looks whose packages these are before it imports any."""

from __future__ import annotations

import sys

from rookery.guard import foreign_package

USAGE = 2


def main() -> int:
    """Run the command line on `sys.argv`; return the exit code."""
    if sys.argv[1:] == ["--version"]:
        from importlib.metadata import version  # noqa: PLC0415 - each start would pay

        print(version("rookery"))  # noqa: T201 - it is what was asked for
        return 0
    if sentence := foreign_package():
        print(sentence, file=sys.stderr)  # noqa: T201 - no logs yet
        return USAGE
    from rookery.cli import main as command_line  # noqa: PLC0415 - see above

    return command_line(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
