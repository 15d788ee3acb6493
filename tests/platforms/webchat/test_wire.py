"""The protocol as values: what is a frame, and that nothing else gets in."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.webchat import wire
from tests.meta.sources import ROOT

FRAMES = ROOT / "tests/platforms/webchat/frames.jsonl"
TOKEN = "a" * 43


def written() -> list[str]:
    return FRAMES.read_text("utf-8").splitlines()


@pytest.mark.parametrize("raw", written())
def test_what_the_page_says_is_read(raw: str) -> None:
    """Written by hand after `line.js`: a frame of each kind, as the page would say it."""
    frame = wire.read(raw)
    assert json.loads(raw)["op"] == type(frame).__name__.lower()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe",
        b'{"op":"say"',
        b"[]",
        b'"say"',
        b"{}",
        b'{"op":"fly"}',
        b'{"op":"hello"}',
        b'{"op":"hello","token":"short"}',
        b'{"op":"hello","token":"' + b"a" * 43 + b'\\n"}',
        b'{"op":"hello","token":"' + b"a" * 43 + b'","since":-1}',
        b'{"op":"hello","token":"' + b"a" * 43 + b'","since":1e300}',
        b'{"op":"hello","token":"' + b"a" * 43 + b'","since":"1"}',
        b'{"op":"say","id":"12345678","body":[]}',
        b'{"op":"say","id":"12345678","body":[{}]}',
        b'{"op":"say","id":"12345678","body":[{"text":"a","file":"b"}]}',
        b'{"op":"say","id":"12345678","body":"text"}',
        b'{"op":"say","id":"1","body":[{"text":"a"}]}',
        b'{"op":"say","id":"a b c d e f","body":[{"text":"a"}]}',
        b'{"op":"say","id":"12345678","body":[{"text":"' + b"a" * 8001 + b'"}]}',
        b'{"op":"say","id":"12345678","body":['
        + b'{"text":"a"},' * 10
        + b'{"text":"a"}]}',
        b'{"op":"say","id":"12345678","body":[{"text":"\xff"}]}',
        b'{"op":"say","id":"12345678","body":[{"text":"\\ud800"}]}',
        b'{"op":"ack","seq":' + b"[" * 100_000,
        b'{"op":"ack","seq":1,"x":' + b'{"a":' * 100_000,
        b'{"op":"react","id":"12345678","message":"12345678","emoji":""}',
    ],
)
def test_what_is_no_frame_is_refused(raw: bytes) -> None:
    with pytest.raises(wire.Unfit):
        wire.read(raw)


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_whatever_comes_is_a_frame_or_refused(raw: bytes | str) -> None:
    with suppress(wire.Unfit):
        wire.read(raw)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=10,
)
keys = st.sampled_from(
    ["id", "body", "seq", "token", "message", "emoji", "since", "reply"]
)


@given(
    st.sampled_from(["hello", "say", "edit", "delete", "react", "ack", "tock"]),
    st.dictionaries(keys, json_values, max_size=5),
)
def test_a_frame_with_anything_in_it_is_one_or_refused(
    op: str, rest: dict[str, object]
) -> None:
    raw = json.dumps({"op": op, **rest})
    try:
        frame = wire.read(raw)
    except wire.Unfit:
        return
    if isinstance(frame, wire.Say):
        assert 0 < len(frame.body) <= wire.MAX_PARTS


@given(st.text(max_size=100))
def test_a_text_comes_through_as_it_was_written(text: str) -> None:
    said = {"op": "say", "id": "12345678", "body": [{"text": text}]}
    try:
        frame = wire.read(
            json.dumps(said, ensure_ascii=False).encode("utf-8", "surrogatepass")
        )
    except wire.Unfit:
        assert not text or any(0xD800 <= ord(char) < 0xE000 for char in text)
        return
    assert isinstance(frame, wire.Say)
    assert frame.body[0].text == text
