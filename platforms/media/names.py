"""A file's name that does no harm on anybody's disk or screen. Pure."""

from __future__ import annotations

import mimetypes
import re
import unicodedata

MAX_NAME_BYTES = 120
_SEPARATORS = re.compile(r'[/\\:*?"<>|]')
# Names that Windows takes for devices, whatever stands behind a dot.
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)")


def clean_name(name: str, media_type: str = "") -> str:
    """Return *name* as one plain file name, never empty, at most `MAX_NAME_BYTES` long.

    Args:
        name: From a URL or an author; anything at all.
        media_type: What the bytes are; gives an ending to a name that has none.
    """
    text = unicodedata.normalize("NFC", _readable(name))
    text = _SEPARATORS.sub("_", text).strip(" .")
    if _DEVICES.match(text):
        text = f"_{text}"
    stem, dot, ending = text.rpartition(".")
    if not dot or not stem or len(ending) > 10:
        stem, ending = text, (mimetypes.guess_extension(media_type) or "")[1:]
    stem = stem or "file"
    ending = f".{ending}" if ending else ""
    room = MAX_NAME_BYTES - len(ending.encode())
    cut = stem.encode()[:room].decode("utf-8", "ignore").rstrip(" .")
    return f"{cut or 'file'}{ending}"


def _readable(name: str) -> str:
    """Leave out what moves, hides or turns round what is shown."""
    return "".join(char for char in name if unicodedata.category(char)[0] != "C")
