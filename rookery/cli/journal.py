"""`rookery journal`: its words and its examples. What they do is in `journals`."""

# ruff: noqa: PLC0415 - what a command needs is imported by it: --help needs no host

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from rookery.cli.places import DEFAULT, Which

journal = App(
    name="journal",
    help="""\
Look into the journal of a host, whether it runs or not.

For example:

    rookery journal stats
    rookery journal backup /var/backups/rookery.sqlite
""",
    help_format="plaintext",
)


@journal.command
def stats(*, which: Which = DEFAULT) -> int:
    """Count its rows by state, measure its file, and ask a running host how it is.

    For example:

        rookery journal stats
        rookery journal stats --json
    """
    from rookery.cli.journals import show_stats

    return show_stats(which)


@journal.command
def check(*, which: Which = DEFAULT) -> int:
    """Look at every page and every row of the file; end with 1 if something is wrong.

    A host that runs is not disturbed.

    For example:

        rookery journal check
    """
    from rookery.cli.journals import check

    return check(which)


@journal.command
def compact(*, which: Which = DEFAULT) -> int:
    """Give unused space back to the disk. A host that runs does it, and waits for it.

    The file uses its space again by itself: this is for after an unusual day.

    For example:

        rookery journal compact
    """
    from rookery.cli.journals import compact

    return compact(which)


@journal.command
def backup(
    to: Annotated[Path, Parameter(help="The copy; a file that exists is kept.")],
    /,
    *,
    which: Which = DEFAULT,
) -> int:
    """Copy the journal as it is at this instant. A host that runs is not disturbed.

    To use a copy, stop the host and put it in the place of journal.sqlite, without
    the files journal.sqlite-wal and -shm beside it.

    For example:

        rookery journal backup /var/backups/rookery.sqlite
    """
    from rookery.cli.journals import back_up

    return back_up(which, to)


@journal.command
def export(*, which: Which = DEFAULT) -> int:
    """Print every row as a line of JSON: what people wrote, and what was answered.

    For example:

        rookery journal export > journal.jsonl
    """
    from rookery.cli.journals import export

    return export(which)
