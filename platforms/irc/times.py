"""Writes a time as IRCv3's `server-time` does. Pure."""

from __future__ import annotations

from datetime import UTC, datetime


def written(seconds: float) -> str:
    """Return a time since 1970, in the form of IRCv3 `server-time`."""
    when = datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
    return f"{when.isoformat(timespec='milliseconds')}Z"
