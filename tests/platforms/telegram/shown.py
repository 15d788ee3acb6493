"""Events as plain values, to be compared with what a file says."""

from __future__ import annotations

import json
from typing import Any

from actors.messages import (
    ALL,
    Audio,
    Emoji,
    File,
    Image,
    Inbound,
    Mention,
    Raw,
    Reply,
    Segment,
    Text,
    Video,
)

Case = dict[str, Any]  # what a JSON file holds


def shown(part: Segment) -> str:
    match part:
        case Text(text):
            return f"Text:{text}"
        case Mention(user, name):
            return "Mention:ALL" if user is ALL else f"Mention:{user}/{name}"
        case Reply(message):
            return f"Reply:{message}"
        case Image(source, alt):
            return f"Image:{source!s}/{alt}"
        case File(source, name):
            return f"File:{source!s}/{name}"
        case Audio(source) | Video(source):
            return f"{type(part).__name__}:{source!s}"
        case Emoji(id):
            return f"Emoji:{id}"
        case Raw(_, data):
            return f"Raw:{json.dumps(data, ensure_ascii=False)}"
        case _:
            return repr(part)


def told(event: Inbound) -> Case:
    """Return what is worth comparing of *event*; what is empty is left out."""
    sender = event.sender
    who = None
    if sender is not None:
        who = f"{sender.id}/{sender.name}/{sender.role.name}" + "/bot" * sender.is_bot
    whole: Case = {
        "id": event.id,
        "event": event.event,
        "chat": None if event.chat is None else str(event.chat),
        "sender": who,
        "body": [shown(part) for part in event.body],
        "facts": {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in event.facts.items()
        },
        "edit": event.edit,
        "at": event.sent_at_utc,
        "from_self": event.from_self,
    }
    return {key: value for key, value in whole.items() if value}
