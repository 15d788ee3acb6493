"""The platforms there are. One line each; the rest of the host knows them by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from platforms.base import Platform, PlatformConfig
from platforms.console import Console
from platforms.onebot11 import OneBot11

_KINDS: tuple[type[Platform[Any]], ...] = (OneBot11, Console)

Kinds: TypeAlias = Mapping[str, type[Platform[Any]]]
"""The class of a platform by what a configuration says as `type`."""

PLATFORMS: Kinds = {kind.name: kind for kind in _KINDS}
PLATFORM_CONFIGS: Mapping[str, type[PlatformConfig]] = {
    name: kind.config_type for name, kind in PLATFORMS.items()
}
