"""What the Bot API has answered to a request, and what that means for a message.

Sources: core.telegram.org/bots/api#making-requests and #responseparameters; the words
of errors as the server itself has them, tdlib/telegram-bot-api `Client.cpp`.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

import msgspec
from attrs import frozen

from platforms.objects import read_json
from platforms.telegram.wire.lenient import (
    JsonObject,
    as_id,
    as_number,
    as_object,
    as_text,
)

DEFAULT_RETRY_SECONDS: Final = 5.0
"""A 429 that does not say when."""
SOONEST_RETRY_SECONDS: Final = 1.0
"""However soon it says: a server that says 0 must not be asked without a pause."""
LATEST_RETRY_SECONDS: Final = 86_400.0
"""However late it says: Telegram keeps nothing longer than that."""
RESTART_SECONDS: Final = 5.0


class Answer(msgspec.Struct, frozen=True):
    """The answer to one request."""

    ok: bool
    code: int
    why: str = ""
    """Its `description`, or what is wrong with it where it is none of the Bot API's."""
    result: object = None
    retry_after: float | None = None
    moved_to: str = ""
    """The chat has become the supergroup of this id."""
    api: bool = True
    """It is an answer of the Bot API, not of something on the way to it."""


def read_answer(status: int, body: bytes) -> Answer:
    """Return the answer in *body*, which came with the HTTP *status*."""
    try:
        said = read_json(body)
    except ValueError:
        said = None
    if not isinstance(said, dict) or not isinstance(said.get("ok"), bool):
        why = f"HTTP {status} without an answer of the Bot API"
        return Answer(ok=False, code=status, why=why, api=False)
    code = said.get("error_code")
    parameters = as_object(said.get("parameters"))
    return Answer(
        ok=said["ok"],
        code=code if type(code) is int else status,
        why=as_text(said.get("description")) or f"error {status} without a word",
        result=said.get("result"),
        retry_after=_seconds(parameters.get("retry_after")),
        moved_to=as_id(parameters.get("migrate_to_chat_id")),
    )


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not value >= 0:
        return None
    return float(min(max(value, SOONEST_RETRY_SECONDS), LATEST_RETRY_SECONDS))


@frozen
class Done:
    """The request was done. `message_id` is that of a message that was sent."""

    message_id: str = ""


@frozen
class NotNow:
    """The request was not done, and may be made again."""

    after: float
    why: str
    everybody: bool = False
    """It is said to the account, whatever the chat."""


@frozen
class Moved:
    """The request was not done: the chat is another one now."""

    to: str


@frozen
class NotSo:
    """The request was not done, but a simpler form of it may be."""

    why: str


@frozen
class Refused:
    """The request was not done, and making it again will not help."""

    why: str


@frozen
class Unclear:
    """The request may or may not have been done."""

    why: str


Verdict: TypeAlias = Done | NotNow | Moved | NotSo | Refused | Unclear

# A form is what was refused: the picture, its address, its size, the markup. Whatever
# this matches was not sent, so to be wrong about it is harmless.
_FORM: Final = re.compile(
    r"wrong (remote )?file|file[_ ]?id|wrong type of (the )?web ?page|"
    r"failed to get http url|webpage_|web page|can't use file|photo|image|video|audio|"
    r"voice|document|sticker|animation|media|file is too big|file must be|file part|"
    r"can't parse entities|custom emoji|entity"
)
_RESTART: Final = "restart"
_AS_IT_WAS: Final = "message is not modified"


def verdict_of(answer: Answer) -> Verdict:
    """Say what *answer* means for the message that was asked for: the first row that fits.

    | answer | verdict |
    | --- | --- |
    | `ok` | done, its message id |
    | 400 `message is not modified` | done: it says that already |
    | no answer of the Bot API, or 5xx | unclear: it may have been done before that |
    | 500 that says `restart` | not now: the server is closing, and does nothing more |
    | 429 | not now, for `retry_after` seconds: from 1 to a day |
    | `migrate_to_chat_id` | moved |
    | 401, 404 | not now, for everybody: the token; its session will say so |
    | 409 | not now: another program |
    | 413, or 400/403 whose words speak of a picture, a file, an entity | not so |
    | any other | refused |
    """
    code, why = answer.code, answer.why
    words = why.lower()
    if answer.ok:
        return Done(as_id(as_object(answer.result).get("message_id")))
    if code == 400 and _AS_IT_WAS in words:
        return Done()
    if code == 429:
        after = answer.retry_after
        return NotNow(DEFAULT_RETRY_SECONDS if after is None else after, why)
    if code == 413:
        return NotSo(why)
    if not answer.api:
        return Unclear(why)
    if code >= 500:
        if _RESTART in words:
            return NotNow(RESTART_SECONDS, why, everybody=True)
        return Unclear(why)
    if answer.moved_to:
        return Moved(answer.moved_to)
    if code in (401, 404):
        return NotNow(RESTART_SECONDS, why, everybody=True)
    if code == 409:
        return NotNow(RESTART_SECONDS, why)
    if code in (400, 403) and _FORM.search(words):
        return NotSo(why)
    return Refused(why)


def account_of(result: object) -> tuple[str, str]:
    """Return id and username of the account in the `result` of `getMe`."""
    user: JsonObject = as_object(result)
    return as_id(user.get("id")), as_text(user.get("username"))


def trouble_of(result: object, url: str) -> str:
    """Say what is wrong with a webhook, by the `result` of `getWebhookInfo`; or nothing.

    A failure is old news once nothing waits any more.
    """
    info = as_object(result)
    if as_text(info.get("url")) != url:
        return "conflict: another program has taken the webhook away"
    error = as_text(info.get("last_error_message"))
    waiting = as_number(info.get("pending_update_count")) or 0
    if error and waiting:
        return f"Telegram cannot push to us: {error} ({waiting} updates wait)"
    return ""


def path_of(result: object) -> str:
    """Return the `file_path` in the `result` of `getFile`; empty where there is none."""
    return as_text(as_object(result).get("file_path"))
