"""Values of options that need more than a type to be read."""

from __future__ import annotations

from rookery.cli.client import NotDone
from rookery.cli.codes import USAGE
from rookery.config import Wrong, seconds


def duration(option: str, typed: str) -> float:
    """Return the seconds of a duration: `30s`, `5m`, or a plain number of seconds.

    Raises:
        NotDone: *typed* is none; the message begins with the name of the *option*.
    """
    is_number = typed.replace(".", "", 1).isdecimal()
    try:
        return seconds(float(typed) if is_number else typed)
    except Wrong as wrong:
        message = f"{option}: {wrong}"
        raise NotDone(kind="bad_request", message=message, code=USAGE) from None
