"""What people write on IRC, and what of it is no text: colours, CTCP. Pure.

Sources: modern.ircdocs.horse/formatting, and CTCP as of draft-oakley-irc-ctcp-02.
"""

from __future__ import annotations

import re
from typing import Final

from attrs import frozen

_FORMATTING: Final = re.compile(
    r"\x03(?:\d{1,2}(?:,\d{1,2})?)?"  # colour, with or without a background
    r"|\x04(?:[0-9A-Fa-f]{6}(?:,[0-9A-Fa-f]{6})?)?"  # the same in hexadecimal
    r"|[\x02\x0f\x11\x16\x1d\x1e\x1f]"  # bold, reset, monospace, reverse, italics, ...
)
DELIMITER: Final = "\x01"


@frozen
class Ctcp:
    """What is hidden in a message: `ACTION`, `VERSION`, ..."""

    command: str
    text: str = ""


def stripped(text: str) -> str:
    """Return *text* without mIRC's formatting: what a person reads."""
    return text if text.isprintable() else _FORMATTING.sub("", text)


def ctcp_of(text: str) -> Ctcp | None:
    """Return the CTCP message that *text* is; a server may have cut its end off."""
    if not text.startswith(DELIMITER):
        return None
    command, _, rest = text[1:].removesuffix(DELIMITER).partition(" ")
    return Ctcp(command.upper(), rest) if command else None


def sayable(text: str) -> str:
    """Return *text* as one line that says only what people read.

    An end of line would begin another command, and a CTCP delimiter would make a
    request of what a person may have written for a bot to repeat.
    """
    if text.isprintable():
        return text
    words = text.strip("\r\n").replace("\r\n", " ").translate(_UNSAYABLE)
    return words.encode("utf-8", "replace").decode()


_UNSAYABLE: Final = str.maketrans({"\r": " ", "\n": " ", "\0": "", DELIMITER: ""})
