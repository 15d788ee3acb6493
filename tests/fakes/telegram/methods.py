"""What the Bot API answers by itself. Pure.

The words of its errors are those of tdlib/telegram-bot-api, `Client.cpp`.
"""

from __future__ import annotations

import json
from typing import Any, TypeAlias

from attrs import field, frozen

from tests.fakes.telegram.events import Payload, chat, message
from tests.fakes.telegram.http import Response
from tests.fakes.telegram.params import Asked

Result: TypeAlias = Any

MAX_TEXT, MAX_CAPTION = 4096, 1024
SENDS = {
    "sendMessage": "text",
    "sendPhoto": "photo",
    "sendDocument": "document",
    "sendAudio": "audio",
    "sendVoice": "voice",
    "sendVideo": "video",
    "sendVideoNote": "video_note",
    "sendAnimation": "animation",
    "sendSticker": "sticker",
    "sendLocation": "location",
    "sendVenue": "venue",
    "sendContact": "contact",
    "sendDice": "dice",
}


@frozen
class Reply:
    """One answer, or how there is none."""

    result: Result = True
    code: int = 200
    why: str = ""
    parameters: dict[str, object] = field(factory=dict)
    after: float = 0.0
    """Seconds until it comes."""
    body: bytes | None = None
    """Instead of what a Bot API answers."""

    def response(self) -> Response:
        if self.body is not None:
            return Response(self.code, self.body, "text/html")
        said: dict[str, object]
        if self.code == 200:
            said = {"ok": True, "result": self.result}
        else:
            said = {"ok": False, "error_code": self.code, "description": self.why}
        if self.parameters:
            said["parameters"] = self.parameters
        headers: tuple[tuple[str, str], ...] = ()
        if "retry_after" in self.parameters:
            headers = (("Retry-After", str(self.parameters["retry_after"])),)
        return Response(self.code, json.dumps(said).encode(), headers=headers)


UNAUTHORIZED = Reply(code=401, why="Unauthorized")
NOT_FOUND = Reply(code=404, why="Not Found")
NO_METHOD = Reply(code=404, why="Not Found: method not found")
TERMINATED = Reply(
    code=409,
    why="Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
)
WEBHOOK_ACTIVE = Reply(
    code=409,
    why="Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
)


def flood(seconds: int | None) -> Reply:
    if seconds is None:  # nobody has seen that; the documentation calls it optional
        return Reply(code=429, why="Too Many Requests")
    why = f"Too Many Requests: retry after {seconds}"
    return Reply(code=429, why=why, parameters={"retry_after": seconds})


def migrated(to: int) -> Reply:
    why = "Bad Request: group chat was upgraded to a supergroup chat"
    return Reply(code=400, why=why, parameters={"migrate_to_chat_id": to})


def bad(why: str) -> Reply:
    return Reply(code=400, why=f"Bad Request: {why}")


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def said_by(asked: Asked, me: Payload, number: int, at: float) -> Reply:
    """Answer a method that says something."""
    params, name = asked.params, SENDS[asked.method]
    if params.get("chat_id") in (None, ""):
        return bad("chat_id is empty")
    if isinstance(asked.chat, str):
        return bad("chat not found")
    content: dict[str, object] = {}
    if name == "text":
        if not asked.text.strip():
            return bad("message text is empty")
        if units(asked.text) > MAX_TEXT:
            return bad("message is too long")
        content["text"] = asked.text
        if params.get("entities"):
            content["entities"] = params["entities"]
    else:
        if units(asked.text) > MAX_CAPTION:
            return bad("message caption is too long")
        if asked.text:
            content["caption"] = asked.text
        content[name] = _shown(asked, name)
    topic = params.get("message_thread_id")
    if topic not in (None, ""):
        content |= {"message_thread_id": int(topic), "is_topic_message": True}
    return Reply(message(number, chat(asked.chat), me, at, **content))


def _shown(asked: Asked, name: str) -> object:
    if name in ("location", "venue", "contact", "dice"):
        return {"of": name}
    file = {"file_id": f"sent-{name}-0123456789", "file_unique_id": "u"}
    return [file | {"width": 1, "height": 1}] if name == "photo" else file
