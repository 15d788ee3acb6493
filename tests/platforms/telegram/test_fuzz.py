"""No answer may raise: random JSON, random bytes, and real updates with damage done."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from actors.messages import Chat, Text
from platforms.telegram.wire import (
    WANTED,
    Me,
    Unsendable,
    account_of,
    body_of,
    call_of,
    events_of,
    offset_of,
    path_of,
    read_answer,
    read_batch,
    target_of,
    verdict_of,
)
from tests.platforms.telegram.living import saying
from tests.platforms.telegram.test_corpus import CASES

ME = Me("4242", "rook_bot")
UPDATES: list[dict[str, object]] = [case["update"] for case in CASES]
PAYLOADS = [v for u in UPDATES for v in u.values() if isinstance(v, dict)]
KEYS = sorted({key for payload in PAYLOADS for key in payload} | {"id", "type", "user"})
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["private", "supergroup", "mention", "kicked", "\ud83d", "@rook_bot"]),
)  # fmt: skip
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(KEYS) | st.text(max_size=4), inner, max_size=6
        )
    ),
    max_leaves=20,
)


def survives(body: bytes) -> None:
    """Everything the session does with an answer, on *body*."""
    answer = read_answer(200, body)
    verdict_of(answer)
    account_of(answer.result)
    path_of(answer.result)
    for update in read_batch(answer.result).updates:
        for event in events_of(update, ME):
            assert event.id
            assert event.event.isprintable()
            assert event.chat is None or event.chat.id
            repr(event)
            json.dumps(event.raw)
            with suppress(Unsendable):
                body_of(call_of(saying(*event.body)))


def batch(*updates: object) -> bytes:
    return json.dumps({"ok": True, "result": list(updates)}).encode()


@settings(deadline=None)
@given(st.binary() | st.text().map(lambda t: t.encode("utf-8", "surrogatepass")))
@example(b"[" * 100_000)
@example(b'{"ok": true, "result": [{"update_id": 1' + b"0" * 5000 + b"}]}")
def test_no_bytes_make_reading_raise(body: bytes) -> None:
    survives(body)


@settings(deadline=None)
@given(VALUES)
def test_no_json_makes_reading_raise(value: object) -> None:
    survives(json.dumps(value).encode())
    survives(json.dumps({"ok": True, "result": value}).encode())


@settings(deadline=None)
@given(
    st.integers(-(2**70), 2**70),
    st.sampled_from(WANTED),
    st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=12),
)
def test_no_fields_of_an_update_make_reading_raise(
    number: int, kind: str, fields: dict[str, object]
) -> None:
    survives(batch({"update_id": number, kind: fields}))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(UPDATES), st.data())
def test_damaged_values_of_real_updates(
    update: dict[str, object], data: st.DataObject
) -> None:
    """Each field in turn may be missing, of another type or another kind's."""
    changed: dict[str, object] = json.loads(json.dumps(update))
    inner = next((v for v in changed.values() if isinstance(v, dict)), changed)
    for key in data.draw(st.lists(st.sampled_from(sorted(inner)), max_size=4)):
        if data.draw(st.booleans()):
            inner.pop(key, None)
        else:
            inner[key] = data.draw(VALUES)
    survives(batch(changed))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(UPDATES), st.integers(0, 400), st.integers(0, 255))
def test_damaged_bytes_of_real_updates(
    update: dict[str, object], at: int, byte: int
) -> None:
    raw = bytearray(batch(update))
    raw[at % len(raw)] = byte
    survives(bytes(raw))
    survives(bytes(raw[: at % len(raw)]))


def test_half_an_emoji_costs_itself_and_nothing_else() -> None:
    update = UPDATES[-1]
    body = batch({"update_id": 1, "message": {"text": "a\ud83db"}}, update)
    first, second = read_batch(read_answer(200, body).result).updates
    [event] = events_of(first, ME)
    assert event.text == "a\ufffdb"
    assert second.raw == update


@pytest.mark.parametrize("kind", [{}, [], {"type": "mention"}, 3, None])
def test_an_entity_of_no_kind_says_nothing(kind: object) -> None:
    entity = {"type": kind, "offset": 0, "length": 2, "user": {"id": 14}}
    body = batch(
        {"update_id": 1, "message": {"text": "@a b", "entities": [entity]}},
    )
    [update] = read_batch(read_answer(200, body).result).updates
    [event] = events_of(update, ME)
    assert event.body == (Text("@a b"),)


@given(st.text() | st.none())
def test_any_cursor_is_a_beginning(cursor: str | None) -> None:
    offset = offset_of(cursor)
    assert offset is None or offset >= 0


@given(st.sampled_from(["private", "group", "thread"]), st.text(min_size=1))
def test_any_chat_is_somewhere_or_refused(kind: str, room: str) -> None:
    with suppress(Unsendable):
        target_of(Chat.parse(f"{kind}:{room}"))
