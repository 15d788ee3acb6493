"""What the frames do not show: who was there when, whom an event names, what is broken."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import (
    ALL,
    DERIVED_ID_DEDUP_SECONDS,
    Chat,
    ChatKind,
    Inbound,
    Mention,
    Role,
    Text,
)
from platforms.matrix.wire import (
    Invitation,
    Rooms,
    Unreadable,
    parts_of,
    read_body,
    read_invitation,
    read_page,
    read_powers,
    read_room,
    read_sync,
    without_quote,
)

US, ANN, ROOM = "@bot:here", "@ann:here", "!den:here"
Event = dict[str, Any]


def said(text: str, sender: str = ANN, **more: object) -> Event:
    content = {"msgtype": "m.text", "body": text}
    return event("m.room.message", content, sender, **more)


def event(kind: str, content: Event, sender: str = ANN, **more: object) -> Event:
    return {
        "type": kind,
        "sender": sender,
        "event_id": f"${kind}-{content.get('body', '')}",
        "origin_server_ts": 1_700_000_000_000,
        "content": content,
        **more,
    }


def member(was: str, now: str, who: str = US, by: str = "") -> Event:
    before = {"prev_content": {"membership": was}} if was else {}
    return event(
        "m.room.member",
        {"membership": now, "body": f"{was}-{now}"},
        by or who,
        state_key=who,
        unsigned=before,
    )


def told(*events: Event, rooms: Rooms | None = None) -> list[Inbound]:
    rooms = Rooms() if rooms is None else rooms
    return list(read_room(ROOM, events, (), rooms, US).events)


def texts(*events: Event) -> list[str]:
    return [one.text or one.event for one in told(*events)]


def test_what_is_said_while_we_are_away_is_not_told() -> None:
    came, left = member("leave", "join"), member("join", "leave", by=ANN)
    assert texts(said("a"), came, said("b")) == ["chat.joined", "b"]
    assert texts(said("a"), left, said("b")) == ["a", "chat.left"]
    assert texts(said("a"), left, said("b"), came, said("c")) == [
        "a",
        "chat.left",
        "chat.joined",
        "c",
    ]
    assert texts(came, said("b"), left, said("c")) == [
        "chat.joined",
        "b",
        "chat.left",
    ]


def test_a_new_name_of_ours_is_no_coming() -> None:
    """Also on a server that does not tell what was before."""
    renamed = member("join", "join")
    bare = {**member("", "join"), "unsigned": {"replaces_state": "$before"}}
    assert texts(said("a"), renamed, said("b")) == ["a", "b"]
    assert texts(said("a"), bare, said("b")) == ["a", "b"]


@pytest.mark.parametrize(
    ("was", "now", "by", "name", "how"),
    [
        ("", "join", "", "member.joined", "join"),
        ("leave", "join", "", "member.joined", "join"),
        ("invite", "join", "", "member.joined", "invite"),
        ("join", "leave", "", "member.left", "leave"),
        ("join", "leave", "@mod:here", "member.left", "kick"),
        ("join", "ban", "@mod:here", "member.left", "ban"),
        ("join", "join", "", "matrix.m.room.member", None),
        ("invite", "leave", "", "matrix.m.room.member", None),
        ("leave", "invite", "@mod:here", "matrix.m.room.member", None),
        ("ban", "leave", "@mod:here", "matrix.m.room.member", None),
        ("leave", "knock", "", "matrix.m.room.member", None),
    ],
)
def test_who_comes_and_goes(
    was: str, now: str, by: str, name: str, how: str | None
) -> None:
    [one] = told(member(was, now, ANN, by))
    assert (one.event, one.facts.get("how")) == (name, how)
    assert one.sender is not None
    if how is not None:
        assert one.sender.id == ANN
        assert one.facts["operator"] == (by or ANN)


def test_what_was_taken_back_before_we_saw_it_is_not_told() -> None:
    gone = {**said("x"), "unsigned": {"redacted_because": {}}, "content": {}}
    assert told(gone) == []


def test_an_edit_counts_up_with_its_time() -> None:
    edits = [
        event(
            "m.room.message",
            {
                "body": "* x",
                "m.new_content": {"msgtype": "m.text", "body": "x"},
                "m.relates_to": {"rel_type": "m.replace", "event_id": "$first"},
            },
            origin_server_ts=at,
        )
        for at in (5, 9, "never")
    ]
    first, second, broken = told(*edits)
    assert [e.id for e in (first, second, broken)] == ["$first"] * 3
    assert (first.edit, second.edit, broken.edit) == (5, 9, 1)
    assert first.text == "x"


def test_what_has_no_id_is_known_by_what_it_says() -> None:
    one = said("x")
    del one["event_id"]
    other = {**one, "origin_server_ts": 5, "unsigned": {"age": 7}}
    [first], [again], [third] = (
        told(one),
        told(other),
        told({**one, "sender": "@x:here"}),
    )
    assert first.id == again.id != third.id


def test_an_invitation_has_no_id_and_is_told_once_a_minute() -> None:
    ours = {
        "type": "m.room.member",
        "state_key": US,
        "sender": ANN,
        "content": {"membership": "invite", "is_direct": True, "reason": "hello"},
    }
    invited = read_invitation(Invitation(ROOM, (ours,)), US)
    assert invited is not None
    assert invited.chat == Chat(ChatKind.PRIVATE, ROOM)
    assert invited.facts == {"comment": "hello", "name": "", "direct": True}
    assert invited.dedup_seconds == DERIVED_ID_DEDUP_SECONDS
    assert read_invitation(Invitation(ROOM, ()), US) is None


def test_a_message_in_a_thread_is_in_a_chat_of_its_own() -> None:
    threaded = said("x")
    threaded["content"]["m.relates_to"] = {
        "rel_type": "m.thread",
        "event_id": "$root/x",
    }
    [one] = told(threaded)
    assert one.chat is not None
    assert one.chat.kind is ChatKind.THREAD
    assert parts_of(one.chat) == (ROOM, "$root/x")
    assert parts_of(Chat(ChatKind.GROUP, ROOM)) == (ROOM, "")


# --- roles ----------------------------------------------------------------------------


def test_whoever_has_the_power_has_the_role() -> None:
    levels = {"users": {ANN: 100, "@mod:here": 50, "@x:here": True}, "users_default": 0}
    powers = read_powers(levels, {})
    assert powers.role_of(ANN) is Role.OWNER
    assert powers.role_of("@mod:here") is Role.ADMIN
    assert powers.role_of("@x:here") is Role.MEMBER


@pytest.mark.parametrize(
    ("version", "role"), [("12", Role.OWNER), ("11", Role.MEMBER), ("x", Role.MEMBER)]
)
def test_since_version_12_who_has_created_a_room_owns_it(
    version: str, role: Role
) -> None:
    create = {"sender": ANN, "content": {"room_version": version}}
    assert read_powers({}, create).role_of(ANN) is role


def test_in_private_everybody_is_anyone_and_elsewhere_a_member() -> None:
    rooms = Rooms()
    assert rooms.role_of(ROOM, ANN) is Role.MEMBER
    rooms.direct[ROOM] = ANN
    assert rooms.role_of(ROOM, ANN) is Role.ANYONE
    assert rooms.with_user(ANN) == ROOM
    assert rooms.with_user("@nobody:here") is None


def test_a_change_of_powers_holds_from_then_on() -> None:
    rooms = Rooms()
    rooms.learn_powers(ROOM, read_powers({}, {}))
    changed = event("m.room.power_levels", {"users": {ANN: 100}}, state_key="")
    first, _, second = told(said("a"), changed, said("b"), rooms=rooms)
    assert first.sender is not None
    assert second.sender is not None
    assert (first.sender.role, second.sender.role) == (Role.MEMBER, Role.OWNER)


def test_a_room_that_becomes_encrypted_is_known_to_be() -> None:
    rooms = Rooms()
    told(event("m.room.encryption", {"algorithm": "x"}, state_key=""), rooms=rooms)
    assert rooms.encrypted == {ROOM}


# --- bodies ---------------------------------------------------------------------------


def test_who_is_meant_stands_where_he_is_named() -> None:
    body = read_body(
        {
            "msgtype": "m.text",
            "body": "@room: ask @ann:here or Bob",
            "format": "org.matrix.custom.html",
            "formatted_body": '<a href="https://matrix.to/#/@bob:here">Bob</a>',
            "m.mentions": {"room": True, "user_ids": [ANN, "@bob:here", "@eve:here"]},
        }
    )
    assert body == (
        Mention("@eve:here"),
        Mention(ALL),
        Text(" ask "),
        Mention(ANN),
        Text(" or "),
        Mention("@bob:here"),
    )


def test_a_link_alone_is_no_mention_where_mentions_are_told() -> None:
    """A quotation of somebody must not ring him; the list is what counts since v1.7."""
    formatted = '<a href="https://matrix.to/#/@bob:here">Bob</a> said so'
    content = {
        "msgtype": "m.text",
        "body": "Bob said so",
        "format": "org.matrix.custom.html",
        "formatted_body": formatted,
    }
    assert read_body({**content, "m.mentions": {}}) == (Text("Bob said so"),)
    assert read_body(content) == (Mention("@bob:here"), Text(" said so"))


@given(st.text())
def test_what_is_no_quotation_is_left_alone(text: str) -> None:
    assert without_quote(f"hello\n{text}") == f"hello\n{text}"
    quoted = f"> <@ann:here> what\n> else\n\n{text}"
    assert without_quote(quoted) == text


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"next_batch": 5}', b"\xff"])
def test_what_is_no_sync_says_so(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read_sync(body)
    with pytest.raises(Unreadable):
        read_page(body)
