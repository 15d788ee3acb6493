"""Actions: all of the specification, checked before they go out, with typed answers."""

from __future__ import annotations

import json

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.messages import (
    Chat,
    ChatAddress,
    ChatKind,
    Forward,
    Image,
    Mention,
    Node,
    Outbound,
    Raw,
    Reply,
    Segment,
    Text,
)
from platforms.onebot11.wire import (
    ACTIONS,
    Answer,
    Call,
    InvalidParams,
    Unsendable,
    action_named,
    call,
    call_of,
    decode,
    encode,
    frame_of,
    params,
    result_of,
    results,
)

# botuniverse/onebot-11, api/public.md and api/hidden.md, in their order.
SPECIFIED = [
    "send_private_msg",
    "send_group_msg",
    "send_msg",
    "delete_msg",
    "get_msg",
    "get_forward_msg",
    "send_like",
    "set_group_kick",
    "set_group_ban",
    "set_group_anonymous_ban",
    "set_group_whole_ban",
    "set_group_admin",
    "set_group_anonymous",
    "set_group_card",
    "set_group_name",
    "set_group_leave",
    "set_group_special_title",
    "set_friend_add_request",
    "set_group_add_request",
    "get_login_info",
    "get_stranger_info",
    "get_friend_list",
    "get_group_info",
    "get_group_list",
    "get_group_member_info",
    "get_group_member_list",
    "get_group_honor_info",
    "get_cookies",
    "get_csrf_token",
    "get_credentials",
    "get_record",
    "get_image",
    "can_send_image",
    "can_send_record",
    "get_status",
    "get_version_info",
    "set_restart",
    "clean_cache",
    ".handle_quick_operation",
]

ODD_ANSWERS: list[object] = [
    [],
    None,
    {},
    "x",
    [5],
    [{}],
    {"user_id": {}, "message": 5},
]

GIVEN: dict[str, object] = {
    "user_id": "10001",
    "group_id": 42,
    "message": "hi",
    "message_id": -7,
    "id": "f1",
    "flag": "abc",
    "sub_type": "invite",
    "group_name": "Rookery",
    "file": "a.silk",
    "out_format": "mp3",
    "context": {"post_type": "message"},
    "operation": {"reply": "hi"},
}


def out(*body: Segment, to: str = "qq/1/group:42") -> Outbound:
    return Outbound(key="k", to=ChatAddress.parse(to), body=body)


def sent(frame: str) -> dict[str, object]:
    value = json.loads(frame)
    assert isinstance(value, dict)
    return value


def answer(data: object) -> Answer:
    read = decode(json.dumps({"status": "ok", "retcode": 0, "data": data, "echo": 1}))
    assert isinstance(read, Answer)
    return read


def test_the_table_is_the_specification() -> None:
    assert list(ACTIONS) == SPECIFIED


@pytest.mark.parametrize("name", SPECIFIED)
def test_every_action_can_be_called_and_its_answer_read(name: str) -> None:
    action = ACTIONS[name]
    needed = {
        f.name: GIVEN[f.name]
        for f in attrs.fields(action.params)
        if f.default is attrs.NOTHING
    }
    made = call(name, **needed)
    frame = sent(frame_of(made, {"n": 1}))
    assert frame["action"] == name
    assert frame["echo"] == {"n": 1}
    assert set(needed) <= set(made.params)
    for data in ODD_ANSWERS:
        result = result_of(name, answer(data))
        several = isinstance(result, tuple)
        assert several == action.many
        for each in result if isinstance(result, tuple) else [result]:
            assert type(each) is action.result


def test_defaults_are_those_of_the_specification() -> None:
    assert call("set_group_ban", group_id=1, user_id=2).params["duration"] == 1800
    assert call("set_group_whole_ban", group_id=1).params["enable"] is True
    assert call("send_like", user_id=1).params["times"] == 1
    assert call("get_login_info") == Call("get_login_info", {})


def test_ids_go_out_as_numbers_where_they_are_numbers() -> None:
    assert call("delete_msg", message_id="-5").params == {"message_id": -5}
    assert call("delete_msg", message_id="H6oY+lHh").params == {
        "message_id": "H6oY+lHh"
    }
    huge = "9" * 30
    assert call("delete_msg", message_id=huge).params == {"message_id": huge}


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(InvalidParams) as caught:
        call("set_group_ban", group_id=None, duration="long", reason="spam")
    assert caught.value.faults == (
        "reason is no parameter of it (it takes group_id, user_id, duration)",
        "group_id must be an id (got None)",
        "user_id is missing",
        "duration must be a number (got 'long')",
    )


@pytest.mark.parametrize(
    "wrong",
    [
        ("send_msg", {"message": 5}),
        ("send_msg", {"message": "x", "message_type": "channel"}),
        ("send_group_msg", {"group_id": "", "message": "x"}),
        ("send_group_msg", {"group_id": True, "message": "x"}),
        ("send_group_msg", {"group_id": 1, "message": "x", "auto_escape": "maybe"}),
        ("set_group_add_request", {"flag": "f", "sub_type": "other"}),
        ("set_group_name", {"group_id": 1, "group_name": None}),
        (".handle_quick_operation", {"context": "x", "operation": {}}),
    ],
)
def test_wrong_types_are_refused(wrong: tuple[str, dict[str, object]]) -> None:
    name, given = wrong
    with pytest.raises(InvalidParams, match="must be"):
        call(name, **given)


def test_a_parameter_with_two_names_has_both() -> None:
    made = call("set_group_add_request", flag="f", type="add")
    assert made.params["sub_type"] == "add"


def test_messages_may_be_ours_or_theirs() -> None:
    text = {"type": "text", "data": {"text": "hi"}}
    for message in (Text("hi"), [Text("hi")], (Text("hi"),), [text]):
        made = call("send_private_msg", user_id=1, message=message)
        assert made.params["message"] == [text]
    made = call("send_private_msg", user_id=1, message="[CQ:face,id=1]")
    assert made.params["message"] == "[CQ:face,id=1]"


def test_actions_beyond_the_specification_go_out_as_they_are() -> None:
    made = call("get_group_msg_history", group_id="42", message_seq=None, x=[1])
    assert made == Call("get_group_msg_history", {"group_id": "42", "x": [1]})
    assert result_of("get_group_msg_history", answer({"a": 1})).raw == {"a": 1}  # type: ignore[union-attr]  # no list


def test_any_parameter_name_can_be_used() -> None:
    """upload_group_file has a parameter called name."""
    made = call("upload_group_file", group_id=1, name="a.txt", action="x")
    assert made.params == {"group_id": 1, "name": "a.txt", "action": "x"}


def test_segments_are_written_out_in_any_action() -> None:
    made = call("send_forward_msg", messages=[Forward((Node(id="5"),))], x=Text("a"))
    assert made.params == {
        "messages": [{"type": "node", "data": {"id": "5"}}],
        "x": [{"type": "text", "data": {"text": "a"}}],
    }


def test_what_json_cannot_hold_is_refused() -> None:
    with pytest.raises(InvalidParams, match="unsupported"):
        call("extension", x=[object()])
    with pytest.raises(InvalidParams, match="unsupported"):
        call("send_msg", user_id=1, message=[{"type": "x", "data": {"y": object()}}])
    with pytest.raises(Unsendable, match="unsupported"):
        encode(out(Raw("onebot11", {"type": "x", "data": {"y": object()}})), "1")


def test_suffixes_are_checked_like_their_action() -> None:
    assert action_named("send_msg_rate_limited") is ACTIONS["send_msg"]
    with pytest.raises(InvalidParams):
        call("send_group_msg_async", message="x")


def test_parameters_can_be_made_on_their_own() -> None:
    made = params.SendGroupMsg(group_id="5", message=[Mention("7")])
    assert made.group_id == 5
    with pytest.raises(ValueError, match="an id"):
        params.SendGroupMsg(group_id="", message="x")


def test_answers_are_typed() -> None:
    members = result_of(
        "get_group_member_list",
        answer([{"user_id": 7, "group_id": "42", "role": "owner", "join_time": "5"}]),
    )
    assert isinstance(members, tuple)
    (member,) = members
    assert isinstance(member, results.MemberInfo)
    assert (member.user_id, member.group_id, member.join_time) == ("7", "42", 5)
    status = result_of("get_status", answer({"online": None, "good": True, "stat": {}}))
    assert isinstance(status, results.Status)
    assert (status.online, status.good) == (None, True)
    detail = result_of("get_msg", answer({"message": "[CQ:at,qq=7]", "message_id": -1}))
    assert isinstance(detail, results.MessageDetail)
    assert (detail.message, detail.message_id) == ((Mention("7"),), "-1")
    honor = result_of(
        "get_group_honor_info",
        answer({"current_talkative": {"user_id": 7}, "emotion_list": [{"user_id": 8}]}),
    )
    assert isinstance(honor, results.HonorInfo)
    assert honor.current_talkative.user_id == "7"
    assert [each.user_id for each in honor.emotion_list] == ["8"]


@pytest.mark.parametrize("key", ["message", "messages"])
def test_a_bundle_is_read_under_either_name(key: str) -> None:
    """The specification says message; go-cqhttp and NapCat say messages."""
    nodes = [{"sender": {"user_id": 7, "nickname": "A"}, "content": "合并转发1"}]
    read = result_of("get_forward_msg", answer({key: nodes}))
    assert isinstance(read, results.ForwardDetail)
    (bundle,) = read.message
    assert isinstance(bundle, Forward)
    assert bundle.messages[0].user == "7"
    assert bundle.messages[0].body == (Text("合并转发1"),)


def test_secrets_are_not_shown() -> None:
    read = result_of(
        "get_credentials", answer({"cookies": "s3cret", "csrf_token": 777})
    )
    assert "s3cret" not in repr(read)
    assert "777" not in repr(read)


def test_what_the_host_says_becomes_the_action_of_its_chat() -> None:
    frame = sent(encode(out(Reply("-5"), Text("pong")), "c1.7"))
    assert frame == {
        "action": "send_group_msg",
        "params": {
            "group_id": 42,
            "message": [
                {"type": "reply", "data": {"id": "-5"}},
                {"type": "text", "data": {"text": "pong"}},
            ],
        },
        "echo": "c1.7",
    }
    private = call_of(out(Image(b"\x00"), to="qq/1/private:10001"))
    assert private.action == "send_private_msg"
    assert private.params["user_id"] == 10001


@pytest.mark.parametrize(
    "nothing",
    [
        out(),
        out(Text("")),
        out(Text("x"), to="qq/1/channel:5"),
        out(Text("x"), to="qq/1/thread:5"),
        Outbound(key="k", to=ChatAddress("q", "1", Chat(ChatKind.GROUP, "")), body=()),
    ],
)
def test_what_cannot_be_said_is_refused_before_it_is_sent(nothing: Outbound) -> None:
    with pytest.raises(Unsendable):
        call_of(nothing)


@settings(deadline=None)
@given(st.text(max_size=20), st.text(max_size=5))
def test_any_text_can_be_sent(text: str, echo: str) -> None:
    frame = sent(encode(out(Text("."), Text(text)), echo))
    whole = text.encode("utf-8", "replace").decode()
    assert frame["params"]["message"][1]["data"]["text"] == whole  # type: ignore[index]  # JSON


def test_half_a_surrogate_pair_does_not_stop_a_reply() -> None:
    assert "a?b" in frame_of(Call("x", {"m": ["a\ud800b"]}), "1")
