"""What real servers have said, and what the specifications show, as the host is told it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from actors.messages import Inbound, Mention, Reply, Text
from platforms.irc import wire

FRAMES = [
    json.loads(line)
    for line in (Path(__file__).parent / "frames/frames.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]
CONVERSATIONS = {
    source: list(frames)
    for source, frames in groupby(FRAMES, key=lambda frame: frame["source"])
}


def shown(event: Inbound) -> dict[str, Any]:
    """Return an event as the frames tell it: what is empty is left out."""
    sender = event.sender
    told: dict[str, Any] = {
        "event": event.event,
        "chat": str(event.chat) if event.chat else None,
        "sender": sender.id if sender else None,
        "role": sender.role.name if sender else None,
        "is_bot": (sender is not None and sender.is_bot) or None,
        "body": [*map(said, event.body)],
        "facts": {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in event.facts.items()
        },
        "from_self": event.from_self or None,
        "sent_at": event.sent_at_utc,
    }
    if not event.id.startswith("fresh"):
        told["id"] = event.id
    return {key: value for key, value in told.items() if value not in (None, [], {})}


def said(part: object) -> list[object]:
    match part:
        case Text(text):
            return ["text", text]
        case Mention(user):
            return ["mention", user]
        case Reply(message):
            return ["reply", message]
        case _:
            raise AssertionError(part)


@pytest.mark.parametrize("source", CONVERSATIONS)
def test_a_line_is_the_event_that_it_says(source: str) -> None:
    """In order, with what was learned from the lines before."""
    known = wire.Known("rook", "rook")
    known.support = known.support.told(("rook", "STATUSMSG=@+", "are supported"))
    for frame in CONVERSATIONS[source]:
        line = wire.parse(frame["line"])
        assert line is not None
        events = wire.to_inbound(line, known, "fresh")
        known.hear(line)
        assert [shown(event) for event in events] == frame["expect"], frame["line"]
        for event in events:
            assert event.raw["command"] == line.command
            assert event.raw["params"] == list(line.params)


def test_there_is_one_of_every_sort() -> None:
    told: set[str] = {one["event"] for frame in FRAMES for one in frame["expect"]}
    assert told == {
        "message",
        "message.deleted",
        "message.reacted",
        "member.joined",
        "member.left",
        "member.promoted",
        "chat.joined",
        "chat.left",
        "chat.invited",
        "irc.ctcp",
        "irc.invite",
        "irc.mode",
        "irc.nick",
        "irc.server_notice",
        "irc.topic",
        "irc.wallops",
    }


def of(frames: list[Mapping[str, Any]], event: str) -> list[Mapping[str, Any]]:
    return [one for frame in frames for one in frame["expect"] if one["event"] == event]


def test_what_is_remarkable_in_them() -> None:
    """Read by a person once, so that the file is not just what the code made of it."""
    inspircd = CONVERSATIONS["InspIRCd 3.15.0 (Debian), as recorded"]
    texts = [one["body"][-1][1] for one in of(inspircd, "message") if "body" in one]
    assert texts[:4] == ["hello there", "red bold", "waves", "take note"]
    assert "café" in texts  # latin-1 on the wire
    action, notice = of(inspircd, "message")[2:4]
    assert action["facts"] == {"action": True}
    assert notice["is_bot"]
    assert {one["chat"] for one in of(inspircd, "message")} == {
        "group:#rookery",
        "private:ann",
    }
    [promoted, demoted] = of(inspircd, "member.promoted")
    assert promoted["facts"]["admin"] is True
    assert demoted["facts"]["admin"] is False
    roles = {one["role"] for one in of(inspircd, "message") if "group" in one["chat"]}
    assert "ADMIN" in roles
    [reaction] = of(inspircd, "message.reacted")
    assert reaction["facts"] == {"message": "abc", "emojis": ["👍"], "added": True}
    left = [one["facts"]["how"] for one in of(inspircd, "member.left")]
    assert left == ["part", "kick", "quit"]
    [gone] = of(inspircd, "chat.left")
    assert gone["facts"] == {"how": "kick", "operator": "Ann", "reason": "you too"}
