"""The configuration: one TOML file, read strictly, refused with all of its faults at once.

What does not happen here: opening sockets, importing bots, looking at the running
host. Read `model` first (what comes out), then `reading` (how), then `finding` (from
where). How a table is read strictly and its faults are told is for other files, too: a
chaos plan is one.
"""

from rookery.config.durations import seconds
from rookery.config.faults import ConfigRefused, Fault, Wrong, join, one_of, shown
from rookery.config.finding import EMBEDDED, find_data, find_file, load
from rookery.config.model import (
    DEFAULT_DATA,
    FILE_NAME,
    BotSettings,
    Configuration,
    HostSettings,
    IngressSettings,
    MediaSettings,
    PlatformSettings,
    Settings,
)
from rookery.config.reading import checked_use, read_settings
from rookery.config.strict import strict_converter
from rookery.config.syntax import document_of
from rookery.config.walk import faults_of

__all__ = [
    "DEFAULT_DATA",
    "EMBEDDED",
    "FILE_NAME",
    "BotSettings",
    "ConfigRefused",
    "Configuration",
    "Fault",
    "HostSettings",
    "IngressSettings",
    "MediaSettings",
    "PlatformSettings",
    "Settings",
    "Wrong",
    "checked_use",
    "document_of",
    "faults_of",
    "find_data",
    "find_file",
    "join",
    "load",
    "one_of",
    "read_settings",
    "seconds",
    "shown",
    "strict_converter",
]
