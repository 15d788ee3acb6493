"""What the host wants changed of a message that stands becomes the request for it.

Sources: core.telegram.org/bots/api#updating-messages, #setmessagereaction. A bot has one
reaction on a message: setting one takes the place of the other.
"""

from __future__ import annotations

import re
from typing import Final

from attrs import evolve

from actors.messages import Chat, Emoji, Outbound
from platforms.telegram.wire.outbound import NotSoSendable, Params, call_of
from platforms.telegram.wire.places import Unsendable, room_id
from platforms.telegram.wire.requests import Call, Upload

_MESSAGE: Final = re.compile(r"\d{1,18}", re.ASCII)
_NO_TEXT: Final = "there is no text in the message to edit"
_FILE: Final = "file"
# The media of an edit, by the parameter that holds them when they are sent.
_INPUT_MEDIA: Final = ("photo", "video", "animation", "audio", "document")


def edit_of(out: Outbound, message: str) -> Call:
    """Return the request that puts what *out* says in the place of *message*.

    Raises:
        NotSoSendable: a simpler form of it can take that place.
        Unsendable: there is nothing in it.
    """
    target = _target(out.chat, message)
    sending = call_of(out)
    said = {
        key: sending.params[key]
        for key in ("text", "entities")
        if key in sending.params
    }
    if "text" in said:
        return Call("editMessageText", {**target, **said})
    for sort in _INPUT_MEDIA:
        uploads = [one for one in sending.uploads if one.name == sort]
        if uploads or sort in sending.params:
            return _with_media(target, sort, sending, uploads)
    msg = "this cannot take the place of another message"
    raise NotSoSendable(msg)


def _with_media(
    target: Params, sort: str, sending: Call, uploads: list[Upload]
) -> Call:
    media: Params = {"type": sort}
    media["media"] = f"attach://{_FILE}" if uploads else sending.params[sort]
    for key in ("caption", "caption_entities"):
        if key in sending.params:
            media[key] = sending.params[key]
    files = tuple(evolve(one, name=_FILE) for one in uploads)
    return Call("editMessageMedia", {**target, "media": media}, files)


def wants_caption(why: str) -> bool:
    """Say whether an edit was refused because the message has a picture, and a caption."""
    return _NO_TEXT in why


def captioned(edit: Call) -> Call:
    """Return the same words as the caption of what the message shows."""
    params = dict(edit.params)
    params["caption"] = params.pop("text", "")
    if "entities" in params:
        params["caption_entities"] = params.pop("entities")
    return Call("editMessageCaption", params)


def deletion_of(chat: Chat, message: str) -> Call:
    """Return the request that takes *message* back. Raises Unsendable: it is none."""
    return Call("deleteMessage", _target(chat, message))


def reaction_of(chat: Chat, message: str, emoji: str | Emoji, *, remove: bool) -> Call:
    """Return the request that reacts to *message*. Raises Unsendable: it is none."""
    name = emoji.id if isinstance(emoji, Emoji) else emoji
    if isinstance(emoji, Emoji) and name.isascii() and name.isdecimal():
        reaction = {"type": "custom_emoji", "custom_emoji_id": name}
    else:
        reaction = {"type": "emoji", "emoji": name}
    wanted = [] if remove else [reaction]
    return Call("setMessageReaction", {**_target(chat, message), "reaction": wanted})


def _target(chat: Chat, message: str) -> Params:
    """A message is known by its chat, whatever topic it stands in."""
    if not _MESSAGE.fullmatch(message):
        msg = f"a message of Telegram's is a number (got {message!r:.40})"
        raise Unsendable(msg)
    return {"chat_id": room_id(chat), "message_id": int(message)}
