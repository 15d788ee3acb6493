"""The platforms there are. One line each; the rest of the host knows them by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

from platforms.base import AnyPlatform, Caps, Platform, PlatformConfig
from platforms.console import Console
from platforms.onebot11 import OneBot11
from rookery.config import PlatformSettings

_KINDS: tuple[type[Platform[Any]], ...] = (OneBot11, Console)

PLATFORMS: Mapping[str, type[Platform[Any]]] = {kind.name: kind for kind in _KINDS}
PLATFORM_CONFIGS: Mapping[str, type[PlatformConfig]] = {
    name: kind.config_type for name, kind in PLATFORMS.items()
}

Build: TypeAlias = Callable[[PlatformSettings], AnyPlatform]
"""How a platform is made of what is configured."""


def caps_of(settings: PlatformSettings) -> Caps:
    """Return what the platform that *settings* describe can carry."""
    return PLATFORMS[settings.type].caps


def build(settings: PlatformSettings) -> AnyPlatform:
    """Make the platform that *settings* describe."""
    return cast(AnyPlatform, PLATFORMS[settings.type](settings.config))
