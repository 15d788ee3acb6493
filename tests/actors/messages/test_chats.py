"""Addresses: what a person writes is what they get back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import Chat, ChatAddress, ChatKind

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
