"""What is written down is what was there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.journal.sqlite.codec import (
    Unreadable,
    clean,
    decode_body,
    decode_change,
    decode_event,
    digest,
    encode_body,
    encode_change,
    encode_event,
)
from actors.messages import Change, Inbound, Mention, Raw, Segment, Text
from tests.actors.journal.sqlite.strategies import bodies, changes, events, texts


@given(events)
def test_an_event_comes_back_as_it_was(event: Inbound) -> None:
    again = decode_event(encode_event(event))

    assert again == event
    assert repr(again.raw) == repr(event.raw)  # 1 is not True, and not 1.0


@given(bodies)
def test_a_body_comes_back_as_it_was(body: tuple[Segment, ...]) -> None:
    again = decode_body(encode_body(body))

    assert again == body
    assert repr(again) == repr(body)  # names of who was mentioned, too
    assert encode_body(again) == encode_body(body)


@given(changes)
def test_a_change_comes_back_as_it_was(change: Change) -> None:
    again = decode_change(encode_change(change))

    assert again == change
    assert encode_change(again) == encode_change(change)


def test_what_says_something_new_changes_nothing() -> None:
    assert decode_change(None) is None


@pytest.mark.parametrize(
    "value", [object(), {1, 2}, (1, (2,)), float("nan"), {b"k": 1, (1, 2): 2**70}]
)
def test_what_nobody_could_keep_is_kept_as_something(value: object) -> None:
    event = Inbound("1", raw={"x": value}, body=(Raw("qq", {"x": value}),))

    assert decode_event(encode_event(event)).raw.keys() == {"x"}


def test_nesting_without_end_is_cut_not_refused() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]

    again = decode_event(encode_event(Inbound("1", raw={"x": deep, "y": 1})))

    assert again.raw["y"] == 1


@given(st.binary(max_size=40))
def test_any_bytes_are_an_event_or_unreadable(data: bytes) -> None:
    for decode in (decode_event, decode_body, decode_change):
        try:
            decode(data)
        except Unreadable:
            continue


def test_bytes_of_a_later_version_are_unreadable() -> None:
    with pytest.raises(Unreadable, match="no such segment"):
        decode_body(b"\x91\x92\xa3new\x01")


@given(texts)
def test_a_column_holds_what_sqlite_can_hold(text: str) -> None:
    assert clean(clean(text)) == clean(text)
    clean(text).encode()
    if "\ud800" not in text and "\udfff" not in text and text.isprintable():
        assert clean(text) == text


def test_parts_of_a_mark_are_kept_apart() -> None:
    assert digest("ab", "c") != digest("a", "bc")
    assert digest("\ud800") != digest("\udfff")
    assert len(digest("x" * 10_000)) == 16


def test_who_was_mentioned_keeps_a_name() -> None:
    (again,) = decode_body(encode_body((Mention("1", "Ada"),)))
    assert isinstance(again, Mention)
    assert again.name == "Ada"
    assert decode_body(encode_body((Text("x"),))) == (Text("x"),)
