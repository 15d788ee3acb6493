"""`rookery demo`: what was typed, checked; the rest is in `rookery.demonstration`."""

from __future__ import annotations

from pathlib import Path

from rookery.cli.client import USAGE, NotDone
from rookery.config import Wrong, seconds
from rookery.demonstration import run_demo


def show_demo(*, calm: bool, so_long: str | None, data: Path | None) -> int:
    """Do it; return the exit code."""
    duration = None
    if so_long is not None:
        try:
            duration = seconds(_number_or_text(so_long))
        except Wrong as wrong:
            said = f"--for: {wrong}"
            return NotDone("bad_request", said, USAGE).tell(as_json=False)
    return run_demo(calm=calm, so_long=duration, data=data)


def _number_or_text(typed: str) -> float | str:
    return float(typed) if typed.replace(".", "", 1).isdecimal() else typed
