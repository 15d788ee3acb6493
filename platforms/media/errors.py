"""What is raised where a picture or file cannot be had, or must not be."""

from __future__ import annotations

from attrs import frozen


@frozen
class MediaRefused(Exception):
    """The bytes cannot be had; `why` is for the bot's author and the operator."""

    source: str
    """What was to be read, short enough to be shown."""
    why: str

    def __str__(self) -> str:
        return f"{self.source} was not read: {self.why}"
