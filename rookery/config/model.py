"""The configuration as values, checked: what the rest of the host works with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from attrs import field, frozen

from platforms.base import PlatformConfig
from platforms.ingress import PER_ADDRESS
from platforms.transport import parse_listen
from rookery.config.places import folder_of
from rookery.kinds import Kind

DEFAULT_DATA = "rookery-data"
DEFAULT_INGRESS = "127.0.0.1:8643"
FILE_NAME = "rookery.toml"


@frozen(kw_only=True)
class HostSettings:
    """`[host]`."""

    data: str = DEFAULT_DATA
    """Folder of journal, lock and control socket; created if missing."""
    durability: Literal["process", "power", "memory"] = "process"
    """What the journal survives: the end of the process, a loss of power too, or neither."""


@frozen(kw_only=True)
class BotSettings:
    """`[bots.ID]`."""

    use: str
    """`module:attribute`, or `file.py:attribute` relative to the configuration."""


@frozen(kw_only=True)
class PlatformSettings:
    """`[platforms.ID]`."""

    kind: Kind
    config: PlatformConfig
    """The platform's own class, made of the rest of its table; equal if nothing changed."""

    @property
    def type(self) -> str:
        """The name of its type."""
        return self.kind.name


@frozen(kw_only=True)
class MediaSettings:
    """`[media]`: what may be read for a message of a bot. By default public URLs only."""

    folders: tuple[str, ...] = ()
    """Folders below which local files may be sent; relative to the configuration."""
    allow: tuple[str, ...] = ()
    """Networks and addresses that may be fetched from although they are not public."""


@frozen(kw_only=True)
class IngressSettings:
    """`[ingress]`: the port that the world may reach, for webhooks and the web chat."""

    listen: str = DEFAULT_INGRESS
    """HOST:PORT; opened only if a platform needs it."""
    connections_per_address: int = PER_ADDRESS
    """So many at a time; those from this machine are not counted."""

    @property
    def binds(self) -> tuple[str, int]:
        """Host and port. Raises ValueError when they make no sense."""
        return parse_listen(self.listen, DEFAULT_INGRESS)


@frozen(kw_only=True)
class Settings:
    """One configuration file, checked, with its references resolved."""

    host: HostSettings = HostSettings()
    ingress: IngressSettings = IngressSettings()
    media: MediaSettings = MediaSettings()
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
        """The data directory."""
        return self._path(self.settings.host.data)

    @property
    def media_folders(self) -> tuple[Path, ...]:
        return tuple(map(self._path, self.settings.media.folders))

    def _path(self, text: str) -> Path:
        return folder_of(text, self.folder)
