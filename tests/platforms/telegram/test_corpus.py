"""Updates as Telegram sends them, and what each must become.

`frames/frames.jsonl` says of every update where its shape was seen, or from which part of
the documentation it was built. Numbers, names and words were changed.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from actors.messages import Chat, ChatAddress, Outbound, Raw
from platforms.objects import read_json
from platforms.telegram.wire import (
    WANTED,
    Me,
    NotSoSendable,
    call_of,
    events_of,
    read_batch,
    read_update,
)
from tests.platforms.telegram.shown import Case, shown, told

FRAMES = Path(__file__).parent / "frames" / "frames.jsonl"
ME = Me("4242", "rook_bot")
CASES: list[Case] = [
    json.loads(line) for line in FRAMES.read_text("utf-8").splitlines()
]


@pytest.mark.parametrize("case", CASES, ids=[c["name"] for c in CASES])
def test_every_update_becomes_what_it_should(case: Case) -> None:
    update = read_update(case["update"]["update_id"], case["update"])
    events = events_of(update, ME)
    assert [told(event) for event in events] == case["expect"]
    assert all(event.raw == case["update"] for event in events)


def test_an_answer_holds_them_all_in_their_order() -> None:
    updates = [case["update"] for case in CASES]
    body = json.dumps({"ok": True, "result": updates}).encode()
    said = read_json(body)
    assert isinstance(said, dict)
    batch = read_batch(said["result"])
    assert [update.raw for update in batch.updates] == updates
    assert batch.offset == updates[-1]["update_id"] + 1
    assert batch.unreadable == ()


def test_who_comes_is_the_same_event_whichever_update_tells_it() -> None:
    """An admin is told by a message and by `chat_member`: greeted once."""
    ids = {
        name: [event["id"] for event in case["expect"]]
        for case in CASES
        for name in [case["name"]]
    }
    assert ids["somebody came by himself"] == ids["somebody came, as admins are told"]
    assert ids["somebody was kicked"] == ids["somebody was banned"]


def test_what_was_received_can_be_said_again() -> None:
    """What a bot echoes goes out as a request for the same thing."""
    to = ChatAddress("tg", "4242", Chat.parse("private:14"))
    said = 0
    for case in CASES:
        update = read_update(case["update"]["update_id"], case["update"])
        for event in events_of(update, ME):
            if not event.body or event.event != "message":
                continue
            try:
                call = call_of(Outbound(key="k", to=to, body=event.body))
            except NotSoSendable:
                last = event.body[-1]
                assert isinstance(last, Raw), shown(last)
                continue
            assert json.dumps(dict(call.params))
            said += 1
    assert said > 40


def test_the_corpus_is_varied_and_sourced() -> None:
    kinds = {key for case in CASES for key in case["update"] if key != "update_id"}
    assert len(CASES) >= 100
    assert len(kinds & set(WANTED)) >= 18
    assert all(
        case["source"].startswith(("after the frame in ", "built from core.telegram"))
        for case in CASES
    )
    assert len([c for c in CASES if c["source"].startswith("after")]) >= 40
