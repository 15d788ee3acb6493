"""Each codec beside the JSON of the standard library: processor time per frame.

In: from the bytes to the event that the host is told. Out: from what a bot says to the
bytes of the request. The floor reads or writes the same frame, and knows nothing of what
it means; IRC, which has no JSON, is held against the same content as an object.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial

import msgspec
from attrs import frozen

from actors.messages import Chat, ChatAddress, Image, Mention, Outbound, Reply, Text
from benchmarks.measure import cost, rounds
from platforms.irc import wire as irc
from platforms.irc.speaking import saying
from platforms.matrix import wire as matrix
from platforms.onebot11 import wire as onebot11
from platforms.telegram import wire as telegram
from platforms.webchat import wire as webchat

GOAL = 3.0
FRAMES = 4000
ROUNDS = 7

Run = Callable[[], object]


@frozen
class Case:
    name: str
    ours: Run
    floor: Run


def compare() -> Iterator[object]:
    """Yield one line for each frame: how many times the floor's cost ours is."""
    for case in (*_onebot(), *_telegram(), *_matrix(), *_webchat(), *_irc()):
        taken = rounds(
            {"floor": _many(case.floor), "ours": _many(case.ours)}, count=ROUNDS
        )
        each = [min(taken[key]) / FRAMES * 1e6 for key in ("floor", "ours")]
        yield f"{cost(case.name, taken['floor'], taken['ours'], GOAL)}  ({each[0]:.1f} / {each[1]:.1f} us)"


def _many(run: Run) -> Run:
    def many() -> None:
        for _ in range(FRAMES):
            run()

    return many


def _in(name: str, frame: object, hears: Callable[[str], object]) -> Case:
    text = json.dumps(frame, ensure_ascii=False, separators=(",", ":"))
    assert hears(text)
    return Case(f"{name}, in", lambda: hears(text), lambda: json.loads(text))


def _out(name: str, says: Run, frame: object) -> Case:
    return Case(f"{name}, out", says, lambda: json.dumps(frame))


def _saying(chat: str, *body: object) -> Outbound:
    to = ChatAddress("main", "4242", Chat.parse(chat))
    return Outbound(key="q3Jx0aVw8ZkT5mPbY1uHs6RdE", to=to, body=body)  # type: ignore[arg-type]


# --- OneBot v11 -----------------------------------------------------------------------

_QQ_MESSAGE = {
    "self_id": 1004200001, "user_id": 478900001, "time": 1763596800, "message_id": 3425462029,
    "message_seq": 3425462029, "real_id": 3425462029, "message_type": "group",
    "sender": {"user_id": 478900001, "nickname": "测试用户", "card": "", "role": "owner"},
    "raw_message": "早上好", "font": 14, "sub_type": "normal",
    "message": [{"type": "text", "data": {"text": "早上好"}}],
    "message_format": "array", "post_type": "message", "group_id": 883500001,
}  # fmt: skip
_QQ_MIXED = {
    **_QQ_MESSAGE,
    "message": [
        {"type": "reply", "data": {"id": "3425462028"}},
        {"type": "at", "data": {"qq": "1004200001", "name": "rook"}},
        {"type": "text", "data": {"text": " 看看这个"}},
        {"type": "image", "data": {"file": "A1B2.jpg", "url": "https://example.org/download?fileid=A1B2", "file_size": "51200", "sub_type": 0, "summary": ""}},
    ],
}  # fmt: skip
_QQ_REACTION = {
    "time": 1763596800, "self_id": 1004200001, "post_type": "notice",
    "notice_type": "group_msg_emoji_like", "group_id": 883500001, "user_id": 478900001,
    "message_id": 3425462029, "likes": [{"emoji_id": "76", "count": 1}], "is_add": True,
}  # fmt: skip


def _onebot() -> Iterator[Case]:
    def hears(text: str) -> object:
        event = onebot11.decode(text)
        assert isinstance(event, onebot11.Event)
        return onebot11.to_inbound(event, "1004200001")

    yield _in("onebot11, a short text", _QQ_MESSAGE, hears)
    yield _in("onebot11, mention, reply, image", _QQ_MIXED, hears)
    yield _in("onebot11, a reaction", _QQ_REACTION, hears)
    for name, body in (
        ("a short text", (Text("21°C"),)),
        (
            "mention, reply, image",
            (
                Reply("3425462029"),
                Mention("478900001"),
                Text(" 看"),
                Image("https://example.org/a.jpg"),
            ),
        ),
    ):
        out = _saying("group:883500001", *body)
        frame = json.loads(onebot11.encode(out, out.key))
        yield _out(f"onebot11, {name}", partial(onebot11.encode, out, out.key), frame)


# --- Telegram -------------------------------------------------------------------------

_TG_ME = telegram.Me("4242", "rook_bot")
_TG_SAID = {
    "message_id": 77, "date": 1763596800, "text": "good morning",
    "from": {"id": 14, "is_bot": False, "first_name": "Ann", "username": "ann", "language_code": "en"},
    "chat": {"id": -1001234567890, "title": "Rooks", "type": "supergroup"},
}  # fmt: skip
_TG_MIXED = {
    **{key: value for key, value in _TG_SAID.items() if key != "text"},
    "caption": "@rook_bot look at this",
    "caption_entities": [{"offset": 0, "length": 9, "type": "mention"}],
    "photo": [
        {"file_id": f"AgACAgIAAxkBAAIB{size}", "file_unique_id": f"AQAD{size}", "file_size": size * 9, "width": size, "height": size}
        for size in (90, 320, 800)
    ],
    "reply_to_message": {**_TG_SAID, "message_id": 70},
}  # fmt: skip


def _telegram_says(out: Outbound) -> object:
    return telegram.body_of(telegram.call_of(out))


def _telegram() -> Iterator[Case]:
    def hears(text: str) -> object:
        answer = telegram.read_answer(200, text.encode())
        [update] = telegram.read_batch(answer.result).updates
        return telegram.events_of(update, _TG_ME)

    def update(kind: str, payload: object) -> object:
        return {"ok": True, "result": [{"update_id": 9, kind: payload}]}

    yield _in("telegram, a short text", update("message", _TG_SAID), hears)
    yield _in("telegram, mention, reply, image", update("message", _TG_MIXED), hears)
    edited = {**_TG_SAID, "edit_date": 1763596900}
    yield _in("telegram, an edit", update("edited_message", edited), hears)
    for name, body in (
        ("a short text", (Text("21°C"),)),
        (
            "mention, reply, image",
            (
                Reply("77"),
                Mention("14", "Ann"),
                Text(" look"),
                Image("https://example.org/a.jpg"),
            ),
        ),
    ):
        out = _saying("group:-1001234567890", *body)
        frame = json.loads(telegram.body_of(telegram.call_of(out))[1])
        yield _out(
            f"telegram, {name}",
            partial(_telegram_says, out),
            frame,
        )


# --- Matrix ---------------------------------------------------------------------------

_US, _ROOM = "@rook:example.org", "!WpqBudzkozeutqaE9qs3:example.org"


def _matrix() -> Iterator[Case]:
    def event(content: object, kind: str = "m.room.message") -> object:
        told = {
            "type": kind, "sender": "@ann:example.org", "content": content,
            "event_id": "$0Zk3vJY1nYtXy8gVq2kBz1d8yQ0aaB7dPq3xZk0Lm1n", "origin_server_ts": 1763596800123,
            "unsigned": {"age": 35, "membership": "join"},
        }  # fmt: skip
        timeline = {"events": [told], "prev_batch": "s1", "limited": False}
        joined = {_ROOM: {"timeline": timeline, "state": {"events": []}, "ephemeral": {"events": []}, "unread_notifications": {}}}  # fmt: skip
        return {"next_batch": "s2_1_0_1", "rooms": {"join": joined}}

    rooms = matrix.Rooms()

    def hears(text: str) -> object:
        [room] = matrix.read_sync(text.encode()).joined
        return matrix.read_room(room.room, room.events, room.state, rooms, _US).events

    text = {"msgtype": "m.text", "body": "good morning"}
    yield _in("matrix, a short text", event(text), hears)
    mixed = {
        "msgtype": "m.text", "body": "rook: look at this", "format": "org.matrix.custom.html",
        "formatted_body": f'<a href="https://matrix.to/#/{_US}">rook</a>: look at this',
        "m.mentions": {"user_ids": [_US]},
        "m.relates_to": {"m.in_reply_to": {"event_id": "$before"}},
    }  # fmt: skip
    yield _in("matrix, mention, reply", event(mixed), hears)
    reaction = {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$before", "key": "👍"}}  # fmt: skip
    yield _in("matrix, a reaction", event(reaction, "m.reaction"), hears)
    for name, body in (
        ("a short text", (Text("21°C"),)),
        ("mention, reply", (Reply("$before"), Mention("@ann:example.org", "Ann"), Text(" look"))),
    ):  # fmt: skip
        out = _saying(f"group:{_ROOM}", *body)

        def says(out: Outbound = out) -> bytes:
            [draft] = matrix.drafts_of(out)
            matrix.send_target(_ROOM, draft, out.key)
            return matrix.write(draft.content)

        yield _out(f"matrix, {name}", says, json.loads(says()))


# --- web chat -------------------------------------------------------------------------


def _webchat() -> Iterator[Case]:
    say = {"op": "say", "id": "q0Zk3vJY1nYtXy8g", "body": [{"text": "good morning"}]}
    yield _in("webchat, a short text", say, webchat.read)
    mixed = {**say, "reply": "473305cb7203367d22752a46", "body": [{"text": "look"}, {"file": "f0f0f0f0", "alt": "a"}]}  # fmt: skip
    yield _in("webchat, reply, image", mixed, webchat.read)
    react = {"op": "react", "id": "B7dPq3xZk0Lm1n", "message": "473305cb7203367d22752a46", "emoji": "👍", "remove": False}  # fmt: skip
    yield _in("webchat, a reaction", react, webchat.read)
    what = {"kind": "message", "by": "bot", "id": "473305cb7203367d22752a46", "body": [{"text": "21°C"}]}  # fmt: skip
    kept = msgspec.Raw(json.dumps(what).encode())
    frame = {"op": "event", "seq": 7, "at": 1763596800.123, "what": what}
    yield _out(
        "webchat, a short text", lambda: webchat.event(7, 1763596800.1234, kept), frame
    )


# --- IRC ------------------------------------------------------------------------------


def _irc() -> Iterator[Case]:
    known = irc.Known("rook", "rook")
    known.support = known.support.told(("rook", "CASEMAPPING=ascii", "ok"))

    for name, line in (
        ("a short text", ":ann!ann@example.org PRIVMSG #rookery :good morning"),
        (
            "mention, reply",
            "@time=2026-11-26T15:33:23.807Z;msgid=abc~1;account=ann;+draft/reply=abc~0 :ann!ann@example.org PRIVMSG #rookery :rook: look at this",
        ),
        (
            "a reaction",
            "@msgid=abc~2;+draft/react=👍;+draft/reply=abc~0 :ann!ann@example.org TAGMSG #rookery",
        ),
    ):
        raw = line.encode()

        def hears(raw: bytes = raw) -> object:
            read = irc.parse(irc.decode(raw))
            assert read is not None
            events = irc.to_inbound(read, known, "fresh")
            known.hear(read)
            return events

        [event] = irc.to_inbound(irc.parse(line) or irc.Line("?"), known, "fresh")
        assert event.chat is not None
        same = json.dumps({**event.raw, "event": event.event, "chat": str(event.chat)})
        yield Case(f"irc, {name}, in", hears, partial(json.loads, same))
    out = _saying("group:#rookery", Text("21°C, and no rain before the evening"))
    frame = {"op": "PRIVMSG", "ref": out.key, "chat": "#rookery", "text": "21°C, and no rain before the evening"}  # fmt: skip

    def says() -> list[str]:
        return [
            line for each in saying(out, known) for line in each.lines(labelled=False)
        ]

    yield _out("irc, a short text", says, frame)
