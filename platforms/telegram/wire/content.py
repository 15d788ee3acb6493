"""What a message holds, as our segments.

Source: core.telegram.org/bots/api#message. A picture, sound, film or file is named by
its `file_id`: it can be said again as it is, and `downloadFile` brings its bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from actors.messages import (
    Audio,
    File,
    Image,
    Raw,
    Reply,
    Segment,
    Video,
)
from platforms.telegram.wire.entities import Me, read_text
from platforms.telegram.wire.lenient import (
    JsonObject,
    as_id,
    as_list,
    as_object,
    as_text,
)

PLATFORM: Final = "telegram"

_ABOUT: Final = frozenset(
    [
        "from",
        "sender_chat",
        "sender_business_bot",
        "chat",
        "direct_messages_topic",
        "forward_origin",
        "forward_from",
        "forward_from_chat",
        "reply_to_message",
        "external_reply",
        "quote",
        "reply_to_story",
        "via_bot",
        "link_preview_options",
        "suggested_post_info",
        "caption_entities",
        "entities",
        "reply_markup",
    ]
)
"""Objects that are about a message, and no content of it."""


def read_body(message: JsonObject, me: Me) -> tuple[Segment, ...]:
    """Return the body of *message*: whom it answers, what it shows, what it says."""
    get = message.get
    body: list[Segment] = []
    answered = _answered(message)
    if answered:
        body.append(Reply(answered))
    text = get("text")
    if type(text) is str:
        body += read_text(text, get("entities"), me)
        return tuple(body)
    shown = _shown(message)
    if shown is not None:
        body.append(shown)
    caption = get("caption")
    if isinstance(caption, str):
        body += read_text(caption, get("caption_entities"), me)
    return tuple(body)


def _answered(message: JsonObject) -> str:
    """Return the id of the message that this one answers; empty for none."""
    replied = message.get("reply_to_message")
    if not isinstance(replied, dict):
        return ""
    # Everything in a topic "answers" the line that opened it.
    if message.get("is_topic_message") is True and "forum_topic_created" in replied:
        return ""
    return as_id(replied.get("message_id"))


def _shown(message: JsonObject) -> Segment | None:
    for key, reader in _READERS.items():
        if key in message:
            read = reader(message[key])
            if read is not None:
                return read
    if "venue" in message:  # its place stands beside it
        return Raw(PLATFORM, {"venue": message["venue"]})
    for key, value in message.items():
        if key not in _ABOUT and isinstance(value, dict | list):
            return Raw(PLATFORM, {key: value})
    return None


def _file_id(value: object) -> str:
    return as_id(as_object(value).get("file_id"))


def _photo(value: object) -> Segment | None:
    sizes = [each for each in as_list(value) if _file_id(each)]
    if not sizes:
        return None
    return Image(_file_id(max(sizes, key=_area)))


def _area(size: object) -> int:
    width, height = as_object(size).get("width"), as_object(size).get("height")
    return width * height if type(width) is int and type(height) is int else 0


def _sticker(value: object) -> Segment | None:
    source, sticker = _file_id(value), as_object(value)
    if not source:
        return None
    if sticker.get("is_video") is True:
        return Video(source)
    if sticker.get("is_animated") is True:
        return File(source, "sticker.tgs")
    return Image(source, as_text(sticker.get("emoji")))


def _document(value: object) -> Segment | None:
    source = _file_id(value)
    return File(source, as_text(as_object(value).get("file_name"))) if source else None


def _sound(value: object) -> Segment | None:
    source = _file_id(value)
    return Audio(source) if source else None


def _film(value: object) -> Segment | None:
    source = _file_id(value)
    return Video(source) if source else None


_READERS: Final[dict[str, Callable[[object], Segment | None]]] = {
    "photo": _photo,
    "sticker": _sticker,
    "animation": _film,  # before `document`, which Telegram sets beside it
    "video": _film,
    "video_note": _film,
    "voice": _sound,
    "audio": _sound,
    "document": _document,
}
