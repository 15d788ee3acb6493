"""The configuration as values, checked: what the rest of the host works with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from attrs import field, frozen

DEFAULT_DATA = "rookery-data"
FILE_NAME = "rookery.toml"


@frozen(kw_only=True)
class HostSettings:
    data: str = DEFAULT_DATA
    """Folder of journal, lock and control socket; created if missing."""
    durability: Literal["process", "power", "memory"] = "process"
    """What the journal survives: the end of the process, a loss of power too, or neither."""


@frozen(kw_only=True)
class BotSettings:
    use: str
    """`module:attribute`, or `file.py:attribute` relative to the configuration."""


@frozen(kw_only=True)
class PlatformSettings:
    type: str
    config: object
    """The platform's own frozen `Config`; equal if nothing changed."""


@frozen(kw_only=True)
class Settings:
    """One configuration file, checked, with its references resolved."""

    host: HostSettings = HostSettings()
    operators: Mapping[str, frozenset[str]] = field(factory=dict)
    """Platform id to the user ids that are operators there."""
    bots: Mapping[str, BotSettings] = field(factory=dict)
    platforms: Mapping[str, PlatformSettings] = field(factory=dict)


@frozen(kw_only=True)
class Configuration:
    """Settings, and where they come from."""

    settings: Settings
    source: Path | None
    """The file, absolute; `None` is the embedded default."""
    folder: Path
    """What relative paths in it are relative to."""

    @property
    def data(self) -> Path:
        return self.folder / Path(self.settings.host.data).expanduser()
