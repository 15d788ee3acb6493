"""From a table of the configuration to a platform that can run.

Its class may be a stranger's: whatever that raises is `NotBuilt`.
"""

from __future__ import annotations

from typing import cast

from attrs import frozen

from platforms.base import AnyPlatform, Caps
from rookery.config import PlatformSettings


@frozen
class NotBuilt(Exception):
    """The author's class raised when it was to be made."""

    why: str

    def __str__(self) -> str:
        return self.why


def caps_of(settings: PlatformSettings) -> Caps:
    """Return what the platform that *settings* describe can carry."""
    return settings.kind.platform.caps


def build(settings: PlatformSettings) -> AnyPlatform:
    """Make the platform that *settings* describe.

    Raises:
        NotBuilt: its code raised.
    """
    try:
        return cast(AnyPlatform, settings.kind.platform(settings.config))
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        raise NotBuilt(why) from error
