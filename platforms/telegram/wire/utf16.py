"""Where in a text an offset of Telegram's is: it counts UTF-16 code units.

Source: core.telegram.org/api/entities, "entity length". Most characters are one unit;
an emoji, and whatever else is beyond U+FFFF, is two.
"""

from __future__ import annotations


def units_in(text: str) -> int:
    """Return how long *text* is, as Telegram counts."""
    if text.isascii():
        return len(text)
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class Offsets:
    """Offsets into one text. Those beyond its end are its end."""

    __slots__ = ("_encoded", "_length")

    def __init__(self, text: str) -> None:
        self._length = len(text)
        self._encoded = b""
        if not text.isascii():
            encoded = text.encode("utf-16-le", "surrogatepass")
            if len(encoded) != 2 * len(text):
                self._encoded = encoded

    def index(self, offset: int) -> int:
        """Return the index in the text that *offset* units lie before.

        Between the halves of one character it is that before the character.
        """
        if not self._encoded:
            return min(max(offset, 0), self._length)
        head = self._encoded[: 2 * max(offset, 0)]
        return len(head.decode("utf-16-le", "ignore"))
