"""The Bot API of Telegram as values: updates in, requests out, and what answers mean.

Pure: no socket, no clock, no randomness, nothing here waits. What sends and receives is one
folder up. Read `updates` first (what `getUpdates` brings). Then by what you look for:

- what the host is told: `events`, with `members` and `service` (what was done in a chat)
- what messages are made of: `content`, `entities` with `utf16` (offsets), `places` (chats)
- what we ask for: `outbound`, `changes` and, as bytes, `requests`
- what became of it: `answers`; `lenient` reads fields that may be missing
"""

from platforms.telegram.wire.answers import (
    DEFAULT_RETRY_SECONDS,
    Answer,
    Done,
    Moved,
    NotNow,
    NotSo,
    Refused,
    Unclear,
    Verdict,
    account_of,
    path_of,
    read_answer,
    trouble_of,
    verdict_of,
)
from platforms.telegram.wire.changes import (
    captioned,
    deletion_of,
    edit_of,
    reaction_of,
    wants_caption,
)
from platforms.telegram.wire.content import read_body
from platforms.telegram.wire.entities import Me, read_text, write_text
from platforms.telegram.wire.events import events_of
from platforms.telegram.wire.outbound import NotSoSendable, call_of
from platforms.telegram.wire.places import Unsendable, chat_of, room_of, target_of
from platforms.telegram.wire.requests import Call, Upload, body_of
from platforms.telegram.wire.updates import (
    LIMIT,
    WANTED,
    Batch,
    Update,
    asking,
    offset_of,
    read_batch,
    read_update,
)
from platforms.telegram.wire.utf16 import Offsets, units_in

__all__ = [
    "DEFAULT_RETRY_SECONDS",
    "LIMIT",
    "WANTED",
    "Answer",
    "Batch",
    "Call",
    "Done",
    "Me",
    "Moved",
    "NotNow",
    "NotSo",
    "NotSoSendable",
    "Offsets",
    "Refused",
    "Unclear",
    "Unsendable",
    "Update",
    "Upload",
    "Verdict",
    "account_of",
    "asking",
    "body_of",
    "call_of",
    "captioned",
    "chat_of",
    "deletion_of",
    "edit_of",
    "events_of",
    "offset_of",
    "path_of",
    "reaction_of",
    "read_answer",
    "read_batch",
    "read_body",
    "read_text",
    "read_update",
    "room_of",
    "target_of",
    "trouble_of",
    "units_in",
    "verdict_of",
    "wants_caption",
    "write_text",
]
