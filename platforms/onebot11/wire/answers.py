"""What an implementation answered to an action, and what that means for a message.

Source: botuniverse/onebot-11, `communication/ws.md` and `api/README.md`.
"""

from __future__ import annotations

import re
from typing import TypeAlias

import msgspec
from attrs import field, frozen

from platforms.onebot11.wire.lenient import (
    JsonObject,
    as_id,
    as_int,
    as_object,
    as_text,
)

BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 1400, 1401, 1403, 1404
"""The HTTP statuses 400, 401, 403 and 404, as the specification shifts them."""

RETCODES: dict[int, str] = {
    0: "ok",
    1: "taken, but its result will never be told",
    100: "missing or wrong parameters, or the send failed (go-cqhttp)",
    102: "not permitted, or no such thing",
    103: "not permitted, or it failed",
    104: "its credentials have expired",
    BAD_REQUEST: "it did not understand the parameters",
    UNAUTHORIZED: "it wants a token",
    FORBIDDEN: "it does not accept the token",
    NOT_FOUND: "it does not know this action",
}
"""In words, where an answer has none of its own."""

# Written in the answer where it was a picture or a file that could not be sent, as in
# NapCat's "rich media transfer failed": NapNeko/NapCatQQ#535, #684.
_FORM_WORDS = re.compile(
    r"rich media|\b(image|picture|photo|record|voice|video|file|base64)s?\b|"
    r"\b(down|up)load|\b(un|not )support|图片|语音|视频|文件|下载|上传|不支持"
)

# NapCat answers every failure with 1200 (200 over HTTP) and tells it in the text. When
# that says timeout, the message is often out all the same: NapNeko/NapCatQQ#1772, #932.
_TIMEOUT_WORDS = ("timeout", "timed out", "超时")
_CATCH_ALL_RETCODES = frozenset({200, 1200})


@frozen
class Answer:
    """The answer to one action."""

    key: str
    """`echo_key` of its echo; empty if it has none, as after a frame nobody could read."""
    status: str
    """ok, async or failed; empty if the implementation left it out."""
    retcode: int
    data: object
    words: str
    """What the implementation says of it, from `wording`, `message` or `msg`."""
    raw: JsonObject = field(repr=False)


@frozen
class Confirmed:
    """The action was done. `message_id` is that of a message that was sent, if it was told."""

    message_id: str = ""


@frozen
class Refused:
    """The action was not done, and asking again will not help."""

    why: str
    retcode: int = 0


@frozen
class Unclear:
    """The action may or may not have been done: *unknown*, never success, never failure."""

    why: str
    retcode: int = 0


Verdict: TypeAlias = Confirmed | Refused | Unclear


def echo_key(echo: object) -> str:
    """Return a text that is equal for equal echoes, whatever JSON they are.

    An echo comes back by value: an object with its fields in another order, or a
    number written as 3.0, is the same. Empty for `null` and for no echo.
    """
    if type(echo) is str:
        return '"' + echo
    return "" if echo is None else msgspec.json.encode(_normal(echo)).decode()


def _normal(value: object) -> object:
    if isinstance(value, dict):
        return {key: _normal(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [_normal(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def read_answer(frame: JsonObject) -> Answer:
    """Return the answer in *frame*, which is no event."""
    get = frame.get
    words = as_text(get("wording")) or as_text(get("message")) or as_text(get("msg"))
    status = get("status")
    return Answer(
        echo_key(get("echo")),
        status.lower() if isinstance(status, str) else "",
        as_int(get("retcode"), 0 if status in ("ok", None) else -1),
        get("data"),
        words,
        frame,
    )


def verdict_of(answer: Answer) -> Verdict:
    """Say what an answer means for the action that was asked for."""
    code = answer.retcode
    if answer.status == "async" or code == 1:
        return Unclear(RETCODES[1], code)
    if answer.status in ("ok", "") and code == 0:
        return Confirmed(as_id(as_object(answer.data).get("message_id")))
    why = answer.words or RETCODES.get(code, "it gave no reason")
    if answer.status == "ok":
        return Unclear(f"it says ok, but with retcode {code}: {why}", code)
    told = answer.words.lower()
    if any(word in told for word in _TIMEOUT_WORDS):
        return Unclear(why, code)
    if code in _CATCH_ALL_RETCODES and not told:
        return Unclear(why, code)
    return Refused(f"{why} (retcode {code})", code)


def refuses_form(refused: Refused) -> bool:
    """Say whether it was the form of a message that was refused: a simpler one may do.

    Only a guess from its words, and harmless: whatever was refused is not out.
    """
    if refused.retcode == BAD_REQUEST:
        return True
    return _FORM_WORDS.search(refused.why.lower()) is not None
