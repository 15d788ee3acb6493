"""What a platform can carry, as its author says it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from math import inf, isfinite
from typing import TypeAlias, get_args

from attrs import field, frozen
from attrs.validators import ge, optional

from actors.messages import Rate, Segment, Text
from platforms.base.rates import parse_rates
from supervision import Forever

SegmentType: TypeAlias = type[Segment]

ALL_SEGMENTS: frozenset[SegmentType] = frozenset(get_args(Segment))

MAX_UPLOAD_BYTES = 20 * 1024 * 1024
MAX_PARTS = 100
"""A text that would take more is refused: nobody reads it, and it would fill the outbox."""


class Unit(Enum):
    """What a platform counts when it says that a text is too long."""

    CHARACTERS = "characters"
    """Unicode code points."""
    UTF16 = "UTF-16 code units"
    """As Telegram counts: one for most characters, two for an emoji."""
    BYTES = "bytes"
    """Of UTF-8, as IRC counts."""


class MediaForm(Enum):
    """How a picture, a sound, a film or a file may be handed to `Platform.send`."""

    URL = "url"
    """As the author gave it, if it is an http(s) URL: the platform fetches it itself."""
    BYTES = "bytes"
    """As bytes, which the platform uploads, or writes as base64, whatever its wire wants."""


def _is_a_time(_: object, __: object, given: float | Forever) -> None:
    if not isinstance(given, Forever) and not (isfinite(given) and given >= 0):
        msg = f"idempotent_for must be a number of seconds from 0, or FOREVER (got {given!r})"
        raise ValueError(msg)


def _frozen(given: Iterable[SegmentType]) -> frozenset[SegmentType]:
    return frozenset(given)


@frozen(kw_only=True)
class Caps:
    """What the host may hand to `Platform.send`. The rest it makes simpler before."""

    segments: frozenset[SegmentType] = field(
        default=frozenset({Text}), converter=_frozen
    )
    """Everything else is told in words before `send` is called."""
    text_limit: int | None = field(default=None, validator=optional(ge(1)))
    """How long one message may be; a longer one is said in parts. `None`: any length."""
    unit: Unit = Unit.CHARACTERS
    """What `text_limit` counts."""
    one_line: bool = False
    """A message is one line, as on IRC: each line of a text is a part of its own."""
    max_parts: int = field(default=MAX_PARTS, validator=ge(1))
    """A text that takes more of them is refused."""
    caption_limit: int | None = field(default=None, validator=optional(ge(0)))
    """How long the text beside a picture or a file may be. Given this, a message holds one
    of them at most, and a longer text is a message of its own. `None`: they mix freely."""
    media: tuple[MediaForm, ...] = (MediaForm.BYTES,)
    """What media may come as, the preferred first. What is told in words needs none."""
    max_upload_bytes: int = field(default=MAX_UPLOAD_BYTES, validator=ge(1))
    """A larger picture or file is told in words."""
    rate: tuple[Rate, ...] = field(default=(), converter=parse_rates)
    """`"1/s per chat"`, `"20/min per group"` (each that is not private), `"30/s"` (of one
    account), or several of them: all hold. What comes faster waits; nothing is lost for it."""
    idempotent_for: float | Forever = field(default=0.0, validator=_is_a_time)
    """So many seconds after its first attempt the platform recognises an `Outbound.key`
    and does not say it twice; `FOREVER` for ever. What is *unknown* is repeated so long:
    a little less than the platform keeps its keys, for the last frame is under way."""

    edits: bool = False
    """It has `Platform.edit`. What a platform cannot do is rejected before it is sent."""
    deletes: bool = False
    """It has `Platform.delete`."""
    reacts: bool = False
    """It has `Platform.react`."""

    resumes: bool = False
    """After a drop the platform tells again what came since the last `link.cursor`."""

    def __attrs_post_init__(self) -> None:
        if self.caption_limit is not None and self.text_limit is None:
            msg = "a caption_limit needs a text_limit: what is too long beside a picture is said without it"
            raise ValueError(msg)

    @property
    def repeats_for(self) -> float:
        """`idempotent_for` in seconds, infinite for `FOREVER`."""
        return inf if isinstance(self.idempotent_for, Forever) else self.idempotent_for
