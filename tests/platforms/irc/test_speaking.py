"""A message as it goes on the wire: whole, short enough, and nothing but itself."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import Chat, ChatAddress, Outbound, Reply, Text
from platforms.base import Rejected
from platforms.irc import wire
from platforms.irc.speaking import Sign, calling, reacting, redacting, saying
from platforms.irc.wire.support import Support
from tests.fakes.irc.lines import taken_apart


def known(
    nick: str = "rook",
    mask: str = "rookery@host.test",
    *caps: str,
    support: Support | None = None,
) -> wire.Known:
    found = wire.Known("rook", nick, mask, support or Support())
    line = wire.parse(f":s CAP * ACK :{' '.join(caps)}")
    assert line is not None
    found.hear(line)
    return found


def out(text: str, chat: str = "group:#chan", reply: str = "") -> Outbound:
    body: tuple[Reply | Text, ...] = (Text(text),)
    if reply:
        body = (Reply(reply), *body)
    return Outbound(
        key="k1", to=ChatAddress("irc", "rook", Chat.parse(chat)), body=body
    )


def wires(out: Outbound, known: wire.Known, *, labelled: bool = False) -> list[str]:
    return [line for one in saying(out, known) for line in one.lines(labelled=labelled)]


chats = st.sampled_from(["group:#chan", "private:ann", "group:#" + "x" * 40])
names = st.text("abc", min_size=1, max_size=30)


@given(st.text(), chats, names, st.sampled_from(["", "u@h", "u@" + "h" * 63]))
def test_a_message_is_a_message_and_nothing_else(
    text: str, chat: str, nick: str, mask: str
) -> None:
    """No end of line, no NUL, no CTCP, no other command, and short enough to be relayed."""
    at = known(nick, mask)
    try:
        lines = wires(out(text, chat), at)
    except Rejected:
        assert not re.sub(r"[\s\0\x01]", "", text)
        return
    target = chat.partition(":")[2]
    said = ""
    for line in lines:
        tags, command, params = taken_apart(line)
        assert not tags
        if command == "PING":
            continue
        assert command == "PRIVMSG"
        assert params[0] == target
        assert set(params[1]).isdisjoint("\r\n\0\x01")
        assert params[1].strip()
        relayed = f":{nick}!{mask or 'u' * 11 + '@' + 'h' * 63} {line}\r\n"
        assert len(relayed.encode()) <= 512
        said += params[1]
    kept = text.encode("utf-8", "replace").decode()
    assert "".join(said.split()) == "".join(re.sub(r"[\0\x01]", "", kept).split())


@pytest.mark.parametrize("name", ["label", "Label"])
def test_a_bot_cannot_take_the_label_by_which_the_answer_is_found(name: str) -> None:
    """Its line would never be answered, or by the answer to another one."""
    with pytest.raises(Rejected, match="label"):
        calling("TAGMSG", ["#chan"], {name: "k1", "+x": "y"}, "ref")


def test_what_is_too_long_for_a_prefix_is_cut_between_characters() -> None:
    family = "👨‍👩‍👧‍👦"
    lines = wires(out(family * 30), known("n" * 30, "u@" + "h" * 63))
    texts = [taken_apart(line)[2][1] for line in lines if line.startswith("PRIVMSG")]
    assert len(texts) > 1
    assert all(set(text.split(family)) == {""} for text in texts)
    assert "".join(texts) == family * 30
    assert [one.ref for one in saying(out(family * 30), known("n" * 30))][:2] == [
        "k1",
        "k1.1",
    ]


def test_a_target_that_leaves_no_room_is_refused() -> None:
    """Rather than cut: what is left would be another message."""
    with pytest.raises(Rejected, match="must have 512 bytes at most"):
        wires(out("x" * 300, f"group:#{'c' * 420}"), known())
    [line, _] = wires(out("x" * 90, f"group:#{'c' * 390}"), known())
    assert line.endswith("x" * 90)


def test_with_labels_no_ping_is_needed() -> None:
    at = known("rook", "u@h", "message-tags", "labeled-response", "batch")
    assert wires(out("hello", reply="m1"), at, labelled=True) == [
        "@label=k1;+draft/reply=m1 PRIVMSG #chan :hello"
    ]
    assert wires(out("hello", reply="m1"), known()) == [
        "PRIVMSG #chan :hello",
        "PING :k1",
    ]


@pytest.mark.parametrize("chat", ["group:nowhere", "private:#chan", "private:a b"])
def test_what_cannot_be_said_there_is_rejected(chat: str) -> None:
    with pytest.raises(Rejected, match="private:NICK and group:#CHANNEL"):
        saying(out("hello", chat), known())


@given(st.text(), st.lists(st.text()), st.dictionaries(st.text(), st.text()))
def test_a_call_is_one_command_or_none(
    action: str, params: list[str], tags: dict[str, str]
) -> None:
    try:
        [line, ping] = calling(action, params, tags, "c1").lines(labelled=False)
    except Rejected:
        return
    assert set(line).isdisjoint("\r\n\0")
    assert taken_apart(line)[1] == action.upper()
    assert ping == "PING :c1"


def test_what_has_no_name_cannot_be_pointed_at() -> None:
    at = known("rook", "u@h", "message-tags", "draft/message-redaction")
    nameless = f"{wire.NO_MSGID}0001-7"
    assert wires(out("yes", reply=nameless), at)[0] == "PRIVMSG #chan :yes"
    with pytest.raises(Rejected, match="has no msgid"):
        reacting(out(""), at, nameless, Sign("👍"))
    with pytest.raises(Rejected, match="has no msgid"):
        redacting(out(""), at, nameless)
    assert redacting(out(""), at, "m1").lines(labelled=True) == [
        "@label=k1 REDACT #chan :m1"
    ]
