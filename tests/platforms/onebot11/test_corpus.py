"""Frames as implementations really send them, and what each must become.

`frames/frames.jsonl` says of every frame where it was seen or from what it was built.
Account numbers and names of people were changed.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from actors.messages import (
    ALL,
    Audio,
    Emoji,
    File,
    Forward,
    Image,
    Inbound,
    Markdown,
    Mention,
    Raw,
    Reply,
    Segment,
    Text,
    Video,
)
from platforms.onebot11.wire import (
    Answer,
    Event,
    Fault,
    Heartbeat,
    Lifecycle,
    answer_of,
    decode,
    echo_key,
    read_body,
    to_inbound,
    verdict_of,
    write_body,
)

FRAMES = Path(__file__).parent / "frames" / "frames.jsonl"
Case = dict[str, Any]  # what a JSON file holds


def load() -> list[Case]:
    return [json.loads(line) for line in FRAMES.read_text("utf-8").splitlines()]


CASES = load()


def wire(case: Case) -> str:
    text = case.get("text")
    if isinstance(text, str):
        return text
    return json.dumps(case["frame"], ensure_ascii=False)


def shown(part: Segment) -> str:
    match part:
        case Text(text) | Markdown(text):
            return f"{type(part).__name__}:{text}"
        case Mention(user):
            return "Mention:ALL" if user is ALL else f"Mention:{user}"
        case Reply(message):
            return f"Reply:{message}"
        case Image(source) | Audio(source) | Video(source) | File(source):
            return f"{type(part).__name__}:{source!s}"
        case Emoji(face):
            return f"Emoji:{face}"
        case Raw(_, data):
            inner = json.dumps(
                data.get("data"), ensure_ascii=False, separators=(",", ":")
            )
            return f"Raw:{data['type']}:{inner}"
        case Forward(nodes, bundle):
            said = "|".join(
                f"{n.user}/{n.name}/{'+'.join(map(shown, n.body))}" for n in nodes
            )
            return f"Forward:{bundle}:{said}"


def told(inbound: Inbound) -> Case:
    sender = inbound.sender
    return {
        "event": inbound.event,
        "id": inbound.id,
        "chat": None if inbound.chat is None else str(inbound.chat),
        "sender": None if sender is None else sender.id,
        "sender_name": None if sender is None else sender.name,
        "role": None if sender is None else sender.role.name,
        "is_bot": sender is not None and sender.is_bot,
        "text": inbound.text,
        "body": [shown(part) for part in inbound.body],
        "from_self": inbound.from_self,
        "derived": inbound.dedup_seconds == 60.0 and "~" in inbound.id,
        "time": inbound.sent_at_utc,
        "facts": {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in inbound.facts.items()
        },
    }


@pytest.mark.parametrize("case", CASES, ids=[c["name"] for c in CASES])
def test_every_frame_becomes_what_it_should(case: Case) -> None:
    expect: Case = dict(case["expect"])
    decoded = decode(wire(case))
    if "fault" in expect:
        assert isinstance(decoded, Fault)
        assert decoded.kind.value == expect["fault"]
        return
    if "answer" in expect:
        assert isinstance(decoded, Answer)
        assert answer_of(decoded) == (decoded if decoded.key else None)
        verdict = verdict_of(decoded)
        assert type(verdict).__name__ == expect.pop("answer")
        if "echo" in expect:
            assert decoded.key == echo_key(expect.pop("echo"))
        why = expect.pop("why", "")
        assert why in decoded.words
        for name, value in expect.items():
            assert getattr(verdict, name) == value
        return
    assert isinstance(decoded, Event)
    inbound = to_inbound(decoded)
    if "meta" in expect:
        assert isinstance(decoded, Heartbeat | Lifecycle)
        assert type(decoded).__name__ == expect.pop("meta")
        assert inbound is None
        assert {name: getattr(decoded, name) for name in expect} == expect
        return
    assert inbound is not None
    got = told(inbound)
    facts = expect.pop("facts", {})
    assert {name: got[name] for name in expect} == expect
    assert {name: got["facts"].get(name) for name in facts} == facts
    assert inbound.raw == decoded.raw


@pytest.mark.parametrize("case", CASES, ids=[c["name"] for c in CASES])
def test_a_frame_in_a_binary_message_means_the_same(case: Case) -> None:
    text = wire(case)
    assert decode(text.encode()) == decode(text)


def test_what_was_received_can_be_said_again() -> None:
    """What a bot echoes goes out as segments that mean the same when they come back."""
    bodies = [
        inbound.body
        for case in CASES
        if isinstance(event := decode(wire(case)), Event)
        and (inbound := to_inbound(event)) is not None
    ]
    assert len(bodies) > 60
    for body in bodies:
        again = read_body(json.loads(json.dumps(write_body(body))))
        plain = [
            Text(part.text) if isinstance(part, Markdown) else part for part in body
        ]
        assert [type(part) for part in again] == [type(part) for part in plain]
        # A bundle the peer keeps is passed on by its content where that is known.
        assert [shown(p) for p in again if not isinstance(p, Forward)] == [
            shown(p) for p in plain if not isinstance(p, Forward)
        ]


def test_the_corpus_is_large_varied_and_sourced() -> None:
    sources = [case["source"] for case in CASES]
    assert len(CASES) >= 80
    assert all(len(case["implementation"]) > 2 for case in CASES)
    assert not [s for s in sources if "://" in s]
    quoted = [s for s in sources if s.startswith(("frame quoted", "example in"))]
    assert len(quoted) >= 35
    counts = Counter(case["implementation"] for case in CASES)
    for name in ("napcat", "llonebot", "lagrange", "go-cqhttp", "onebots", "shamrock"):
        assert counts[name] >= 3, name


def test_each_implementation_delivers_the_same_event_once() -> None:
    """A notice delivered again, its fields in another order, has the same id."""
    for case in CASES:
        event = decode(wire(case))
        if isinstance(event, Event) and (first := to_inbound(event)) is not None:
            turned = dict(reversed(list(event.raw.items())))
            again = decode(json.dumps(turned))
            assert isinstance(again, Event)
            second = to_inbound(again)
            assert second is not None
            assert (second.id, second.chat) == (first.id, first.chat)
