"""`rookery demo`: what was typed, checked; the rest is in `rookery.demonstration`."""

from __future__ import annotations

from pathlib import Path

from rookery.cli.client import NotDone
from rookery.cli.typed import duration
from rookery.demonstration import run_demo


def show_demo(*, calm: bool, so_long: str | None, data: Path | None) -> int:
    """Show the demo until it is ended, or for as long as typed; return the exit code."""
    try:
        lasting = None if so_long is None else duration("--for", so_long)
    except NotDone as failed:
        return failed.tell(as_json=False)
    return run_demo(calm=calm, so_long=lasting, data=data)
