"""A frame becomes one value, whatever is in it, and an answer means what it says."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from platforms.objects import MAX_NESTING
from platforms.onebot11.wire import (
    Answer,
    Confirmed,
    Event,
    Fault,
    FaultKind,
    Refused,
    Unclear,
    answer_of,
    decode,
    echo_key,
    refuses_form,
    verdict_of,
)

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


def answered(**fields: object) -> Answer:
    answer = decode(json.dumps({"status": "ok", "retcode": 0, "data": None, **fields}))
    assert isinstance(answer, Answer)
    return answer


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        ("", FaultKind.NOT_JSON),
        (b"", FaultKind.NOT_JSON),
        ("{", FaultKind.NOT_JSON),
        (b"\xff\xfe\x00", FaultKind.NOT_JSON),
        (b'{"a":"\xff"}', FaultKind.UNRECOGNISED),
        ('{"post_type":NaN}', FaultKind.UNRECOGNISED),
        ("\ud800", FaultKind.NOT_JSON),
        ("9" * 5000, FaultKind.NOT_AN_OBJECT),
        ("null", FaultKind.NOT_AN_OBJECT),
        ("[]", FaultKind.NOT_AN_OBJECT),
        ("5", FaultKind.NOT_AN_OBJECT),
        ('"post_type"', FaultKind.NOT_AN_OBJECT),
        ("{}", FaultKind.UNRECOGNISED),
        ('{"post_type":5}', FaultKind.UNRECOGNISED),
        ('{"status":{}}', FaultKind.UNRECOGNISED),
        ('{"a":' * 100_000, FaultKind.TOO_DEEP),
        ("[" * 100_000, FaultKind.TOO_DEEP),
    ],
)
def test_every_bad_frame_is_a_described_fault(
    frame: str | bytes, kind: FaultKind
) -> None:
    fault = decode(frame)
    assert isinstance(fault, Fault)
    assert fault.kind is kind
    assert "must" in fault.why
    assert len(fault.excerpt) <= 200
    assert len(fault.why) < 500


@pytest.mark.parametrize("kind", ["array", "object"])
def test_nesting_is_allowed_up_to_the_limit(kind: str) -> None:
    def event(depth: int) -> str:
        opened, closed = ("[", "]") if kind == "array" else ('{"a":', "}")
        inner = opened * (depth - 1) + "1" + closed * (depth - 1)
        return '{"post_type":"notice","x":' + inner + "}"

    assert isinstance(decode(event(MAX_NESTING)), Event)
    fault = decode(event(MAX_NESTING + 1))
    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.TOO_DEEP


def test_many_brackets_side_by_side_are_not_deep() -> None:
    assert isinstance(
        decode('{"post_type":"notice","x":[' + "[],{}," * 500 + "1]}"), Event
    )


def test_half_an_emoji_costs_one_character_not_the_message() -> None:
    frame = '{"post_type":"message","message_type":"private","user_id":1,"message_id":2,"message":"a\\ud83d b \\ud83d\\ude00"}'
    event = decode(frame)
    assert isinstance(event, Event)
    assert event.raw["message"] == "a\ufffd b 😀"
    assert decode(frame.encode()) == event


def test_a_byte_order_mark_is_passed_over() -> None:
    frame = '\ufeff{"post_type":"notice","notice_type":"friend_add"}'
    assert isinstance(decode(frame), Event)
    assert isinstance(decode(frame.encode()), Event)


def test_an_event_with_status_and_echo_is_an_event() -> None:
    """Gensokyo writes an echo into events; heartbeats have a status."""
    frame = '{"post_type":"meta_event","meta_event_type":"heartbeat","status":{},"echo":"1","retcode":0}'
    assert isinstance(decode(frame), Event)


@settings(deadline=None)
@given(JSON_VALUES)
def test_an_echo_is_matched_by_value(echo: object) -> None:
    answer = answered(echo=echo)
    assert answer.key == echo_key(echo)
    assert (answer_of(answer) is answer) == (echo is not None)


@settings(deadline=None)
@given(JSON_VALUES, JSON_VALUES)
def test_different_echoes_have_different_keys(one: object, two: object) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(two, sort_keys=True)
    assert (echo_key(one) == echo_key(two)) == same


def test_the_order_of_fields_in_an_echo_does_not_matter() -> None:
    assert echo_key({"a": 1, "b": [2.0]}) == echo_key({"b": [2], "a": 1.0})
    assert echo_key("1") != echo_key(1)


@pytest.mark.parametrize(
    ("fields", "verdict"),
    [
        ({"data": {"message_id": -5}}, Confirmed("-5")),
        ({"data": {"message_id": "abc"}}, Confirmed("abc")),
        ({"retcode": "0"}, Confirmed()),
        ({"status": "OK"}, Confirmed()),
        ({"status": "async", "retcode": 1}, Unclear),
        ({"status": "async", "retcode": 0}, Unclear),
        ({"status": "ok", "retcode": 1}, Unclear),
        ({"status": "ok", "retcode": 1404}, Unclear),
        ({"status": "failed", "retcode": 1400}, Refused),
        ({"status": "failed", "retcode": 1401}, Refused),
        ({"status": "failed", "retcode": 1403}, Refused),
        ({"status": "failed", "retcode": 1404}, Refused),
        ({"status": "failed", "retcode": 100, "msg": "SEND_MSG_API_ERROR"}, Refused),
        ({"status": "failed", "retcode": 1200, "message": "Timeout: x"}, Unclear),
        ({"status": "failed", "retcode": 1200, "message": "no such group"}, Refused),
        ({"status": "failed", "retcode": 1200}, Unclear),
        ({"status": "failed", "retcode": -1, "wording": "可能操作超时"}, Unclear),
        ({"status": "failed", "retcode": 0}, Refused),
        ({"status": "failed", "retcode": {}}, Refused),
    ],
)
def test_what_an_answer_means(fields: dict[str, object], verdict: object) -> None:
    """A25: what is ambiguous is *unknown*: never success, never failure."""
    got = verdict_of(answered(**fields))
    assert got == verdict if isinstance(verdict, Confirmed) else type(got) is verdict


@pytest.mark.parametrize(
    ("retcode", "words", "form"),
    [
        (1200, 'EventChecker Failed: "errMsg": "rich media transfer failed"', True),
        (100, "IMAGE_DOWNLOAD failed: 404 while it was to download", True),
        (1200, "图片下载失败", True),
        (1200, "消息类型不支持", True),
        (1400, "", True),
        (1404, "", False),
        (1200, "no such group", False),
        (1200, "you are muted, see your profile", False),
        (102, "", False),
    ],
)
def test_a_refusal_may_be_one_of_the_form(retcode: int, words: str, form: bool) -> None:
    """A25: only these are followed by a simpler form."""
    refused = verdict_of(answered(status="failed", retcode=retcode, message=words))
    assert isinstance(refused, Refused)
    assert refuses_form(refused) is form


def test_a_status_may_be_missing() -> None:
    answer = decode('{"retcode":0,"data":{"message_id":1}}')
    assert isinstance(answer, Answer)
    assert verdict_of(answer) == Confirmed("1")
    refused = decode('{"retcode":103,"data":null}')
    assert isinstance(refused, Answer)
    assert isinstance(verdict_of(refused), Refused)


def test_the_reason_is_told_in_the_words_of_the_implementation() -> None:
    told = verdict_of(answered(status="failed", retcode=100, msg="A", wording="因为"))
    assert told == Refused("因为 (retcode 100)", 100)
    assert verdict_of(answered(status="failed", retcode=1404)) == Refused(
        "it does not know this action (retcode 1404)", 1404
    )
