"""The configuration: one TOML file, read strictly, refused with all of its faults at once.

Read `model` first (what comes out), then `reading` (how), then `finding` (from where).

    model                  the configuration as values
    finding                which file is meant, and the default that is built in
    syntax                 TOML as plain values
    reading                plain values as a configuration, table by table
    strict, walk           one table as a class; what cattrs raises, as a list of faults
    references             `{ env = "NAME" }` in the place of a text
    durations, places      `30`, `"5m"` as seconds; folders
    between                what must hold between tables
    faults                 how a fault is told: where, what was expected, what was got

Chaos plans, which are TOML files, too, are read with `strict`, `walk` and `faults`. What does
not happen here: opening sockets, importing bots, looking at the running host.
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
