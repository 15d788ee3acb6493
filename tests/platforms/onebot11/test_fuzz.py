"""No frame may raise: random JSON, random bytes, and real frames with damage done."""

from __future__ import annotations

import json
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.messages import Inbound
from platforms.onebot11.wire import (
    ACTIONS,
    Answer,
    Event,
    Fault,
    decode,
    echo_key,
    result_of,
    to_inbound,
    verdict_of,
    write_body,
)
from tests.platforms.onebot11.test_corpus import CASES, wire

FRAMES = [wire(case) for case in CASES]
OBJECTS: list[dict[str, object]] = [c["frame"] for c in CASES if "frame" in c]
KEYS = sorted({key for frame in OBJECTS for key in frame})
WORDS = sorted({v for f in OBJECTS for v in f.values() if isinstance(v, str)})

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(WORDS),
)
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
ACTION_NAMES = list(ACTIONS)


def survives(frame: str | bytes) -> None:
    """Everything the session does with a frame, on *frame*."""
    decoded = decode(frame)
    match decoded:
        case Event():
            inbound = to_inbound(decoded, "1")
            assert inbound is None or isinstance(inbound, Inbound)
            if inbound is not None:
                assert inbound.id
                assert inbound.event.isprintable()
                assert inbound.chat is None or inbound.chat.id
                json.dumps(write_body(inbound.body))
                repr(inbound)
        case Answer():
            verdict_of(decoded)
            for name in ACTION_NAMES:
                result_of(name, decoded)
        case Fault():
            assert decoded.why


@settings(deadline=None)
@given(st.text() | st.binary())
def test_no_bytes_make_reading_raise(frame: str | bytes) -> None:
    survives(frame)


@settings(deadline=None)
@given(VALUES)
def test_no_json_makes_reading_raise(value: object) -> None:
    survives(json.dumps(value))


@settings(deadline=None)
@given(
    st.sampled_from(
        ["message", "message_sent", "notice", "request", "meta_event", "x"]
    ),
    st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=12),
)
def test_no_fields_of_an_event_make_reading_raise(
    post_type: str, fields: dict[str, object]
) -> None:
    survives(json.dumps({**fields, "post_type": post_type}))


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=8), VALUES)
def test_answers_of_random_fields(fields: dict[str, object], echo: object) -> None:
    frame = {k: v for k, v in fields.items() if k != "post_type"}
    survives(json.dumps({"retcode": 0, **frame, "echo": echo}))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(FRAMES), st.data())
def test_damaged_text_of_real_frames(frame: str, data: st.DataObject) -> None:
    raw = bytearray(frame.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        if not raw:
            break
        at = data.draw(st.integers(0, len(raw) - 1))
        damage: Callable[[], None] = data.draw(
            st.sampled_from(
                [
                    lambda at=at: raw.__delitem__(slice(at, at + 3)),
                    lambda at=at: raw.__setitem__(at, data.draw(st.integers(0, 255))),
                    lambda at=at: raw.insert(at, data.draw(st.integers(0, 255))),
                    lambda at=at: raw.__delitem__(slice(at, None)),
                ]
            )
        )
        damage()
    survives(bytes(raw))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(OBJECTS), st.data())
def test_damaged_values_of_real_frames(
    frame: dict[str, object], data: st.DataObject
) -> None:
    """Each field in turn may be missing, of another type or another kind's."""
    changed = dict(frame)
    for key in data.draw(st.lists(st.sampled_from(sorted(frame)), max_size=4)):
        if data.draw(st.booleans()):
            changed.pop(key, None)
        else:
            changed[key] = data.draw(VALUES)
    survives(json.dumps(changed))


@settings(deadline=None)
@given(VALUES)
def test_any_echo_has_a_key(echo: object) -> None:
    assert isinstance(echo_key(echo), str)
