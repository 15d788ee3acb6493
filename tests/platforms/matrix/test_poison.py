"""One event that nobody can read: it costs itself, and the token moves on."""

from __future__ import annotations

import json
from typing import Any

import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from trio.testing import MockClock

from tests.fakes.matrix.answers import Answer
from tests.platforms.matrix.test_fuzz import EVENTS, LEAVES, VALUES
from tests.platforms.matrix.test_session import ANN, Home, away, back, home
from tests.platforms.poison import HOLES, NUMBERS, POISON, TEXTS, poisoned

PLACES = ["content", "body", "origin_server_ts", "unsigned", "state_key", "event_id"]


def event(number: int, body: object = "", **more: object) -> dict[str, object]:
    return {
        "type": "m.room.message",
        "event_id": f"$said{number}",
        "sender": ANN,
        "origin_server_ts": 1_760_000_000_000 + number,
        "content": {"msgtype": "m.text", "body": body},
        **more,
    }


def with_poison(place: str) -> dict[str, object]:
    """An event with the mark of poison in *place*."""
    if place == "body":
        return event(2, "POISON")
    if place == "content":
        content = {"msgtype": "m.text", "body": "poison", "info": {"w": "POISON"}}
        return event(2, content=content)
    # Each is another event, but for the one that has no id.
    return event(100 + PLACES.index(place), "poison", **{place: "POISON"})


async def tell(at: Home, room: str, events: list[Any], poison: str | bytes) -> None:
    """Answer the next sync with *events* of *room*, and wait until it was taken."""
    at.server.say(room, ANN, "before")
    await at.hears("before")
    token = f"s{at.server._next()}"
    timeline = {"timeline": {"events": events}, "state": {"events": events[1:2]}}
    answer = {"next_batch": token, "rooms": {"join": {room: timeline}}}
    told = json.dumps(answer)
    at.server.raw.append(poisoned(told, poison) if poison else told.encode())
    at.server.changed()
    await trio.sleep(1)


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON)
async def test_an_event_that_cannot_be_read_costs_only_itself(
    autojump_clock: MockClock, poison: str | bytes
) -> None:
    async with home() as at:
        room = at.room().id
        events = [event(1, "one"), *map(with_poison, PLACES), event(3, "three")]
        with capture_logs() as logs:
            await tell(at, room, events, poison)
            at.server.say(room, ANN, "after")
            assert await at.chat.until(lambda: "after" in at.diary.said, 60)
        said = [text for text in at.diary.said if text in ("one", "three", "after")]
        assert said == ["one", "three", "after"]
        assert at.chat.is_up
        refused = [log for log in logs if log["event"] == "frame.refused"]
        assert bool(refused) == (poison in HOLES.values())
        assert not [log for log in logs if "exception" in log]


@pytest.mark.parametrize("poison", [NUMBERS["beyond-a-float"], TEXTS["half-an-emoji"]])
async def test_it_is_told_without_what_cannot_be_read(
    autojump_clock: MockClock, poison: str | bytes
) -> None:
    async with home() as at:
        room = at.room().id
        await tell(at, room, [event(1, "one"), with_poison("content")], poison)
        assert at.diary.said == ["before", "one", "poison"]


async def test_what_is_no_event_is_counted(autojump_clock: MockClock) -> None:
    async with home() as at:
        room = at.room().id
        with capture_logs() as logs:
            events = [event(1, "one"), 7, None, "x", "POISON", event(2, "two")]
            await tell(at, room, events, HOLES["deep"])
        assert at.diary.said == ["before", "one", "two"]
        [refused] = [log for log in logs if log["event"] == "frame.refused"]
        assert "must be an object" in refused["why"]


@pytest.mark.parametrize("poison", [NUMBERS["not-a-number"], HOLES["deepest"]])
async def test_a_gap_with_poison_in_it_is_filled(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch, poison: str | bytes
) -> None:
    async with home() as at:
        room = at.room()
        at.server.say(room.id, ANN, "before")
        await at.hears("before")
        await away(at)
        for number in range(30):
            at.server.say(room.id, ANN, f"{number}")

        async def page(*_: object) -> object:
            chunk = [event(3, "three"), with_poison("content"), event(1, "one")]
            return Answer(200, poisoned(json.dumps({"chunk": chunk}), poison))

        monkeypatch.setattr(at.server, "on_messages", page)
        await back(at)
        assert await at.chat.until(lambda: "29" in at.diary.said, 60)
        assert at.diary.said[1] == "one"


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(
    st.lists(EVENTS, max_size=6),
    st.lists(EVENTS, max_size=3),
    st.dictionaries(st.sampled_from(["limited", "prev_batch", "events", "x"]), LEAVES),
    st.dictionaries(
        st.sampled_from(["account_data", "rooms", "presence", "to_device"]), VALUES
    ),
)
def test_no_answer_blocks_the_account(
    events: list[Any], state: list[Any], timeline: dict[str, Any], more: dict[str, Any]
) -> None:
    """Whatever is in an answer that has a token: it is not asked for again and again."""

    async def main() -> None:
        async with home() as at:
            room = at.room().id
            told = {
                "timeline": {"events": events, **timeline},
                "state": {"events": state},
            }
            invited = {"invite_state": {"events": events}}
            rooms = {
                "join": {room: told, "": told},
                "leave": {"!left:x": told, "\x00": told},
                "invite": {"!i:here.test": invited},
            }
            token = f"s{at.server._next()}"
            answer = {"rooms": rooms, **more, "next_batch": token}
            at.server.raw.append(json.dumps(answer).encode())
            at.server.changed()
            await trio.sleep(1)
            at.server.say(room, ANN, "after")
            assert await at.chat.until(lambda: "after" in at.diary.said, 20)
            assert not at.server.raw

    trio.run(main, clock=MockClock(autojump_threshold=0))
