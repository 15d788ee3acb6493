"""Text for a terminal: what may be shown, how wide it is, and how it is cut. Pure.

A terminal has cells. A Chinese character or an emoji takes two, a combining mark none; how
many each takes is in a table of Unicode's, which `rich` has.
"""

from __future__ import annotations

import unicodedata

from rich.cells import cell_len, set_cell_size

_ZERO_WIDTH_JOINER = "\u200d"
"""Holds an emoji of several parts together; without it they fall apart."""


def visible(text: str) -> str:
    """Return *text* with everything a terminal would obey, or not show, as an escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_shown, text))


def _shown(character: str) -> str:
    if (
        character.isprintable()
        or character == _ZERO_WIDTH_JOINER
        or unicodedata.category(character) == "Zs"
    ):
        return character
    return character.encode("unicode_escape").decode("ascii")


def fitted(text: str, width: int) -> str:
    """Return *text* in exactly *width* cells: filled up, or cut."""
    text = cut(text, width)
    return text + " " * (width - cell_len(text))


def cut(text: str, width: int) -> str:
    """Return *text* in at most *width* cells; an ellipsis says that there is more."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1) + "…" if width > 0 else ""
