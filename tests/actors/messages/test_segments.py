"""Segments: plain text is what a person reads; bytes stay out of sight."""

from __future__ import annotations

import pytest
from attrs.exceptions import FrozenInstanceError
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import (
    ALL,
    Chat,
    ChatKind,
    Image,
    Inbound,
    Markdown,
    Mention,
    OutboundState,
    Outcome,
    Raw,
    Reply,
    Sender,
    Text,
    plain_text,
)

others = st.sampled_from(
    [Mention("1"), Mention(ALL), Reply("9"), Image(b"x"), Raw("qq", {"type": "dice"})]
)
texts = st.builds(Text, st.text(max_size=10)) | st.builds(
    Markdown, st.text(max_size=10)
)


@given(st.lists(texts | others, max_size=8))
def test_plain_text_is_the_text_in_reading_order(
    body: list[Text | Markdown | Mention | Reply | Image | Raw],
) -> None:
    expected = [part.text for part in body if isinstance(part, Text | Markdown)]
    assert plain_text(body) == "".join(expected)
    assert Inbound("1", body=tuple(body)).text == "".join(expected)


def test_bytes_and_long_sources_do_not_reach_a_log_line() -> None:
    assert repr(Image(b"secret" * 100)) == "Image(source=<600 bytes>, alt='')"
    assert len(repr(Image("base64://" + "A" * 100_000))) < 200


def test_a_name_does_not_make_another_mention() -> None:
    assert Mention("1", name="bob") == Mention("1")


def test_values_are_frozen() -> None:
    """D42: one message is shared by all who look at it, so nobody may change it."""
    with pytest.raises(FrozenInstanceError):
        Text("a").text = "b"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        Inbound("1").edit = 1  # type: ignore[misc]
    with pytest.raises(AttributeError):
        Chat(ChatKind.GROUP, "1").id = "2"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        Sender("1").name = "b"  # type: ignore[misc]


def test_outcome_knows_what_may_be_claimed() -> None:
    assert Outcome(OutboundState.DEGRADED, "no picture").delivered
    assert not Outcome(OutboundState.UNKNOWN).delivered
    assert Outcome(OutboundState.UNKNOWN).unknown
