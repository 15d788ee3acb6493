"""The platforms there are, by the name that a configuration calls them."""

from __future__ import annotations

from collections.abc import Mapping

from platforms.base import AnyPlatform
from platforms.console import Console
from platforms.onebot11 import OneBot11

PLATFORMS: Mapping[str, type[AnyPlatform]] = {
    each.name: each for each in (OneBot11, Console)
}
"""`type` in `[platforms.*]` -> the platform; its `config_type` names the other keys."""
