"""Folders, as a person writes them into a configuration."""

from __future__ import annotations

from pathlib import Path

from rookery.config.faults import Wrong, shown


def folder_of(text: str, base: Path) -> Path:
    """Return where *text* leads: below *base*, or where it says; `~` is a home.

    Raises:
        Wrong: it leads nowhere.
    """
    if not text or "\0" in text:
        folder = "the path of a folder"
        raise Wrong(folder, shown(text))
    try:
        return base / Path(text).expanduser()
    except RuntimeError:
        known = "a path whose ~ is the home of somebody known here"
        raise Wrong(known, shown(text)) from None
