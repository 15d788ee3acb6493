"""The bytes of a picture or a file, wherever its author says it is.

Here: what may be fetched and read, and doing it within bounds. Not here: whether a
platform wants bytes at all (`platforms.base.forms`).

Read `reader` first: it has both ways, URLs (`fetching`) and local files (`folders`). The
rules are pure: `links` (which URLs), `addresses` (which hosts behind them), `content` (what
the bytes are, and unpacking them) and `names` (what a file may be called).
"""

from platforms.media.addresses import networks
from platforms.media.content import media_type_of
from platforms.media.errors import MediaRefused
from platforms.media.fetching import Fetcher, FetchRules, Resolve
from platforms.media.links import without_user
from platforms.media.reader import Blob, Reader, standard_reader

__all__ = [
    "Blob",
    "FetchRules",
    "Fetcher",
    "MediaRefused",
    "Reader",
    "Resolve",
    "media_type_of",
    "networks",
    "standard_reader",
    "without_user",
]
