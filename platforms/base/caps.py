"""What a platform can carry, and how a body is fitted to that. Pure."""

from __future__ import annotations

from math import inf, isfinite
from typing import TypeAlias, assert_never, get_args

from attrs import field, frozen

from actors.messages import (
    Audio,
    Emoji,
    Everyone,
    File,
    Forward,
    Image,
    Markdown,
    Mention,
    Rate,
    Raw,
    Reply,
    Segment,
    Text,
    Video,
)
from platforms.base.rates import parse_rates
from supervision import Forever

SegmentType: TypeAlias = type[Segment]

ALL_SEGMENTS: frozenset[SegmentType] = frozenset(get_args(Segment))


def _is_a_time(_: object, __: object, given: float | Forever) -> None:
    if not isinstance(given, Forever) and not (isfinite(given) and given >= 0):
        msg = f"idempotent_for must be a number of seconds from 0, or FOREVER (got {given!r})"
        raise ValueError(msg)


@frozen(kw_only=True)
class Caps:
    """What the host may hand to `Platform.send`."""

    segments: frozenset[SegmentType] = frozenset({Text})
    """Everything else is told in words before `send` is called."""
    rate: tuple[Rate, ...] = field(default=(), converter=parse_rates)
    """`"1/s per chat"`, `"30/s"` (of one account), or several of them: all hold. What
    comes faster waits; nothing is lost for it."""
    idempotent_for: float | Forever = field(default=0.0, validator=_is_a_time)
    """So many seconds after its first attempt the platform recognises an `Outbound.key`
    and does not say it twice; `FOREVER` for ever. What is *unknown* is repeated so long."""

    @property
    def repeats_for(self) -> float:
        """`idempotent_for` in seconds, infinite for `FOREVER`."""
        return inf if isinstance(self.idempotent_for, Forever) else self.idempotent_for


@frozen
class Fitted:
    """A body as a platform can carry it."""

    body: tuple[Segment, ...]
    told: tuple[str, ...] = ()
    """Kinds of segments that were replaced by words."""

    @property
    def degraded(self) -> str:
        return f"{', '.join(self.told)} as text" if self.told else ""


def fit(body: tuple[Segment, ...], segments: frozenset[SegmentType]) -> Fitted:
    """Replace what is not in *segments* by words; a `Reply` mark is left out silently."""
    if all(type(part) in segments for part in body):
        return Fitted(body)
    fitted: list[Segment] = []
    told: dict[str, None] = {}
    for part in body:
        if type(part) in segments:
            fitted.append(part)
        elif not isinstance(part, Reply):
            fitted.append(Text(in_words(part)))
            if not isinstance(part, Markdown | Mention):
                told[type(part).__name__.lower()] = None
    return Fitted(tuple(fitted), tuple(told))


def in_words(part: Segment) -> str:
    """Return what a person reads where only text can be shown."""
    match part:
        case Text(text) | Markdown(text):
            return text
        case Mention(user, name):
            return "@all" if isinstance(user, Everyone) else f"@{name or user}"
        case Reply():
            return ""
        case Image(source, alt):
            return f"[image {alt}]" if alt else _media("image", source)
        case Audio(source) | Video(source):
            return _media(type(part).__name__.lower(), source)
        case File(source, name):
            return f"[file {name}]" if name else _media("file", source)
        case Emoji(id):
            return f"[emoji {id}]"
        case Forward(messages):
            return f"[{len(messages)} forwarded messages]"
        case Raw(platform):
            return f"[{platform} only]"
        case _:
            assert_never(part)


def _media(kind: str, source: object) -> str:
    """Name a link; bytes and local paths stay with us."""
    shown = isinstance(source, str) and source.startswith(("http://", "https://"))
    return f"[{kind} {source}]" if shown else f"[{kind}]"
