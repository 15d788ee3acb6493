"""The content of `m.room.message` becomes segments. Pure.

Source: Matrix specification v1.15, client-server API, "Instant Messaging", "User and
room mentions", "Rich replies", "Media captions".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Final, TypeAlias
from urllib.parse import unquote

from actors.messages import (
    ALL,
    Audio,
    Everyone,
    File,
    Image,
    Mention,
    Raw,
    Reply,
    Segment,
    Text,
    Video,
)
from platforms.matrix.wire.lenient import JsonObject, as_object, as_text, as_texts

PLATFORM: Final = "matrix"
MAX_MENTIONS: Final = 50
HTML: Final = "org.matrix.custom.html"
EVERYBODY: Final = "@room"

Place: TypeAlias = tuple[int, int, Mention]
"""Where in a text, from and up to, somebody is mentioned."""

TEXTS: Final = frozenset({"m.text", "m.notice", "m.emote"})
_RICH: Final = ("m.relates_to", "m.mentions", "formatted_body")
# Who, and the words for him. All of it is bounded: a text of 64 KiB that is nearly a pill must not hold us up.
_PILL = re.compile(
    r'<a\s[^<>]{0,200}?href=["\']https://matrix\.to/#/((?:@|%40)[^"\'/?<>]{1,255})["\']'
    r"[^<>]{0,200}>([^<>]{0,255})</a>",
    re.IGNORECASE,
)
# What a client without rich replies shows: "> <@ann:example.org> what was said".
_QUOTED = re.compile(r"> (\* )?<@[^<>\n]+> ?")


def read_body(content: JsonObject) -> tuple[Segment, ...]:
    """Return the segments of a message: whom it answers, then what it says."""
    kind = as_text(content.get("msgtype"))
    if kind in TEXTS and not any(map(content.get, _RICH)):
        text = content.get("body")  # nearly always: nothing but words
        return (Text(text),) if text and isinstance(text, str) else ()
    answered = reply_of(content)
    reply = (Reply(answered),) if answered else ()
    if kind in TEXTS:
        return (*reply, *_said(content, quotes=bool(answered)))
    reader = _MEDIA.get(kind)
    read = reader(content) if reader is not None else None
    if read is None:
        read = Raw(PLATFORM, {"type": "m.room.message", "content": content})
        return (*reply, read)
    return (*reply, read, *_caption(content))


def read_sticker(content: JsonObject) -> tuple[Segment, ...]:
    """Return the picture that a sticker is, and whom it answers."""
    answered, url = reply_of(content), _source(content)
    reply = (Reply(answered),) if answered else ()
    if not url:
        return (*reply, Raw(PLATFORM, {"type": "m.sticker", "content": content}))
    return (*reply, Image(url, as_text(content.get("body"))))


def reply_of(content: JsonObject) -> str:
    """Return the message that is answered on purpose; empty if there is none."""
    relates = as_object(content.get("m.relates_to"))
    if relates.get("rel_type") == "m.thread" and relates.get("is_falling_back") is True:
        return ""  # said for clients that know no threads
    return as_text(as_object(relates.get("m.in_reply_to")).get("event_id"))


def relation_of(content: JsonObject) -> tuple[str, str]:
    """Return (rel_type, event id) of what an event relates to; empty if it does not."""
    relates = as_object(content.get("m.relates_to"))
    event = as_text(relates.get("event_id"))
    return (as_text(relates.get("rel_type")), event) if event else ("", "")


def without_quote(text: str) -> str:
    """Return *text* without what it repeats of the message that it answers.

    Only where it begins as the specification has it before v1.13; somebody who begins a
    reply with a quotation of their own keeps it.
    """
    if not _QUOTED.match(text):
        return text
    lines = text.split("\n")
    at = next((n for n, line in enumerate(lines) if not line.startswith("> ")), None)
    if at is None:
        return ""
    return "\n".join(lines[at + 1 if not lines[at] else at :])


def _said(content: JsonObject, *, quotes: bool) -> list[Segment]:
    text = as_text(content.get("body"))
    if quotes:
        text = without_quote(text)
    mentions, everybody = _mentioned(content)
    if not (mentions or everybody):
        return [Text(text)] if text else []
    placed, missing = _placed(text, mentions, everybody=everybody)
    body: list[Segment] = [*missing]
    at = 0
    for begin, end, mention in placed:
        if begin > at:
            body.append(Text(text[at:begin]))
        body.append(mention)
        # "Rook: hello" is how a client writes a mention that comes first.
        at = end + (begin == 0 and text[end : end + 1] == ":")
    if at < len(text):
        body.append(Text(text[at:]))
    return body


def _mentioned(content: JsonObject) -> tuple[dict[str, str], bool]:
    """Return who is meant, with the words that stand for them, and whether all are."""
    told = as_object(content.get("m.mentions"))
    users = dict.fromkeys(as_texts(told.get("user_ids"))[:MAX_MENTIONS], "")
    if content.get("format") == HTML:
        formatted = as_text(content.get("formatted_body"))
        if "matrix.to" in formatted:
            for target, words in _PILL.findall(formatted):
                user = unquote(unescape(target))
                # Before m.mentions there was nothing but the pill.
                if user in users or ("m.mentions" not in content and len(users) < 50):
                    users[user] = unescape(words)
    return users, told.get("room") is True


def _placed(
    text: str, users: dict[str, str], *, everybody: bool
) -> tuple[list[Place], list[Mention]]:
    """Return where in *text* each of them stands, and who stands nowhere in it."""
    meant: list[tuple[str | Everyone, str]] = [*users.items()]
    if everybody:
        meant.append((ALL, EVERYBODY))
    placed: list[Place] = []
    missing: list[Mention] = []
    for user, words in meant:
        for wanted in (words, user if isinstance(user, str) else ""):
            at = text.find(wanted) if wanted else -1
            end = at + len(wanted)
            if at >= 0 and (not placed or _is_free(placed, at, end)):
                name = words.removeprefix("@") if isinstance(user, str) else ""
                placed.append((at, end, Mention(user, name)))
                break
        else:
            missing.append(Mention(user))
    placed.sort()  # no two begin at the same place
    return placed, missing


def _is_free(placed: list[Place], begin: int, end: int) -> bool:
    for other_begin, other_end, _ in placed:
        if begin < other_end and other_begin < end:
            return False
    return True


def _source(content: JsonObject) -> str:
    """Return where media is: its `mxc://` address. That of an encrypted file is none."""
    return as_text(content.get("url"))


def _name(content: JsonObject) -> str:
    return as_text(content.get("filename")) or as_text(content.get("body"))


def _caption(content: JsonObject) -> Iterator[Segment]:
    """Yield what is said below it: the body, where that is not the name of the file."""
    named, said = as_text(content.get("filename")), as_text(content.get("body"))
    if named and said and named != said:
        yield Text(said)


def _image(content: JsonObject) -> Segment | None:
    url = _source(content)
    return Image(url, _name(content)) if url else None


def _audio(content: JsonObject) -> Segment | None:
    url = _source(content)
    return Audio(url) if url else None


def _video(content: JsonObject) -> Segment | None:
    url = _source(content)
    return Video(url) if url else None


def _file(content: JsonObject) -> Segment | None:
    url = _source(content)
    return File(url, _name(content)) if url else None


_MEDIA: dict[str, Callable[[JsonObject], Segment | None]] = {
    "m.image": _image,
    "m.audio": _audio,
    "m.video": _video,
    "m.file": _file,
}
