"""The configuration: one TOML file, read strictly, refused with all of its faults at once.

What does not happen here: opening sockets, importing bots, looking at the running
host. Read `model` first (what comes out), then `reading` (how), then `finding` (from
where).
"""

from rookery.config.faults import ConfigRefused, Fault, Wrong
from rookery.config.finding import EMBEDDED, find_data, find_file, load
from rookery.config.model import (
    DEFAULT_DATA,
    FILE_NAME,
    BotSettings,
    Configuration,
    HostSettings,
    PlatformSettings,
    Settings,
)
from rookery.config.reading import checked_use, read_settings

__all__ = [
    "DEFAULT_DATA",
    "EMBEDDED",
    "FILE_NAME",
    "BotSettings",
    "ConfigRefused",
    "Configuration",
    "Fault",
    "HostSettings",
    "PlatformSettings",
    "Settings",
    "Wrong",
    "checked_use",
    "find_data",
    "find_file",
    "load",
    "read_settings",
]
