"""Answers as Synapse really gives them and events as the specification shows them, and
what each must become.

`frames/frames.jsonl` says of every one where it was recorded, or where it is shown.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from actors.messages import Inbound, Role
from platforms.matrix.wire import (
    Meaning,
    Rooms,
    read_invitation,
    read_page,
    read_refusal,
    read_room,
    read_sync,
)

FRAMES = Path(__file__).parent / "frames" / "frames.jsonl"
US = "@bot:localhost"
Case = dict[str, Any]  # what a JSON file holds


def load() -> list[Case]:
    return [json.loads(line) for line in FRAMES.read_text("utf-8").splitlines()]


CASES = load()
SYNCS = [case for case in CASES if "next_batch" in case["body"]]


def wire(case: Case) -> bytes:
    return json.dumps(case["body"], ensure_ascii=False).encode()


def named(name: str) -> Case:
    [found] = [case for case in CASES if case["name"] == name]
    return found


def heard(case: Case) -> tuple[list[Inbound], list[list[str]]]:
    """Return what a sync tells, and what in it are our own words."""
    sync, rooms = read_sync(wire(case)), Rooms()
    rooms.direct.update(sync.direct or {})
    events = [event for one in sync.invitations if (event := read_invitation(one, US))]
    echoes = []
    for timeline in (*sync.joined, *sync.left):
        told = read_room(timeline.room, timeline.events, timeline.state, rooms, US)
        events += told.events
        echoes += [list(echo) for echo in told.echoes]
    return events, echoes


def row(event: Inbound) -> Case:
    """Return an event as the file writes it: what says nothing is left out."""
    assert event.chat is not None
    said: Case = {"event": event.event, "id": event.id, "kind": event.chat.kind.value}
    if event.sender is not None:
        role = event.sender.role
        said |= {
            "sender": event.sender.id,
            "name": event.sender.name,
            "role": role.name.lower() if role is not Role.ANYONE else "",
            "is_bot": event.sender.is_bot,
        }
    said |= {
        "body": [repr(part) for part in event.body],
        "facts": json.loads(json.dumps(dict(event.facts))),
        "edit": event.edit,
    }
    return {key: value for key, value in said.items() if value}


@pytest.mark.parametrize("case", SYNCS, ids=[case["name"] for case in SYNCS])
def test_a_sync_becomes_what_it_says(case: Case) -> None:
    events, echoes = heard(case)
    assert [row(event) for event in events] == case["expect"]["events"]
    assert echoes == case["expect"].get("echoes", [])


@pytest.mark.parametrize("case", SYNCS, ids=[case["name"] for case in SYNCS])
def test_nothing_of_it_is_ours(case: Case) -> None:
    """A host that hears itself talks to itself."""
    events, _ = heard(case)
    for event in events:
        ours = event.sender is not None and event.sender.id == US
        assert not ours or event.event in ("chat.joined", "chat.left")


def test_every_frame_says_where_it_comes_from() -> None:
    assert len(CASES) >= 35
    assert all(case["source"] for case in CASES)
    assert len({case["name"] for case in CASES}) == len(CASES)


def test_what_was_said_before_we_came_is_history() -> None:
    case = named("own join of a group with history")
    assert b"before 0" in wire(case)
    events, _ = heard(case)
    assert [event.event for event in events] == ["chat.joined", "message"]


def test_a_private_talk_is_one_once_it_is_said_to_be() -> None:
    sync = read_sync(wire(named("m.direct has changed")))
    assert sync.direct is not None
    assert list(sync.direct.values()) == ["@alice:localhost"]
    assert read_sync(wire(named("limited"))).direct is None


def test_a_page_of_a_gap_goes_back_in_time() -> None:
    page = read_page(wire(named("a page of the gap")))
    said = [event["content"]["body"] for event in page.events]
    assert said == [f"while away {n}" for n in range(9, 2, -1)]
    assert page.end
    assert [event["type"] for event in page.state] == ["m.room.member"]


REFUSALS = {
    "bad token": Meaning.TOKEN,
    "forbidden room": Meaning.NO,
    "no such room": Meaning.NO,
    "too large": Meaning.TOO_LARGE,
    "bad since": Meaning.NO,
    "unknown endpoint": Meaning.NO,
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_means_one_thing(name: str) -> None:
    case = named(name)
    refusal = read_refusal(case["status"], wire(case), None)
    assert refusal.meaning is REFUSALS[name]
    assert refusal.why == f"{case['body']['error']} ({case['body']['errcode']})"
    assert not refusal.soft
