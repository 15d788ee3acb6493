"""Addresses: what a person writes is what they get back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import Chat, ChatAddress, ChatKind, Inbound, Sender, Text

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
addresses = st.builds(
    ChatAddress,
    names,
    names,
    st.builds(Chat, st.sampled_from(list(ChatKind)), names),
)


@given(addresses)
def test_every_address_survives_being_written_down(address: ChatAddress) -> None:
    assert ChatAddress.parse(str(address)) == address


@given(addresses, addresses)
def test_two_addresses_are_never_written_alike(
    one: ChatAddress, other: ChatAddress
) -> None:
    assert (str(one) == str(other)) == (one == other)


def test_plain_parts_stay_readable() -> None:
    text = "qq/10001/group:42"
    address = ChatAddress.parse(text)
    assert address == ChatAddress("qq", "10001", Chat(ChatKind.GROUP, "42"))
    assert str(address) == text
    odd = ChatAddress("irc", "me", Chat(ChatKind.CHANNEL, "#a/b:c%"))
    assert str(odd) == "irc/me/channel:#a%2Fb%3Ac%25"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "qq",
        "qq/1",
        "qq/1/group",
        "qq/1/group:",
        "qq/1/room:42",
        "/1/group:42",
        "qq//group:42",
        "qq/1/group:42/5",
        "qq/1/:42",
    ],
)
def test_what_is_no_address_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="such as qq/10001/group:42"):
        ChatAddress.parse(text)


@given(st.sampled_from(list(ChatKind)), names)
def test_a_chat_is_read_as_it_is_written(kind: ChatKind, id_: str) -> None:
    assert Chat.parse(str(Chat(kind, id_))) == Chat(kind, id_)


@pytest.mark.parametrize("text", ["", "den", "group", "group:", "room:den", ":den"])
def test_what_is_no_chat_says_what_one_looks_like(text: str) -> None:
    with pytest.raises(ValueError, match="KIND:CHAT with KIND private") as refused:
        Chat.parse(text)
    assert repr(text) in str(refused.value)


def test_an_event_may_be_written_in_short() -> None:
    short = Inbound("1", chat="group:den", sender="ann", body=[Text("hi")])
    assert short == Inbound(
        "1", chat=Chat(ChatKind.GROUP, "den"), sender=Sender("ann"), body=(Text("hi"),)
    )
