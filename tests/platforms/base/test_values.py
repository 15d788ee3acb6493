"""Secrets, capabilities and ends: the values of `platforms.base`."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.kernel import Crash
from platforms.base import (
    Fault,
    Finished,
    NeedsOperator,
    Secret,
    SessionEnded,
)
from platforms.base.ends import end_of


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


def test_a_session_that_is_over_is_shown_in_its_own_words() -> None:
    assert str(Crash(SessionEnded("cannot connect to ws://a"))) == (
        "cannot connect to ws://a"
    )


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
