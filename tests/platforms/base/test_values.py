"""Secrets, capabilities and ends: the values of `platforms.base`."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import (
    ALL,
    Emoji,
    File,
    Forward,
    Image,
    Markdown,
    Mention,
    Node,
    Raw,
    Reply,
    Segment,
    Text,
    plain_text,
)
from platforms.base import (
    ALL_SEGMENTS,
    Fault,
    Finished,
    NeedsOperator,
    Secret,
    SessionEnded,
)
from platforms.base.caps import fit
from platforms.base.ends import end_of

ONLY_TEXT = frozenset({Text})
BODY: tuple[Segment, ...] = (
    Reply("7"),
    Mention("10001", "ann"),
    Mention(ALL),
    Text(" look: "),
    Image("https://x/y.png"),
    Image(b"\x89PNG", alt="a rook"),
    File("/etc/passwd", name="list"),
    Markdown("**b**"),
    Emoji("66"),
    Forward((Node(id="1"), Node(id="2"))),
    Raw("onebot11", {"type": "dice", "data": {}}),
)


def test_a_secret_shows_itself_to_nobody_who_does_not_ask() -> None:
    secret = Secret("hunter2")
    assert "hunter2" not in f"{secret} {secret!r} {secret!s} {[secret]}"
    assert secret.reveal() == "hunter2"
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(secret)


@given(st.text(), st.text())
def test_secrets_are_equal_when_their_values_are(one: str, other: str) -> None:
    assert (Secret(one) == Secret(other)) is (one == other)
    assert Secret(one).matches(other) is (one == other)
    assert hash(Secret(one)) == hash(Secret(one))


def test_what_cannot_be_shown_is_told_in_words_and_said_so() -> None:
    fitted = fit(BODY, ONLY_TEXT)
    assert plain_text(fitted.body) == (
        "@ann@all look: [image https://x/y.png][image a rook][file list]"
        "**b**[emoji 66][2 forwarded messages][onebot11 only]"
    )
    assert fitted.degraded == "image, file, emoji, forward, raw as text"


def test_a_local_path_is_not_told() -> None:
    (part,) = fit((File("/etc/passwd"),), ONLY_TEXT).body
    assert part == Text("[file]")


def test_what_can_be_shown_is_left_alone() -> None:
    assert fit(BODY, ALL_SEGMENTS).body is BODY
    assert fit((Text("a"), Markdown("b")), ONLY_TEXT).degraded == ""


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (None, SessionEnded("the peer left")),
        (ConnectionError("reset"), SessionEnded("ConnectionError: reset")),
        (ValueError(), SessionEnded("ValueError")),
        (Finished("end of input"), Finished("end of input")),
        (SessionEnded("gone"), SessionEnded("gone")),
        (
            ExceptionGroup("two", [OSError("a"), NeedsOperator("token")]),
            NeedsOperator("token"),
        ),
        (
            ExceptionGroup("two", [Finished("over"), OSError("a")]),
            SessionEnded("over; OSError: a"),
        ),
        (
            ExceptionGroup("x", [ExceptionGroup("y", [SessionEnded("gone")])]),
            SessionEnded("gone"),
        ),
    ],
)
def test_the_end_of_a_session(error: Exception | None, end: Exception) -> None:
    # Exceptions are equal by identity only.
    assert repr(end_of(error)) == repr(end)


def test_a_fault_names_its_key() -> None:
    assert str(Fault("url", "is required")) == "url: is required"
