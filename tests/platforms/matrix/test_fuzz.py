"""No answer may raise but `Unreadable`: random JSON, random bytes, damage done to real ones."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.messages import Inbound
from platforms.matrix.wire import (
    Gap,
    Rooms,
    Unreadable,
    gap_in,
    read_body,
    read_direct,
    read_invitation,
    read_page,
    read_powers,
    read_room,
    read_sync,
    with_page,
)
from tests.platforms.matrix.test_corpus import SYNCS, US, wire

ANSWERS = [wire(case) for case in SYNCS]


def _keys(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value) | set().union(*map(_keys, value.values()), set())
    if isinstance(value, list):
        return set().union(*map(_keys, value), set())
    return {value} if isinstance(value, str) else set()


WORDS = sorted(_keys([case["body"] for case in SYNCS]))
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(WORDS),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(WORDS) | st.text(max_size=4), inner, max_size=6
        )
    ),
    max_leaves=20,
)
EVENTS = st.fixed_dictionaries(
    {"type": st.sampled_from([w for w in WORDS if w.startswith("m.")])},
    optional={
        "content": VALUES,
        "sender": LEAVES,
        "event_id": LEAVES,
        "state_key": LEAVES | st.just(US),
        "origin_server_ts": LEAVES,
        "unsigned": VALUES,
        "redacts": LEAVES,
    },
)


def survives(body: bytes) -> None:
    """Everything the session does with an answer to `/sync`, on *body*."""
    try:
        sync = read_sync(body)
    except Unreadable:
        return
    rooms = Rooms()
    rooms.direct.update(sync.direct or {})
    for timeline in (*sync.joined, *sync.left):
        gap = gap_in(timeline, "s0")
        if gap is not None:
            assert gap.target.isascii()
        for event in timeline.state:
            rooms.learn(timeline.room, event)
        heard = read_room(timeline.room, timeline.events, timeline.state, rooms, US)
        for told in heard.events:
            sound(told)
    for invitation in sync.invitations:
        invited = read_invitation(invitation, US)
        if invited is not None:
            sound(invited)


def sound(event: Inbound) -> None:
    assert event.id
    assert event.event
    assert event.chat is not None
    assert 0 <= event.edit < 2**53
    assert event.sent_at_utc is None or event.sent_at_utc > 0


@given(st.binary() | st.text().map(str.encode))
def test_no_bytes_make_reading_raise(body: bytes) -> None:
    survives(body)
    with suppress(Unreadable):
        read_page(body)


@given(st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=6))
def test_no_fields_of_an_answer_make_reading_raise(body: dict[str, object]) -> None:
    survives(json.dumps({"next_batch": "s", **body}).encode())
    read_body(body)
    read_direct(body)
    read_powers(body, body)


@given(st.lists(EVENTS, max_size=5), st.lists(EVENTS, max_size=3))
def test_no_fields_of_an_event_make_reading_raise(
    events: list[dict[str, Any]], state: list[dict[str, Any]]
) -> None:
    told = {"timeline": {"events": events}, "state": {"events": state}}
    invited = {"invite_state": {"events": events}}
    rooms = {"join": {"!r": told}, "leave": {"!l": told}, "invite": {"!i": invited}}
    survives(json.dumps({"next_batch": "s", "rooms": rooms}).encode())
    page = read_page(json.dumps({"chunk": events, "end": "e"}).encode())
    timeline = read_sync(
        json.dumps({"next_batch": "s", "rooms": rooms}).encode()
    ).joined[0]
    assert len(with_page(Gap("!r", "s", "p"), page, timeline).found) <= len(events)


@settings(max_examples=200)
@given(st.sampled_from(ANSWERS), st.data())
def test_no_damage_to_a_real_answer_makes_reading_raise(
    answer: bytes, data: st.DataObject
) -> None:
    value = json.loads(answer)
    _damage(value, data)
    survives(json.dumps(value).encode())
    at = data.draw(st.integers(0, len(answer)))
    survives(answer[:at])


def _damage(value: object, data: st.DataObject) -> None:
    """Put something else somewhere inside."""
    while isinstance(value, dict | list) and value:
        keys = sorted(value) if isinstance(value, dict) else range(len(value))
        key = data.draw(st.sampled_from(list(keys)))
        inner = value[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            value[key] = data.draw(VALUES)
            return
        value = inner
