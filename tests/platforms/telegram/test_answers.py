"""What an answer means for the message that was asked for."""

from __future__ import annotations

import json

import pytest

from actors.sender import FormRefused, OutcomeUnknown, Rejected, Retry
from platforms.telegram.calls import calling, raise_of, result
from platforms.telegram.floods import Floods
from platforms.telegram.wire import (
    Done,
    Moved,
    NotNow,
    NotSo,
    Refused,
    Unclear,
    Verdict,
    read_answer,
    verdict_of,
)


def said(code: int, why: str = "", **parameters: object) -> tuple[int, bytes]:
    body: dict[str, object] = {"ok": False, "error_code": code, "description": why}
    if parameters:
        body["parameters"] = parameters
    return code, json.dumps(body).encode()


def ok(result: object) -> tuple[int, bytes]:
    return 200, json.dumps({"ok": True, "result": result}).encode()


BLOCKED = "Forbidden: bot was blocked by the user"
TABLE: list[tuple[tuple[int, bytes], Verdict]] = [
    (ok({"message_id": 7}), Done("7")),
    (ok([{"message_id": 7}]), Done("")),
    (ok(True), Done("")),
    (said(429, "Too Many", retry_after=17), NotNow(17.0, "Too Many")),
    (said(429, "Too Many"), NotNow(5.0, "Too Many")),
    (said(429, "Too Many", retry_after=0), NotNow(1.0, "Too Many")),
    (said(429, "Too Many", retry_after=-7), NotNow(5.0, "Too Many")),
    (said(429, "Too Many", retry_after=10**12), NotNow(86_400.0, "Too Many")),
    (said(429, "Too Many", retry_after="soon"), NotNow(5.0, "Too Many")),
    ((429, b"<html>slow down</html>"), NotNow(5.0, "HTTP 429 without an answer of the Bot API")),
    (said(400, "x", migrate_to_chat_id=-1007), Moved("-1007")),
    (said(401, "Unauthorized"), NotNow(5.0, "Unauthorized", everybody=True)),
    (said(404, "Not Found"), NotNow(5.0, "Not Found", everybody=True)),
    (said(409, "Conflict"), NotNow(5.0, "Conflict")),
    (said(403, BLOCKED), Refused(BLOCKED)),
    (said(400, "Bad Request: chat not found"), Refused("Bad Request: chat not found")),
    (said(400, "Bad Request: message text is empty"), Refused("Bad Request: message text is empty")),
    (said(400, "Bad Request: message thread not found"), Refused("Bad Request: message thread not found")),
    (said(500, "Internal Server Error: restart"), NotNow(5.0, "Internal Server Error: restart", everybody=True)),
    (said(500, "Internal Server Error"), Unclear("Internal Server Error")),
    (said(504, "Gateway Timeout"), Unclear("Gateway Timeout")),
    ((502, b"<html>Bad Gateway</html>"), Unclear("HTTP 502 without an answer of the Bot API")),
    ((200, b"<html>"), Unclear("HTTP 200 without an answer of the Bot API")),
    ((200, b""), Unclear("HTTP 200 without an answer of the Bot API")),
    ((200, b'{"ok": "yes"}'), Unclear("HTTP 200 without an answer of the Bot API")),
    ((413, b"too large"), NotSo("HTTP 413 without an answer of the Bot API")),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "verdict"), TABLE, ids=[str(v) for _, v in TABLE])
def test_each_answer_has_one_meaning(
    answer: tuple[int, bytes], verdict: Verdict
) -> None:
    assert verdict_of(read_answer(*answer)) == verdict


@pytest.mark.parametrize(
    "why",
    [
        "Bad Request: wrong file identifier/HTTP URL specified",
        "Bad Request: wrong remote file identifier specified: Wrong padding",
        "Bad Request: wrong type of the web page content",
        "Bad Request: failed to get HTTP URL content",
        "Bad Request: PHOTO_INVALID_DIMENSIONS",
        "Bad Request: IMAGE_PROCESS_FAILED",
        "Bad Request: can't use file of type Sticker as Photo",
        "Bad Request: file is too big",
        "Bad Request: VOICE_MESSAGES_FORBIDDEN",
        "Bad Request: not enough rights to send photos to the chat",
        "Bad Request: entity beginning at byte offset 3 is invalid",
    ],
)
def test_a_form_that_is_refused_has_a_simpler_one(why: str) -> None:
    assert verdict_of(read_answer(*said(400, why))) == NotSo(why)


@pytest.mark.parametrize(
    ("verdict", "error"),
    [
        (NotNow(7.0, "w", everybody=True), Retry(7.0, "w", whole_account=True)),
        (NotSo("w"), FormRefused("w")),
        (Refused("w"), Rejected("w")),
        (Unclear("w"), OutcomeUnknown("w")),
    ],
)
def test_what_the_host_is_told(verdict: Verdict, error: Exception) -> None:
    told = raise_of(verdict)
    assert type(told) is type(error)
    assert vars_of(told) == vars_of(error)


def vars_of(error: Exception) -> list[object]:
    return [getattr(error, name, None) for name in ("after", "why", "whole_account")]


def test_an_action_that_is_refused_for_its_form_is_refused() -> None:
    for answer in (said(400, "Bad Request: wrong file_id"), said(404, "no method")):
        with pytest.raises(Rejected) as caught:
            result(read_answer(*answer))
        assert not isinstance(caught.value, FormRefused)


def test_bytes_of_an_action_are_uploaded_and_nothing_is_left_out() -> None:
    call = calling("setChatPhoto", {"chat_id": 7, "photo": b"x", "none": None})
    assert dict(call.params) == {"chat_id": 7}
    assert [(one.name, one.data) for one in call.uploads] == [("photo", b"x")]


def test_a_flood_is_of_the_chat_until_another_chat_is_flooded_too() -> None:
    floods = Floods()
    assert not floods.refused("1", 0.0, 10.0)
    assert not floods.refused("1", 5.0, 10.0)
    assert floods.refused("2", 14.0, 3.0)
    assert not floods.refused("2", 17.5, 3.0), "the first is over"
