"""Typed events, and what the host is told of them, beyond what the corpus shows."""

from __future__ import annotations

import json

import pytest

from actors.messages import Inbound, Role
from actors.messages.inbound import DEDUP_SECONDS
from platforms.onebot11.wire import Event, OtherEvent, decode, events, to_inbound

HEAD = {"time": 1700000000, "self_id": 10000, "post_type": "notice"}
FILE = {"id": "/f", "name": "a.txt", "size": "12", "busid": 102}
SENDER = {"user_id": 7, "nickname": "ann", "card": "Ann", "role": "admin", "age": "9"}


def read(frame: dict[str, object]) -> Event:
    event = decode(json.dumps(frame))
    assert isinstance(event, Event)
    return event


def told(frame: dict[str, object], account: str = "") -> Inbound:
    inbound = to_inbound(read(frame), account)
    assert inbound is not None
    return inbound


def message(**changes: object) -> dict[str, object]:
    frame: dict[str, object] = {
        "time": 1700000000,
        "self_id": 10000,
        "post_type": "message",
        "message_type": "group",
        "sub_type": "normal",
        "message_id": 5,
        "group_id": 42,
        "user_id": 7,
        "message": "hi",
        "raw_message": "hi",
        "font": 3,
        "sender": SENDER,
    }
    return {key: v for key, v in {**frame, **changes}.items() if v is not ...}


@pytest.mark.parametrize(
    ("kind", "fields", "values"),
    [
        (
            "GroupUpload",
            {"notice_type": "group_upload", "file": FILE},
            {"user_id": "7"},
        ),
        ("OfflineFile", {"notice_type": "offline_file", "file": FILE}, {}),
        (
            "GroupAdmin",
            {"notice_type": "group_admin", "sub_type": "set"},
            {"sub_type": "set", "group_id": "42"},
        ),
        (
            "GroupDecrease",
            {"notice_type": "group_decrease", "sub_type": "kick", "operator_id": 8},
            {"operator_id": "8"},
        ),
        ("GroupIncrease", {"notice_type": "group_increase", "sub_type": "invite"}, {}),
        (
            "GroupBan",
            {"notice_type": "group_ban", "sub_type": "ban", "duration": "60"},
            {"duration_seconds": 60},
        ),
        ("FriendAdd", {"notice_type": "friend_add"}, {"user_id": "7"}),
        (
            "GroupRecall",
            {"notice_type": "group_recall", "message_id": -3},
            {"message_id": "-3"},
        ),
        ("FriendRecall", {"notice_type": "friend_recall", "message_id": 3}, {}),
        (
            "Poke",
            {"notice_type": "notify", "sub_type": "poke", "target_id": 9},
            {"target_id": "9", "sender_id": "7"},
        ),
        ("LuckyKing", {"notice_type": "notify", "sub_type": "lucky_king"}, {}),
        (
            "Honor",
            {"notice_type": "notify", "sub_type": "honor", "honor_type": "emotion"},
            {"honor_type": "emotion"},
        ),
    ],
)
def test_every_notice_of_the_specification_has_a_type(
    kind: str, fields: dict[str, object], values: dict[str, object]
) -> None:
    frame = {**HEAD, "group_id": 42, "user_id": 7, **fields}
    event = read(frame)
    assert type(event).__name__ == kind
    assert (event.time, event.self_id, event.raw) == (1700000000.0, "10000", frame)
    assert {name: getattr(event, name) for name in values} == values


def test_every_request_and_meta_event_has_a_type() -> None:
    request = {**HEAD, "post_type": "request", "user_id": 7, "flag": "f"}
    assert read({**request, "request_type": "friend", "comment": "hi"}) == (
        events.FriendRequest(1700000000.0, "10000", _raw("friend"), "7", "hi", "f")
    )
    group = read({**request, "request_type": "group", "sub_type": "add", "group_id": 1})
    assert isinstance(group, events.GroupRequest)
    assert (group.sub_type, group.flag) == ("add", "f")
    meta = {**HEAD, "post_type": "meta_event"}
    assert isinstance(read({**meta, "meta_event_type": "lifecycle"}), events.Lifecycle)
    assert isinstance(read({**meta, "meta_event_type": "heartbeat"}), events.Heartbeat)


def _raw(kind: str) -> dict[str, object]:
    request = {**HEAD, "post_type": "request", "user_id": 7, "flag": "f"}
    return {**request, "request_type": kind, "comment": "hi"}


def test_events_cannot_be_changed() -> None:
    event = read(message())
    with pytest.raises(AttributeError):
        event.self_id = "1"  # type: ignore[misc]  # that it is refused is the point


def test_a_sender_is_read_whole() -> None:
    event = read(message())
    assert isinstance(event, events.GroupMessage)
    assert event.sender.name == "Ann"
    assert event.sender.age == 9
    assert event.sender.role is Role.ADMIN
    assert event.font == 3


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        (message(message_type="guild"), "message.guild"),
        (message(message_type=5), "message.5"),
        (message(message_type=...), "message.other"),
        ({**HEAD, "notice_type": "new_thing"}, "notice.new_thing"),
        ({**HEAD, "notice_type": "notify", "sub_type": "new"}, "notice.new"),
        ({**HEAD, "notice_type": "x" * 500}, "notice.other"),
        ({**HEAD, "notice_type": "a b\n"}, "notice.other"),
        ({**HEAD, "post_type": "request", "request_type": "x"}, "request.x"),
        ({**HEAD, "post_type": "meta_event", "meta_event_type": "y"}, "meta_event.y"),
        ({**HEAD, "post_type": "guild_thing"}, "event.guild_thing"),
    ],
)
def test_what_has_no_type_is_kept_raw(frame: dict[str, object], kind: str) -> None:
    event = read(frame)
    assert isinstance(event, OtherEvent)
    kind = "message.other" if kind == "message.5" else kind
    assert event.kind == kind
    inbound = told(frame)
    assert inbound.event == f"onebot11.{kind}"
    assert inbound.raw == frame


def test_ids_may_be_text_numbers_or_floats() -> None:
    for six in (6, "6", 6.0):
        inbound = told(message(user_id=six, group_id=six, message_id=six))
        assert (inbound.id, str(inbound.chat)) == ("6", "group:6")
    big = told(message(user_id=2**63 + 1, message_id=-(2**31)))
    assert (big.id, big.sender and big.sender.id) == (str(-(2**31)), str(2**63 + 1))


def test_a_message_is_known_by_id_and_chat_for_a_day() -> None:
    """B20: never by the bare message id."""
    one, other = told(message()), told(message(group_id=43))
    assert one.id == other.id == "5"
    assert one.chat != other.chat
    assert one.dedup_seconds == DEDUP_SECONDS


@pytest.mark.parametrize("unknown", [0, "0", "", None, ..., [], True])
def test_a_message_without_an_id_is_known_by_its_frame(unknown: object) -> None:
    one = told(message(message_id=unknown))
    later = told(message(message_id=unknown, time=1700000001))
    assert one.dedup_seconds == 60.0
    assert one.id == told(message(message_id=unknown)).id != later.id


def test_our_own_messages_are_marked() -> None:
    assert not told(message()).from_self
    assert told(message(user_id=10000)).from_self
    assert told(message(user_id="10000")).from_self
    assert told(message(post_type="message_sent")).from_self
    assert told(message(self_id=...), account="7").from_self
    assert not told(message(self_id=..., user_id=..., sender={})).from_self


def test_a_private_message_of_ours_belongs_to_the_chat_with_the_other() -> None:
    sent = message(message_type="private", user_id=10000, target_id=7)
    assert str(told(sent).chat) == "private:7"
    received = message(message_type="private", target_id=10000)
    assert str(told(received).chat) == "private:7"


def test_a_missing_message_is_read_from_raw_message() -> None:
    assert told(message(message=..., raw_message="a&amp;b")).text == "a&b"
    assert told(message(message=..., raw_message=...)).body == ()


def test_being_muted_or_removed_is_news_but_our_own_poke_is_not() -> None:
    us: dict[str, object] = {**HEAD, "group_id": 42, "user_id": 10000}
    muted = told({**us, "notice_type": "group_ban", "sub_type": "ban"})
    assert (muted.event, muted.from_self) == ("member.muted", False)
    poke = told({**us, "notice_type": "notify", "sub_type": "poke", "target_id": 7})
    assert poke.from_self


def test_account_0_is_no_account() -> None:
    """Else a connection would be taken for that account before the login is done."""
    assert read(message(self_id=0)).self_id == ""


def test_times_in_milliseconds_are_understood() -> None:
    assert told(message(time=1708963556084)).sent_at_utc == 1708963556.084
    assert told(message(time="1700000000")).sent_at_utc == 1700000000.0
    nonsense: object
    for nonsense in (0, -5, "x", None, True, 1e300, {}):
        assert told(message(time=nonsense)).sent_at_utc is None
