"""Where a text that is too long is cut. Pure.

Rules of this file:

1. A cut never tears what people see as one character, unless that alone is too long.
2. Paragraphs before lines, lines before sentences, sentences before words; but a piece
   is at least half full, or reading it is tedious.
3. Only whitespace at a cut is lost. A code block that is cut is closed and opened again.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Container, Sequence

from attrs import frozen

from platforms.base.caps import Unit
from platforms.base.forms.fences import Fence, open_at, opening_at
from platforms.base.forms.measuring import borders, graphemes, measure

_KINDS = (
    re.compile(r"\n[ \t]*\r?\n\s*"),
    re.compile(r"\n"),
    re.compile(r"[.!?…][\"'”’)\]]*\s+|[。！？；…][\"'”’」』）]*\s*"),
)
_WORD = re.compile(r"\s+")
_BLANKS = re.compile(r"\s*")


@frozen
class Cut:
    """One piece of a text, and where its rest begins."""

    piece: str
    """Empty where only whitespace was passed over."""
    at: int
    fence: Fence | None = None
    """The code block that is open there."""


def cut_text(text: str, limit: int, unit: Unit = Unit.CHARACTERS) -> list[str]:
    """Return *text* in parts of *limit* at most, cut where a reader would cut it.

    For a platform that learns only in its session how long a message may be, such as one
    whose server tells it. What is longer than `Caps.text_limit` comes in parts already.

    Args:
        text: The whole text.
        limit: How long a part may be, in *unit*, from 1. Only a character that alone is
            longer makes a longer one.
        unit: What the platform counts.
    """
    parts: list[str] = []
    at, fence = 0, None
    while at < len(text):
        one = cut(text, at, limit, unit, fence)
        at, fence = one.at, one.fence
        if one.piece.strip():
            parts.append(one.piece)
    return parts


def cut(
    text: str, start: int, room: int, unit: Unit, fence: Fence | None = None
) -> Cut:
    """Return the first piece of `text[start:]` that is within *room*, and how to go on.

    At least one code point is taken, however small *room* is.

    Args:
        text: The whole text.
        start: Where its rest begins.
        room: How long the piece may be, in *unit*.
        unit: What the platform counts.
        fence: The code block that is open at *start*.
    """
    opening, space = "", room
    if fence is not None:
        space -= measure(fence.opening, unit)
        head = text[start : start + room]  # what is longer has no room in any case
        least = measure(fence.closing + next(graphemes(head)), unit)
        if space < max(least, room // 2):
            fence, space = None, room  # no room for a frame: the code goes on bare
        else:
            opening = fence.opening
    if measure(text[start : start + space + 1], unit) <= space:
        return Cut(opening + text[start:], len(text))
    ends = borders(text, start, space, unit)
    while ends:
        at = _best(text, start, ends)
        inside = open_at(text, start, at, fence)
        if inside is None:
            return _outside(text, start, at, opening)
        before = _before_opening(text, start, at, inside)
        if before:
            return _outside(text, start, before, opening)
        head = text[start:at]
        head = head.removesuffix("\n")
        piece = opening + head + inside.closing
        if measure(piece, unit) <= room:
            return Cut(piece if head.strip() else "", at, inside)
        spare = space - measure(inside.closing, unit)
        ends = ends[: _within(text, start, ends, spare, unit)]
    return _outside(text, start, borders(text, start, room, unit)[-1], "")


def _within(text: str, start: int, ends: Sequence[int], room: int, unit: Unit) -> int:
    """Return how many of *ends*, which rise, are within *room*."""
    return bisect_right(ends, room, key=lambda end: measure(text[start:end], unit))


def _outside(text: str, start: int, at: int, opening: str) -> Cut:
    """Cut between two things that people read; whitespace there is not said."""
    head = text[start:at].rstrip()
    return Cut(opening + head if head else "", _after_blanks(text, at))


def _after_blanks(text: str, at: int) -> int:
    """Return where something to read begins, its indentation included."""
    found = _BLANKS.match(text, at)
    assert found is not None
    end = found.end()
    if end == len(text):
        return end
    if at < end and len(list(graphemes(text[end - 1 : end + 1]))) == 1:
        end -= 1  # the last one bears an accent: that is something to read
    line = text.rfind("\n", at - 1, end) + 1
    return line or end


def _before_opening(text: str, start: int, at: int, fence: Fence) -> int:
    """Return where a block begins of which nothing but its opening was taken; or 0."""
    if text[fence.content : at].strip() or fence.content <= start:
        return 0
    opening = opening_at(text, fence)
    return opening if text[start:opening].strip() else 0


def _best(text: str, start: int, ends: Sequence[int]) -> int:
    """Return the best of the places at which a text may be cut."""
    last, allowed = ends[-1], ends if isinstance(ends, range) else set(ends)
    half = start + (last - start) / 2
    # What follows counts, too: a piece may end just before a blank.
    beyond = min(len(text), last + 1)
    for kind in _KINDS:
        at = _last(kind, text, start, beyond, allowed)
        if at >= half:
            return at
    return _last(_WORD, text, start, beyond, allowed) or last


def _last(
    kind: re.Pattern[str],
    text: str,
    start: int,
    end: int,
    allowed: Container[int],
) -> int:
    """Return the last place of *kind* at which a cut is allowed, or 0."""
    found = 0
    for match in kind.finditer(text, start, end):
        if match.end() in allowed:
            found = match.end()
        elif match.start() in allowed and match.group().isspace():
            found = match.start()
    return found
