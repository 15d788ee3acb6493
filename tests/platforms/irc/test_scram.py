"""A password is shown to be known, and not said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.irc.wire.scram import (
    MAX_ROUNDS,
    NotShown,
    check,
    first,
    prepared,
    prove,
)
from tests.fakes.irc.scram import ScramServer

# The example of RFC 7677, section 3.
NONCE = "rOprNGfwEbeRWgbNEkqO"
CHALLENGE = (
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
)
LAST = (
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
    "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
)
VERDICT = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def test_the_example_of_its_specification() -> None:
    assert first("user", NONCE) == f"n,,n=user,r={NONCE}"
    proof = prove("user", "pencil", NONCE, CHALLENGE)
    assert proof.said == LAST
    check(proof, VERDICT)


@pytest.mark.parametrize(
    ("verdict", "why"),
    [
        ("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=", "not who it says it is"),
        ("", "not who it says it is"),
        ("v=\u00e9", "not who it says it is"),
        ("e=invalid-proof", "the server says invalid-proof"),
    ],
)
def test_who_does_not_know_the_password_cannot_pretend_to(
    verdict: str, why: str
) -> None:
    proof = prove("user", "pencil", NONCE, CHALLENGE)
    with pytest.raises(NotShown, match=why):
        check(proof, verdict)


@pytest.mark.parametrize(
    "challenge",
    [
        "",
        f"r={NONCE},s=c2FsdA==,i=4096",  # nothing of the server's in it
        "r=another,s=c2FsdA==,i=4096",
        f"r={NONCE}x,s=,i=4096",
        f"r={NONCE}x,s=!,i=4096",
        f"r={NONCE}x,s=c2FsdA==,i=4095",
        f"r={NONCE}x,s=c2FsdA==,i={MAX_ROUNDS + 1}",
        f"r={NONCE}x,s=c2FsdA==,i=" + "9" * 5000,
        f"r={NONCE}x,s=c2FsdA==,i=\u0664\u0660\u0669\u0666",
        f"r={NONCE}x,s=c2FsdA==",
        f"m=ext,r={NONCE}x,s=c2FsdA==,i=4096",
    ],
)
def test_a_challenge_that_is_none_is_not_answered(challenge: str) -> None:
    """One with few rounds would make the password easy to guess, one with many cost us."""
    with pytest.raises(NotShown):
        prove("user", "pencil", NONCE, challenge)


@given(st.text(max_size=200))
def test_whatever_is_said_it_is_a_challenge_or_none(said: str) -> None:
    try:
        proof = prove("user", "pencil", NONCE, f"r={NONCE}{said}")
    except NotShown:
        return
    with pytest.raises(NotShown):
        check(proof, said)


words = st.text(
    st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20
)


@given(words, words, words)
def test_the_right_password_lets_in_and_another_does_not(
    account: str, password: str, other: str
) -> None:
    for said in {password, other}:
        server = ScramServer({account: password})
        challenge = server.hear(first(account, "nonce"))
        proof = prove(account, said, "nonce", challenge)
        verdict = server.hear(proof.said)
        if said == password:
            check(proof, verdict)
            server.hear("")
            assert server.account == account
        else:
            with pytest.raises(NotShown, match="invalid-proof"):
                check(proof, verdict)
            assert server.account == ""


def test_what_looks_the_same_is_the_same_password() -> None:
    """RFC 4013, section 3."""
    assert prepared("I\u00adX") == "IX"
    assert prepared("\u2168") == "IX"
    assert prepared("a\u00a0b") == "a b"
    assert prepared("\u00aa") == "a"
