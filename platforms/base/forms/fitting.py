"""A body as a platform can carry it: simpler where it must be, in parts where it is long.

Pure. The same body and the same `Caps` always give the same parts: their number and
content stand in the journal, and a handler that runs again must say the same parts again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeAlias

from attrs import define, evolve, field

from actors.messages import Audio, File, Image, Markdown, Segment, Text, Video
from platforms.base.caps import Caps
from platforms.base.forms.measuring import (
    MOST_PER_CHARACTER,
    certainly_fits,
    clipped,
    graphemes,
    measure,
)
from platforms.base.forms.splitting import cut
from platforms.base.forms.words import in_words, told

Body: TypeAlias = tuple[Segment, ...]

_LINE_END = re.compile(r"\r\n|\r|\n")

Media: TypeAlias = Image | Audio | Video | File


def fit(body: Body, caps: Caps) -> Body:
    """Return *body* with words in place of what *caps* cannot carry.

    It is the very same tuple if *caps* carries everything.
    """
    carried = caps.segments
    for part in body:
        if type(part) not in carried:
            break
    else:  # nearly always; each message is asked twice, so this way is the fast one
        return body
    return tuple(
        fitted
        for part in body
        if (fitted := part if type(part) in carried else told(part)) is not None
    )


def lost_in(body: Iterable[Segment]) -> str:
    """Say what was lost in *body*, as `image, file as text`; empty when nothing was."""
    kinds = dict.fromkeys(
        part.was for part in body if isinstance(part, Text) and part.was
    )
    return f"{', '.join(kinds)} as text" if kinds else ""


def length_of(body: Body, caps: Caps) -> int:
    """Return how long *body* is at most, in `caps.unit`.

    Media count as long as the words that could take their place: if the platform refuses
    the media later, the message in words is not too long either.
    """
    return sum(_length(part, caps) for part in body)


def is_short(body: Body, caps: Caps) -> bool:
    """Say whether one message of *caps* is enough."""
    limit = caps.text_limit
    if caps.one_line and _has_lines(body):
        return False
    if limit is None:
        return True
    if len(body) == 1 and type(body[0]) is Text:  # nearly always
        text = body[0].text
        if len(text) * MOST_PER_CHARACTER <= limit:
            return True
    if caps.caption_limit is not None:
        media = sum(isinstance(part, Media) for part in body)
        if media > 1 or (media and _said(body, caps) > caps.caption_limit):
            return False
    if len(body) == 1 and isinstance(body[0], Text):
        text = body[0].text
        if certainly_fits(text, limit, caps.unit):
            return True
    return length_of(body, caps) <= limit


def split(body: Body, caps: Caps) -> tuple[Body, ...]:
    """Return *body* in parts, each of which is one message of *caps*.

    One part, the body itself, if that is short enough. Otherwise what is not carried
    is told in words first. Empty if more than `caps.max_parts` were needed.
    """
    parts = tuple(islice(pieces(body, caps), caps.max_parts + 1))
    return parts if len(parts) <= caps.max_parts else ()


def pieces(body: Body, caps: Caps) -> Iterator[Body]:
    """Yield the parts of `split` one by one, since cutting a long text takes time.

    Nothing if it is plain that more than `caps.max_parts` were needed; otherwise the
    caller counts them.
    """
    fitted = fit(body, caps)
    if is_short(fitted, caps):
        yield body
        return
    length = length_of(fitted, caps)
    limit = length if caps.text_limit is None else caps.text_limit
    if length > limit * caps.max_parts:
        return
    parcels = _Parcels(caps, limit)
    for part in fitted:
        if isinstance(part, Text | Markdown):
            for number, line in enumerate(_lines_of(part, caps)):
                if number:
                    parcels.close()
                yield from parcels.pour(line)
        else:
            parcels.put(part, _length(part, caps))
            yield from parcels.taken()
    parcels.close()
    yield from parcels.taken()


def all_in_words(body: Body, caps: Caps) -> Body:
    """Return *body* all in words, the last resort; not longer than `length_of` said."""
    return tuple(words for part in body if (words := instead(part, caps)).text)


def instead(part: Segment, caps: Caps) -> Text:
    """Return the words for one segment, not longer than `length_of` counted for it."""
    words = told(part)
    if words is None:
        return Text("")
    if measure(words.text, caps.unit) <= _length(part, caps):
        return words
    if isinstance(part, Markdown):  # its markup takes less room than what stands for it
        return Text(part.text, "markdown")
    assert caps.text_limit is not None
    return evolve(words, text=clipped(words.text, caps.text_limit, caps.unit))


def _has_lines(body: Body) -> bool:
    text = "".join(part.text for part in body if isinstance(part, Text | Markdown))
    return _LINE_END.search(text.strip()) is not None


def _lines_of(part: Text | Markdown, caps: Caps) -> Iterator[Text | Markdown]:
    if not caps.one_line:
        yield part
        return
    for line in _LINE_END.split(part.text):
        yield evolve(part, text=line)


def _said(body: Iterable[Segment], caps: Caps) -> int:
    """Return how long *body* is without its media."""
    return sum(_length(part, caps) for part in body if not isinstance(part, Media))


def _length(part: Segment, caps: Caps) -> int:
    if isinstance(part, Text | Markdown):
        return measure(part.text, caps.unit)
    length = measure(in_words(part), caps.unit)
    return length if caps.text_limit is None else min(length, caps.text_limit)


@define
class _Parcels:
    """Parts, filled one after the other."""

    caps: Caps
    limit: int
    done: list[Body] = field(factory=list)
    _now: list[Segment] = field(factory=list)
    _used: int = 0

    def put(self, part: Segment, length: int) -> None:
        """Add a segment that cannot be cut to this part, or to a new one."""
        if self._used + length > self.limit or not self._go_together(part, length):
            self.close()
        self._now.append(part)
        self._used += length

    def _go_together(self, part: Segment, length: int) -> bool:
        """Say whether *part* may stand in one message with what is in this part already."""
        most = self.caps.caption_limit
        if most is None:
            return True
        said = _said(self._now, self.caps)
        if any(isinstance(one, Media) for one in self._now):
            return not isinstance(part, Media) and said + length <= most
        return not isinstance(part, Media) or said <= most

    def pour(self, part: Text | Markdown) -> Iterator[Body]:
        """Add words, in as many pieces as it takes; yield the parts that are full."""
        length = _length(part, self.caps)
        if self._used + length <= self.limit:
            self.put(part, length)
            return
        if not self._go_together(part, length):
            self.close()
        unit = self.caps.unit
        text, at, fence = part.text, 0, None
        while at < len(text):
            room = self.limit - self._used
            if self._used and room < self._least(text[at : at + self.limit]):
                self.close()
                continue
            one = cut(text, at, room, unit, fence)
            at, fence = one.at, one.fence
            if one.piece:
                piece = evolve(part, text=one.piece)
                self.put(piece, _length(piece, self.caps))
            if at < len(text):
                self.close()
            yield from self.taken()

    def taken(self) -> list[Body]:
        """Return the parts that are complete, once."""
        done, self.done = self.done, []
        return done

    def _least(self, text: str) -> int:
        """Return how much room there must be to begin *text* in this part."""
        first = measure(next(graphemes(text)), self.caps.unit)
        return max(self.limit // 4, first)

    def close(self) -> None:
        """Complete this part and begin another; one with nothing but blanks is dropped."""
        if any(not isinstance(part, Text) or part.text.strip() for part in self._now):
            self.done.append(tuple(self._now))
        self._now, self._used = [], 0
