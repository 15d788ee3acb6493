"""Requests as bytes: whatever is in them, the other side reads just that."""

from __future__ import annotations

import json
from email.parser import BytesParser
from email.policy import HTTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import Chat, Image, Raw, Segment, Text, Video
from platforms.telegram.wire import (
    Call,
    NotSoSendable,
    Unsendable,
    Upload,
    body_of,
    call_of,
    chat_of,
    room_of,
    target_of,
)
from tests.platforms.telegram.living import saying

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = WORDS | st.integers() | st.booleans() | st.lists(WORDS, max_size=3)


def parts_of(kind: str, body: bytes) -> list[tuple[object, object, bytes]]:
    """Read a form as the standard library does."""
    head = f"Content-Type: {kind}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    assert not message.defects
    found: list[tuple[object, object, bytes]] = []
    for part in message.iter_parts():
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        name = part.get_param("name", header="content-disposition")
        found.append((name, part.get_filename(), data))
    return found


@given(
    st.dictionaries(st.sampled_from(["a", "chat_id", "b"]), VALUES),
    st.binary(max_size=200) | st.just(b"\r\n--" + b"0" * 32 + b"\r\n"),
    st.text(st.characters(codec="ascii", exclude_characters="\\"), min_size=1),
)
def test_a_form_holds_what_was_put_into_it(
    params: dict[str, object], data: bytes, file_name: str
) -> None:
    kind, body = body_of(Call("m", params, (Upload("file", file_name, data),)))
    assert kind.startswith("multipart/form-data; boundary=")
    *fields, file = parts_of(kind, body)
    assert file[0] == "file"
    assert file[2] == data
    told = str(file[1])
    assert "\r" not in told
    assert "\n" not in told
    said = {
        str(name): data.decode() if isinstance(params[str(name)], str) else json.loads(data)
        for name, _, data in fields
    }  # fmt: skip
    assert said == params


def test_a_boundary_stands_in_no_part() -> None:
    first, _ = body_of(Call("m", {}, (Upload("f", "n", b"x"),)))
    boundary = first.partition("boundary=")[2].encode()
    kind, body = body_of(Call("m", {"a": "b"}, (Upload("f", "n", boundary),)))
    assert [data for _, _, data in parts_of(kind, body)] == [b"b", boundary]


def test_a_name_cannot_leave_its_quotes() -> None:
    evil = 'a"; name="chat_id"\r\n\r\n1\r\n--x'
    kind, body = body_of(Call("m", {"chat_id": 7}, (Upload("f", evil, b"x"),)))
    names = [name for name, _, _ in parts_of(kind, body)]
    assert names == ["chat_id", "f"]


def test_without_a_file_it_is_json() -> None:
    kind, body = body_of(Call("m", {"text": "你好 \ud83d", "n": 1}))
    assert kind == "application/json"
    assert json.loads(body) == {"text": "你好 \ufffd", "n": 1}
    with pytest.raises(TypeError):
        body_of(Call("m", {"x": object()}))


@pytest.mark.parametrize(
    "chat",
    ["private:14", "group:-7", "channel:@news", "thread:-7.45", "thread:-7.d14"],
)
def test_a_chat_is_where_it_came_from(chat: str) -> None:
    target = target_of(Chat.parse(chat))
    assert room_of(Chat.parse(chat)) == str(target["chat_id"])


@given(st.integers(-(2**52), 2**52).filter(bool), st.integers(1, 2**31))
def test_a_topic_reads_back(room: int, topic: int) -> None:
    message = {"is_topic_message": True, "message_thread_id": topic}
    chat = chat_of({"id": room, "type": "supergroup"}, message)
    assert chat is not None
    assert target_of(Chat.parse(str(chat))) == {
        "chat_id": room,
        "message_thread_id": topic,
    }


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ((), Unsendable),
        ((Text(""),), Unsendable),
        ((Image("a"), Video("b")), NotSoSendable),
        ((Image("CAACAgIAAxkBAAIBYGZ0000000000"), Text("x")), NotSoSendable),
        ((Raw("onebot11", {"location": {}}),), NotSoSendable),
        ((Raw("telegram", {"story": {}}),), NotSoSendable),
        ((Raw("telegram", {"dice": {}}), Text("x")), NotSoSendable),
    ],
)
def test_what_telegram_cannot_say_is_said_before_anything_goes_out(
    body: tuple[Segment, ...], error: type[Unsendable]
) -> None:
    with pytest.raises(error):
        call_of(saying(*body))


@pytest.mark.parametrize("thread", ["thread:7", "thread:x.1", "thread:7.", "thread:.7"])
def test_what_is_no_thread_is_refused(thread: str) -> None:
    with pytest.raises(Unsendable, match=r"thread:CHAT\.TOPIC"):
        call_of(saying("x", chat=thread))
