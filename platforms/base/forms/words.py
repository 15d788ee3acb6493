"""What a person reads where a segment itself cannot be shown. Pure."""

from __future__ import annotations

from typing import assert_never

from actors.messages import (
    Audio,
    Emoji,
    Everyone,
    File,
    Forward,
    Image,
    Markdown,
    Mention,
    Node,
    Raw,
    Reply,
    Segment,
    Text,
    Video,
)
from platforms.base.forms.markdown import plain
from platforms.media import without_user

DEEPEST_FORWARD = 4


def told(part: Segment) -> Text | None:
    """Return *part* as words, marked with what it was where something is lost by it.

    `None`: nobody misses it.
    """
    match part:
        case Text():
            return part
        case Reply():
            return None
        case Mention():
            return Text(in_words(part))
        case Markdown(text):
            words = plain(text)
            return Text(words, "" if words == text else "markdown")
        case _:
            return Text(in_words(part), type(part).__name__.lower())


def in_words(part: Segment) -> str:
    """Return what a person reads where only text can be shown."""
    return _in_words(part, 0)


def _in_words(part: Segment, depth: int) -> str:
    match part:
        case Text(text):
            return text
        case Markdown(text):
            return plain(text)
        case Mention(user, name):
            return "@all" if isinstance(user, Everyone) else f"@{name or user}"
        case Reply():
            return ""
        case Image(source, alt):
            return _media("image", source, alt)
        case Audio(source) | Video(source):
            return _media(type(part).__name__.lower(), source, "")
        case File(source, name):
            return _media("file", source, name)
        case Emoji(id):
            return f"[emoji {id}]"
        case Forward(messages):
            return _forwarded(messages, depth)
        case Raw(platform):
            return f"[{platform} only]"
        case _:
            assert_never(part)


def _media(kind: str, source: object, name: str) -> str:
    """Say what it is and where; bytes, local paths and passwords stay with us."""
    link = without_user(str(source)) if is_link(source) else ""
    shown = f"{name}: {link}" if name and link else name or link
    return f"[{kind} {shown}]" if shown else f"[{kind}]"


def is_link(source: object) -> bool:
    """Say whether *source* is something that can be fetched from the web."""
    return isinstance(source, str) and source.lower().startswith(
        ("http://", "https://")
    )


def _forwarded(messages: tuple[Node, ...], depth: int) -> str:
    count = f"[{len(messages)} forwarded messages]"
    if depth >= DEEPEST_FORWARD or not any(node.body for node in messages):
        return count
    lines = [count]
    for node in messages:
        words = "".join(_in_words(part, depth + 1) for part in node.body)
        said = words.replace("\n", "\n  ") or f"[message {node.id}]"
        lines.append(f"{node.name or node.user or '?'}: {said}")
    return "\n".join(lines)
