"""What a message is made of. A body is a tuple of these, in reading order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from pathlib import Path
from typing import Final, TypeAlias

from attrs import field, frozen


class Everyone(Enum):
    """The type of `ALL`: everybody in the chat."""

    ALL = "all"


ALL: Final = Everyone.ALL

Source: TypeAlias = str | bytes | Path
"""Where media comes from: a URL, the bytes themselves, or a path the host may read."""


def _short(source: Source) -> str:
    """Keep a picture's bytes out of log lines and tracebacks."""
    if isinstance(source, bytes):
        return f"<{len(source)} bytes>"
    text = str(source)
    return repr(text if len(text) <= 120 else f"{text[:100]}... ({len(text)} chars)")


@frozen
class Text:
    """Words as they were written."""

    text: str
    was: str = field(default="", eq=False)
    """What these words stand for because the platform could not carry it, such as `image`;
    empty for words that are an author's own."""


@frozen
class Mention:
    """`@somebody`; `ALL` is everybody."""

    user: str | Everyone
    name: str = field(default="", eq=False)


@frozen
class Reply:
    """Says which message is answered, by the platform's id for it."""

    message: str


@frozen
class Image:
    """A picture; *alt* says what is on it."""

    source: Source = field(repr=_short)
    alt: str = ""


@frozen
class Audio:
    """A voice message, or any other sound."""

    source: Source = field(repr=_short)


@frozen
class Video:
    """A film."""

    source: Source = field(repr=_short)


@frozen
class File:
    """Any other file, and what it is called."""

    source: Source = field(repr=_short)
    name: str = ""


@frozen
class Emoji:
    """A platform's own picture sign (QQ's *face*), by its id."""

    id: str


@frozen
class Markdown:
    """Text with markup; as plain text where a platform has none."""

    text: str


@frozen
class Node:
    """One message inside a `Forward`: by id, or made up of a name and a body."""

    id: str = ""
    user: str = ""
    name: str = ""
    body: tuple[Segment, ...] = ()


@frozen
class Forward:
    """Messages passed on together; *id* names a bundle that the platform keeps itself."""

    messages: tuple[Node, ...] = ()
    id: str = ""


@frozen
class Raw:
    """A part that only one platform has: *data* goes on its wire as it is.

    For OneBot it is `{"type": ..., "data": {...}}`.
    """

    platform: str
    data: Mapping[str, object]


Segment: TypeAlias = (
    Text
    | Mention
    | Reply
    | Image
    | Audio
    | Video
    | File
    | Emoji
    | Markdown
    | Forward
    | Raw
)


def plain_text(body: Iterable[Segment]) -> str:
    """Return what a person reads, without media: what commands are matched on."""
    return "".join(part.text for part in body if isinstance(part, Text | Markdown))
