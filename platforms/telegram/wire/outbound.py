"""What the host wants said becomes the request that says it.

One message is one request: words, or one picture, sound, film or file with words beside
it. The host cuts what is more into parts before (`Caps.caption_limit`).

Source: core.telegram.org/bots/api#available-methods.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from attrs import frozen

from actors.messages import Audio, File, Image, Outbound, Raw, Reply, Segment, Video
from platforms.telegram.wire.content import PLATFORM
from platforms.telegram.wire.entities import write_text
from platforms.telegram.wire.lenient import as_object
from platforms.telegram.wire.places import Unsendable, target_of
from platforms.telegram.wire.requests import Call, Upload

Media: TypeAlias = Image | Audio | Video | File
Params: TypeAlias = dict[str, object]

MAX_PHOTO_BYTES: Final = 10 * 1024 * 1024
"""A larger picture goes out as a file (#sending-files)."""


class NotSoSendable(Unsendable):
    """A simpler form of it can be sent."""


@frozen
class _Way:
    """How a sort of media goes out."""

    method: str
    name: str
    """The parameter that holds it."""
    file_name: str
    captioned: bool = True


_PHOTO: Final = _Way("sendPhoto", "photo", "image.jpg")
_DOCUMENT: Final = _Way("sendDocument", "document", "file")
_AUDIO: Final = _Way("sendAudio", "audio", "audio.mp3")
_VOICE: Final = _Way("sendVoice", "voice", "voice.ogg")
_VIDEO: Final = _Way("sendVideo", "video", "video.mp4")
_ANIMATION: Final = _Way("sendAnimation", "animation", "animation.gif")
_STICKER: Final = _Way("sendSticker", "sticker", "sticker.webp", captioned=False)
_NOTE: Final = _Way("sendVideoNote", "video_note", "note.mp4", captioned=False)

# A file_id begins with the sort of its file, which nothing documents and every client
# knows (td/telegram/files/FileType.h): only so can what came in go out again as it was.
_BY_FILE_ID: Final = {
    "Ag": _PHOTO,
    "Aw": _VOICE,
    "BA": _VIDEO,
    "BQ": _DOCUMENT,
    "CA": _STICKER,
    "CQ": _AUDIO,
    "Cg": _ANIMATION,
    "DQ": _NOTE,
}
_MESSAGE: Final = re.compile(r"\d{1,18}", re.ASCII)
_FILE_ID_CHARS: Final = 20
_VOICE_ENDINGS: Final = frozenset({".ogg", ".oga", ".opus"})
_RAW: Final = {
    "location": "sendLocation",
    "venue": "sendVenue",
    "contact": "sendContact",
    "dice": "sendDice",
}


def call_of(out: Outbound) -> Call:
    """Return the request that says *out*.

    Raises:
        NotSoSendable: it has something that needs a simpler form.
        Unsendable: nothing in it to send, or nothing that Telegram can express.
    """
    params: Params = {**target_of(out.chat), **_answering(out.body)}
    media = [part for part in out.body if isinstance(part, Media)]
    words, entities = write_text(out.body)
    if raw := [part for part in out.body if isinstance(part, Raw)]:
        if len(raw) > 1 or media or words.strip():
            msg = "what is Telegram's own must be a message by itself"
            raise NotSoSendable(msg)
        return _own(raw[0], params)
    if len(media) > 1:
        msg = "a message must hold one picture or file at most"
        raise NotSoSendable(msg)
    if media:
        return _showing(media[0], words, entities, params)
    if not words:
        msg = "a message must say something (got an empty body)"
        raise Unsendable(msg)
    params["text"] = words
    if entities:
        params["entities"] = entities
    return Call("sendMessage", params)


def _answering(body: Iterable[Segment]) -> Params:
    for part in body:
        if isinstance(part, Reply) and _MESSAGE.fullmatch(part.message):
            to = {
                "message_id": int(part.message),
                "allow_sending_without_reply": True,
            }
            return {"reply_parameters": to}
    return {}


def _showing(media: Media, words: str, entities: object, params: Params) -> Call:
    way = _way_of(media)
    if words:
        if not way.captioned:
            msg = f"a {way.name} has no words beside it"
            raise NotSoSendable(msg)
        params["caption"] = words
        if entities:
            params["caption_entities"] = entities
    source = media.source
    if isinstance(source, bytes):
        name = media.name if isinstance(media, File) else ""
        upload = Upload(way.name, name or way.file_name, source)
        return Call(way.method, params, (upload,))
    if not isinstance(source, str):
        msg = "a path must be read by the host before it is sent"
        raise NotSoSendable(msg)
    params[way.name] = source
    return Call(way.method, params)


def _way_of(media: Media) -> _Way:
    source = media.source
    if isinstance(source, str) and _is_file_id(source):
        return _BY_FILE_ID[source[:2]]
    match media:
        case Image(bytes(data)) if data.startswith(b"GIF8"):
            return _ANIMATION
        case Image(bytes(data)) if len(data) > MAX_PHOTO_BYTES:
            return _DOCUMENT
        case Image():
            return _PHOTO
        case Audio(bytes(data)):
            return _VOICE if data.startswith(b"OggS") else _AUDIO
        case Audio(str(link)):
            return _VOICE if _ending(link) in _VOICE_ENDINGS else _AUDIO
        case Audio():
            return _AUDIO
        case Video():
            return _VIDEO
        case _:
            return _DOCUMENT


def _is_file_id(source: str) -> bool:
    return (
        len(source) >= _FILE_ID_CHARS
        and source[:2] in _BY_FILE_ID
        and "://" not in source
    )


def _ending(link: str) -> str:
    try:
        return PurePosixPath(urlsplit(link).path).suffix.lower()
    except ValueError:
        return ""


def _own(raw: Raw, params: Params) -> Call:
    """A place, a contact, a die: it goes out as it came in."""
    if raw.platform == PLATFORM:
        for key, method in _RAW.items():
            value = raw.data.get(key)
            if isinstance(value, dict):
                return Call(method, {**params, **_flat(key, value)})
    msg = f'a Raw segment must be Raw("telegram", {{{" | ".join(map(repr, _RAW))}: {{...}}}}) (got one of {raw.platform!r} with {sorted(raw.data)!r:.80})'
    raise NotSoSendable(msg)


def _flat(key: str, value: Params) -> Params:
    """Return the parameters that send *value*, which has what an answer has."""
    match key:
        case "venue":
            where = dict(as_object(value.get("location")))
            rest = {name: each for name, each in value.items() if name != "location"}
            return {**where, **rest}
        case "contact":
            return {name: each for name, each in value.items() if name != "user_id"}
        case "dice":
            return {"emoji": value["emoji"]} if "emoji" in value else {}
        case _:
            return dict(value)
