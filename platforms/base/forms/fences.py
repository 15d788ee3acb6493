"""Fenced code blocks, as far as cutting a text needs to know them. Pure.

Rule: CommonMark 0.31, 4.5. A fence is closed by one of the same sign, at least as long
and without words behind it; a fence inside a list or a quotation is not looked for.
"""

from __future__ import annotations

import re

from attrs import frozen

# Possessive throughout: a line that is nearly a fence is given up at once, whatever is in it.
_LINE = re.compile(r"^ {0,3}+(`{3,}+|~{3,}+)([^\r\n]*+)\r?+$", re.MULTILINE)


@frozen
class Fence:
    """A code block that is open."""

    marker: str
    info: str
    """The language, and whatever else stands behind the marker."""
    content: int
    """Where the line after its opening begins."""

    @property
    def opening(self) -> str:
        """What begins the next part, so that the code goes on in it."""
        return f"{self.marker}{self.info}\n"

    @property
    def closing(self) -> str:
        """What ends a part, so that the code ends with it."""
        return f"\n{self.marker}"


def open_at(text: str, start: int, end: int, fence: Fence | None) -> Fence | None:
    """Return the code block that is open at *end*, if *fence* is at *start*.

    *start* and *end* are borders at which a text is cut. A line that is only half in
    it opens and closes nothing.
    """
    for found in _LINE.finditer(text, start, end):
        last = found.end()
        if last < len(text) and text[last] != "\n":
            continue
        marker, info = found[1], found[2].strip(" \t")
        if fence is None:
            # Backticks behind backticks: that is code inside a line.
            if marker[0] == "~" or "`" not in info:
                fence = Fence(marker, info, min(found.end() + 1, len(text)))
        elif marker[0] == fence.marker[0] and len(marker) >= len(fence.marker):
            fence = fence if info else None
    return fence


def opening_at(text: str, fence: Fence) -> int:
    """Return where the line begins that opens *fence*."""
    return text.rfind("\n", 0, max(0, fence.content - 1)) + 1
