"""What the host wants said becomes the events that say it. Pure.

A message of ours is one event of Matrix for each picture or file, and one for each run
of words between them. The last carries the idempotency key of the whole as its
transaction id, those before it the key and their number: repeated under the same key,
each of them is recognised, and whoever sees the key knows that all of it was said.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import quote

import msgspec
from attrs import define, field, frozen

from actors.messages import (
    Audio,
    Everyone,
    File,
    Image,
    Markdown,
    Mention,
    Outbound,
    Raw,
    Reply,
    Text,
    Video,
)
from platforms.matrix.wire.body import EVERYBODY, HTML, PLATFORM
from platforms.matrix.wire.html import html_of, html_of_text, pill
from platforms.matrix.wire.lenient import (
    JsonObject,
    as_object,
    as_objects,
    as_text,
)
from platforms.matrix.wire.rooms import parts_of

Media: TypeAlias = Image | Audio | Video | File

MAX_EVENT_BYTES: Final = 60_000
"""The specification allows 65,536 for an event with everything that its server adds."""
_FORMATTED: Final = ("format", "formatted_body")
_MSGTYPES: Final[Mapping[type[Media], str]] = {
    Image: "m.image",
    Audio: "m.audio",
    Video: "m.video",
    File: "m.file",
}


@frozen
class Unsendable(Exception):
    """A body that Matrix cannot express. Nothing was sent."""

    why: str

    def __str__(self) -> str:
        return self.why


@frozen
class Uploaded:
    """What a server has made of bytes of ours."""

    url: str
    """`mxc://...`"""
    media_type: str = ""
    size_bytes: int = 0


@frozen
class Draft:
    """One event that is to be said; *media* is what has to be uploaded before."""

    type: str
    content: JsonObject
    media: Media | None = None

    @property
    def data(self) -> bytes | None:
        """The bytes to upload; `None` where there are none."""
        source = None if self.media is None else self.media.source
        return source if isinstance(source, bytes) else None

    def with_upload(self, uploaded: Uploaded) -> Draft:
        """Return the event that shows what was uploaded."""
        info: JsonObject = {"size": uploaded.size_bytes}
        if uploaded.media_type:
            info["mimetype"] = uploaded.media_type
        content = {**self.content, "url": uploaded.url, "info": info}
        return Draft(self.type, content)


def drafts_of(out: Outbound, msgtype: str = "m.notice") -> tuple[Draft, ...]:
    """Return the events that say *out*, in their order.

    Args:
        out: What to say.
        msgtype: What words are sent as: `m.notice` or `m.text`.

    Raises:
        Unsendable: nothing in it to send, or nothing that Matrix can express.
    """
    drafts: list[Draft] = []
    words = _Words()
    reply = ""
    for part in out.body:
        match part:
            case Text() | Markdown() | Mention():
                words.add(part)
            case Reply(message):
                reply = message
            case Image() | Audio() | Video() | File():
                drafts += words.taken(msgtype)
                drafts.append(_media(part))
            case Raw():
                drafts += words.taken(msgtype)
                drafts.append(_raw(part))
            case _:
                msg = f"Matrix has nothing for {type(part).__name__}"
                raise Unsendable(msg)
    drafts += words.taken(msgtype)
    if not drafts:
        msg = "a message must say something (got an empty body)"
        raise Unsendable(msg)
    _, thread = parts_of(out.chat)
    first, *rest = drafts
    return (
        _related(first, reply, thread),
        *(_related(draft, "", thread) for draft in rest),
    )


def edit_of(draft: Draft, message: str) -> Draft:
    """Return the event that puts what *draft* says in the place of *message*."""
    content = {k: v for k, v in draft.content.items() if k != "m.relates_to"}
    shown: JsonObject = {
        **content,
        "body": f"* {content.get('body', '')}",
        "m.mentions": {},  # whom it newly means was rung by the first version
        "m.new_content": content,
        "m.relates_to": {"rel_type": "m.replace", "event_id": message},
    }
    if "formatted_body" in content:
        shown["formatted_body"] = f"* {content['formatted_body']}"
    if not _fits(shown, MAX_EVENT_BYTES):
        shown = {k: v for k, v in shown.items() if k not in _FORMATTED}
    return Draft(draft.type, shown)


def reaction_of(message: str, key: str) -> Draft:
    """Return the event that puts *key* below *message*."""
    relates = {"rel_type": "m.annotation", "event_id": message, "key": key}
    return Draft("m.reaction", {"m.relates_to": relates})


def redact_target(room: str, event: str, transaction: str) -> str:
    """Return where to `PUT` that *event* is taken back."""
    parts = (quote(part, safe="") for part in (room, event, transaction))
    return "/_matrix/client/v3/rooms/{}/redact/{}/{}".format(*parts)


def reactions_target(room: str, message: str) -> str:
    """Return where the reactions to *message* are listed."""
    parts = (quote(part, safe="") for part in (room, message))
    return "/_matrix/client/v1/rooms/{}/relations/{}/m.annotation/m.reaction?limit=100".format(
        *parts
    )


def reaction_among(listed: JsonObject, user: str, key: str) -> str:
    """Return the event by which *user* has put *key*; empty if there is none."""
    for event in as_objects(listed.get("chunk")):
        relates = as_object(as_object(event.get("content")).get("m.relates_to"))
        if event.get("sender") == user and relates.get("key") == key:
            return as_text(event.get("event_id"))
    return ""


def transactions(key: str, count: int) -> tuple[str, ...]:
    """Return the transaction ids of *count* events that say what is called *key*."""
    return (*(f"{key}.{number}" for number in range(1, count)), key)


def send_target(room: str, draft: Draft, transaction: str) -> str:
    """Return where to `PUT` an event."""
    where, kind = _quoted(room), _quoted(draft.type)
    return f"/_matrix/client/v3/rooms/{where}/send/{kind}/{quote(transaction, safe='')}"


@lru_cache(maxsize=1024)
def _quoted(part: str) -> str:
    """Return a part of a path that is there again and again."""
    return quote(part, safe="")


def write(content: Mapping[str, object]) -> bytes:
    """Return the content of an event as JSON.

    Raises:
        Unsendable: it holds what JSON has no form for.
    """
    try:
        return msgspec.json.encode(content)
    except (TypeError, ValueError, OverflowError) as error:
        raise Unsendable(str(error)) from None


@define
class _Words:
    """A run of words, as text and as HTML."""

    text: str = ""
    html: str = ""
    rich: bool = False
    users: list[str] = field(factory=list)
    everybody: bool = False

    def add(self, part: Text | Markdown | Mention) -> None:
        match part:
            case Text(text):
                self.text += text
                self.html += html_of_text(text)
            case Markdown(text):
                self.text += text
                html = html_of(text)
                self.rich = self.rich or html is not None
                self.html += html_of_text(text) if html is None else html
            case Mention(Everyone()):
                self.text += EVERYBODY
                self.html += EVERYBODY
                self.everybody = True
            case Mention(user, name):
                # A name of blanks shows nobody, and would be no message at all.
                who, shown = str(user), name if name.strip() else str(user)
                self.text += shown
                self.html += pill(who, shown)
                self.rich = True
                self.users.append(who)

    def taken(self, msgtype: str) -> list[Draft]:
        """Return the event that says these words, if there are any, and begin anew."""
        text = self.text
        if not text.strip():
            self.text = self.html = ""
            return []
        mentions: JsonObject = {}
        if self.users:
            mentions["user_ids"] = list(dict.fromkeys(self.users))
        if self.everybody:
            mentions["room"] = True
        content: JsonObject = {"msgtype": msgtype, "body": text, "m.mentions": mentions}
        if self.rich:
            formatted = {**content, "format": HTML, "formatted_body": self.html}
            if _fits(formatted, len(text) + len(self.html)):
                content = formatted
        self.text = self.html = ""
        self.rich = self.everybody = False
        self.users = []
        return [Draft("m.room.message", content)]


def _fits(content: JsonObject, characters: int) -> bool:
    """Say whether an event is small enough; a short one is not measured."""
    longest = 12  # bytes that a character takes as JSON, as two escaped halves
    return (
        characters * longest < MAX_EVENT_BYTES // 2
        or len(write(content)) <= MAX_EVENT_BYTES
    )


def _media(part: Media) -> Draft:
    name = _name_of(part)
    content: JsonObject = {"msgtype": _MSGTYPES[type(part)], "body": name}
    if isinstance(part.source, bytes):
        return Draft("m.room.message", content, part)
    if isinstance(part.source, str) and part.source.startswith("mxc://"):
        return Draft("m.room.message", {**content, "url": part.source})
    msg = f"media must be bytes or an mxc:// address (got {str(part.source)!r:.80})"
    raise Unsendable(msg)


def _name_of(part: Media) -> str:
    """Return what is shown where it cannot be shown: a name, or what is on it."""
    given = ""
    if isinstance(part, Image):
        given = part.alt
    elif isinstance(part, File):
        given = part.name
    if given:
        return given
    if isinstance(part.source, Path):
        return part.source.name
    return type(part).__name__.lower()


def _raw(part: Raw) -> Draft:
    kind, content = part.data.get("type"), part.data.get("content")
    if part.platform != PLATFORM or not isinstance(kind, str) or not kind:
        msg = f'a Raw segment must be Raw("matrix", {{"type": ..., "content": ...}}) (got Raw({part.platform!r}, {dict(part.data)!r:.80}))'
        raise Unsendable(msg)
    if not isinstance(content, Mapping):
        msg = "the content of a Raw segment must be an object"
        raise Unsendable(msg)
    return Draft(kind, dict(content))


def _related(draft: Draft, reply: str, thread: str) -> Draft:
    """Say what an event answers, and in which thread it stands."""
    if not (reply or thread) or "m.relates_to" in draft.content:
        return draft
    relates: JsonObject = {}
    if thread:
        relates = {
            "rel_type": "m.thread",
            "event_id": thread,
            "is_falling_back": not reply,
        }
    relates["m.in_reply_to"] = {"event_id": reply or thread}
    content = {**draft.content, "m.relates_to": relates}
    return Draft(draft.type, content, draft.media)
