"""How long a text is, as a platform counts it, and where it may be cut. Pure.

What people see as one character may be many: a family of four is seven code points,
eleven UTF-16 code units, 25 bytes. It is never torn unless it is longer than the limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import regex  # type: ignore[import-untyped]  # it has no stubs of its own

from platforms.base.caps import Unit

_GRAPHEME = regex.compile(r"\X")
_FIRST_WINDOW, _WINDOW = 16, 128
"""Characters: often only the first few are asked for."""


def measure(text: str, unit: Unit) -> int:
    """Return how much *text* is, in *unit*."""
    match unit:
        case Unit.CHARACTERS:
            return len(text)
        case Unit.UTF16:
            return len(text.encode("utf-16-le", "surrogatepass")) // 2
        case Unit.BYTES:
            return len(text.encode("utf-8", "surrogatepass"))


def certainly_fits(text: str, limit: int, unit: Unit) -> bool:
    """Say whether *text* fits whatever is in it: a quick test, which nearly always passes."""
    return len(text) * _AT_MOST[unit] <= limit


MOST_PER_CHARACTER = 4
"""No character counts more than this, in any unit."""
_AT_MOST = {Unit.CHARACTERS: 1, Unit.UTF16: 2, Unit.BYTES: 4}


def graphemes(text: str, start: int = 0) -> Iterator[str]:
    """Yield what a person sees as single characters, from *start* on (UAX 29).

    It looks at the text in windows: the library counts a row of flags from its beginning
    for each of them, which takes quadratic time for a long row.
    """
    size = _FIRST_WINDOW
    while start < len(text):
        window = text[start : start + size]
        found = cast(list[str], _GRAPHEME.findall(window))
        if start + size < len(text):
            found.pop()  # it may go on behind the window
        yield from found
        start += sum(map(len, found))
        size = _WINDOW if found else size * 2


def borders(text: str, start: int, limit: int, unit: Unit) -> Sequence[int]:
    """Return where *text* may be cut so that `text[start:border]` is within *limit*.

    The last one is the farthest. Empty at the end of the text. A single character that is
    longer than *limit* is cut between code points, and at least one of these is taken, so
    that cutting again and again comes to an end.
    """
    beyond = text[start : start + limit + 1]
    if beyond.isascii() and "\r" not in beyond:
        # Each character stands for itself, the one behind the window included.
        return range(start + 1, start + min(len(beyond), limit) + 1)
    ends: list[int] = []
    at, used = start, 0
    for grapheme in graphemes(beyond):  # one that goes on behind it is too long anyhow
        used += (
            1 if grapheme.isascii() and len(grapheme) == 1 else measure(grapheme, unit)
        )
        if used > limit:
            break
        at += len(grapheme)
        ends.append(at)
    if ends or start >= len(text):
        return ends
    at, used = start + 1, measure(text[start], unit)
    while at < len(text) and (used := used + measure(text[at], unit)) <= limit:
        at += 1
    return [at]


def clipped(text: str, limit: int, unit: Unit) -> str:
    """Return *text*, or the beginning of it and an ellipsis where that is too long."""
    if certainly_fits(text, limit, unit) or measure(text, unit) <= limit:
        return text
    room = limit - measure(_ELLIPSIS, unit)
    if room <= 0:
        return ""
    head = text[: borders(text, 0, room, unit)[-1]]
    return head + _ELLIPSIS if measure(head, unit) <= room else ""


_ELLIPSIS = "…"
