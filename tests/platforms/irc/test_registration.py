"""From a fresh connection to a registered one: the lines of both sides, and no socket."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platforms.irc.wire import Known, NeedsPerson, Refused, Registration, Who, parse
from platforms.irc.wire.registration import MAX_NICKS, alternate
from platforms.irc.wire.sasl import CHUNK, MAX_CHALLENGE, chunks

ROOK = Who("rook", "rookery", "Rookery")
ANNS = Who("rook", "rookery", "Rookery", account="ann", account_password="secret")


class Talk:
    """One attempt; `hears` returns what is answered."""

    def __init__(self, who: Who = ROOK) -> None:
        self.known = Known("rook", who.nick)
        self.registration = Registration(who, self.known, "nonce")
        self.begun = self.registration.begin()

    def hears(self, *lines: str) -> list[str]:
        answers: list[str] = []
        for text in lines:
            line = parse(text)
            assert line is not None
            answers += self.registration.hear(line)
        return answers

    @property
    def done(self) -> bool:
        return self.registration.done


WELCOME = (
    ":s 001 rook :Welcome to the X Network rook!~rookery@example.org",
    ":s 005 rook CASEMAPPING=ascii NICKLEN=9 :are supported by this server",
    ":s 422 rook :MOTD File is missing",
)


def test_an_old_server_knows_no_capabilities() -> None:
    talk = Talk()
    assert talk.begun == [
        "CAP LS 302",
        "NICK rook",
        "USER rookery 0 * :Rookery",
    ]
    assert talk.hears(":s 421 * CAP :Unknown command", *WELCOME) == []
    assert talk.done
    assert talk.known.nick == "rook"
    assert talk.known.mask == "~rookery@example.org"
    assert talk.known.support.nick_chars == 9


def test_the_servers_own_password_goes_first() -> None:
    talk = Talk(Who("rook", "rookery", "Rookery", password="se cret"))
    assert talk.begun[1] == "PASS :se cret"
    assert "se cret" not in repr(talk.registration._who)


def test_no_more_is_asked_for_than_we_use() -> None:
    """IRCv3 capability negotiation 302: a list may come in several lines."""
    talk = Talk()
    assert talk.hears(":s CAP * LS * :away-notify batch sasl=PLAIN invite-notify") == []
    assert talk.hears(":s CAP * LS :message-tags server-time labeled-response") == [
        "CAP REQ :message-tags server-time batch labeled-response"
    ]
    assert talk.hears(
        ":s CAP * ACK :message-tags server-time batch labeled-response"
    ) == ["CAP END"]
    assert talk.known.capabilities.labels
    assert talk.known.capabilities.tags
    assert talk.hears(*WELCOME) == []
    assert talk.done
    # Later: one is taken away.
    line = parse(":s CAP rook DEL :labeled-response")
    assert line is not None
    talk.known.hear(line)
    assert not talk.known.capabilities.labels


def test_labels_need_batches() -> None:
    assert Talk().hears(":s CAP * LS :labeled-response") == ["CAP END"]


def test_one_capability_that_is_not_granted_does_not_cost_the_others() -> None:
    talk = Talk()
    talk.hears(":s CAP * LS :message-tags server-time")
    assert talk.hears(":s CAP * NAK :message-tags server-time") == [
        "CAP REQ message-tags",
        "CAP REQ server-time",
    ]
    assert talk.hears(":s CAP * NAK :message-tags") == []
    assert talk.hears(":s CAP * ACK :server-time") == ["CAP END"]
    assert talk.known.capabilities.enabled == {"server-time"}


def test_we_log_in_before_we_are_let_in() -> None:
    """IRCv3 SASL 3.1, with the example's words."""
    talk = Talk(ANNS)
    assert talk.hears(":s CAP * LS :sasl=PLAIN,EXTERNAL") == ["CAP REQ sasl"]
    assert talk.hears(":s CAP * ACK :sasl") == ["AUTHENTICATE PLAIN"]
    said = b64encode(b"ann\0ann\0secret").decode()
    assert talk.hears("AUTHENTICATE +") == [f"AUTHENTICATE {said}"]
    assert talk.hears(
        ":s 900 rook rook!r@h ann :You are now logged in as ann",
        ":s 903 rook :SASL authentication successful",
    ) == ["CAP END"]
    assert talk.hears(*WELCOME) == []
    assert talk.done


def test_a_certificate_can_be_enough() -> None:
    talk = Talk(Who("rook", "rookery", "Rookery", account="ann"))
    talk.hears(":s CAP * LS :sasl")
    assert talk.hears(":s CAP * ACK :sasl") == ["AUTHENTICATE EXTERNAL"]
    assert talk.hears("AUTHENTICATE +") == ["AUTHENTICATE +"]


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (
            (":s 908 rook EXTERNAL :are available", ":s 904 rook :SASL failed"),
            "the server refuses our login to 'ann' with PLAIN: SASL failed (it takes EXTERNAL); check account and account_password",
        ),
        ((":s 902 rook :You must use a nick assigned to you",), "assigned to you"),
        ((":s 464 rook :Password incorrect",), "refuses our password: Password inc"),
        ((":s 465 rook :You are banned",), "we are banned from this server: You are"),
        ((":s 432 * rook :Erroneous nickname",), "takes no nick like 'rook': Erron"),
    ],
)
def test_what_only_a_person_can_mend(lines: tuple[str, ...], why: str) -> None:
    talk = Talk(ANNS)
    talk.hears(":s CAP * LS :sasl", ":s CAP * ACK :sasl")
    with pytest.raises(NeedsPerson) as caught:
        talk.hears(*lines)
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ((":s CAP * LS :batch",), "offers no SASL now"),
        ((":s CAP * LS :sasl", ":s CAP * NAK :sasl", ":s CAP * NAK :sasl"), "not let"),
        ((":s CAP * LS :sasl", ":s CAP * ACK :sasl", ":s 906 rook :aborted"), "abort"),
        (WELCOME, "let us in without our login"),
        (("ERROR :Closing Link: (K-Lined)",), "closed the connection: Closing Link"),
    ],
)
def test_what_may_be_otherwise_later(lines: tuple[str, ...], why: str) -> None:
    """Services that are away, a ban that ends: it is tried again, slowly."""
    talk = Talk(ANNS)
    with pytest.raises(Refused, match=why) as caught:
        talk.hears(*lines)
    assert not isinstance(caught.value, NeedsPerson)


def test_a_nick_that_is_taken_is_followed_by_others_and_then_by_patience() -> None:
    talk = Talk()
    taken = ":s 433 * x :Nickname is already in use"
    asked = [line for _ in range(MAX_NICKS - 1) for line in talk.hears(taken)]
    assert asked[:4] == ["NICK rook_", "NICK rook__", "NICK rook3", "NICK rook4"]
    assert len(set(asked)) == MAX_NICKS - 1
    with pytest.raises(Refused, match="none of 8 nicks"):
        talk.hears(taken)


def test_the_server_has_the_last_word_on_our_nick() -> None:
    """RFC 1459 servers cut a long one without a word."""
    talk = Talk(Who("averylongnick", "r", "R"))
    talk.hears(":s 001 averylong :Welcome", ":s 433 averylong x :in use")
    assert talk.known.nick == "averylong"
    talk.hears(":averylong!r@h NICK other")
    assert talk.known.nick == "other"


@given(st.text("abc", min_size=1, max_size=40), st.integers(1, 8), st.integers(4, 30))
def test_another_nick_is_another_and_no_longer(
    nick: str, number: int, most: int
) -> None:
    found = alternate(nick, number, most)
    assert found != nick
    assert len(found) <= most


@given(st.integers(0, 1000))
def test_a_long_response_goes_in_pieces(size: int) -> None:
    """IRCv3 SASL 3.1: 400 at a time; one that is full is followed by another."""
    response = "x" * size
    parts = chunks(response)
    assert "".join(part for part in parts if part != "+") == response
    assert all(len(part) <= CHUNK for part in parts)
    assert len(parts[-1]) < CHUNK


def test_plain_names_the_account_twice() -> None:
    """RFC 4616."""
    talk = Talk(Who("rook", "r", "R", account="tim", account_password="tanstaaf"))
    talk.hears(":s CAP * LS :sasl")
    assert talk.hears(":s CAP * ACK :sasl") == ["AUTHENTICATE PLAIN"]
    said = b64encode(b"tim\0tim\0tanstaaf").decode()
    assert talk.hears("AUTHENTICATE +") == [f"AUTHENTICATE {said}"]


@pytest.mark.parametrize(
    ("offered", "mechanism"),
    [
        ("sasl", "PLAIN"),
        ("sasl=PLAIN,EXTERNAL", "PLAIN"),
        ("sasl=EXTERNAL,PLAIN,SCRAM-SHA-256", "SCRAM-SHA-256"),
        ("sasl=scram-sha-256", "SCRAM-SHA-256"),
        ("sasl=SCRAM-SHA-1", "PLAIN"),
    ],
)
def test_a_password_that_need_not_be_said_is_not(offered: str, mechanism: str) -> None:
    talk = Talk(ANNS)
    talk.hears(f":s CAP * LS :{offered}")
    assert talk.hears(":s CAP * ACK :sasl") == [f"AUTHENTICATE {mechanism}"]


BOTH = (":s CAP * LS :sasl=PLAIN,SCRAM-SHA-256", ":s CAP * ACK :sasl")


def test_services_that_cannot_do_it_for_this_account_are_told_the_password() -> None:
    talk = Talk(ANNS)
    talk.hears(*BOTH)
    assert talk.hears(":s 904 rook :SASL failed") == ["AUTHENTICATE PLAIN"]
    talk.hears("AUTHENTICATE +")
    assert talk.hears(":s 903 rook :ok") == ["CAP END"]
    other = Talk(ANNS)
    with pytest.raises(NeedsPerson, match="with PLAIN: SASL failed"):
        other.hears(*BOTH, ":s 904 rook :no", ":s 904 rook :SASL failed")


def test_a_server_that_does_not_show_that_it_knows_us_is_told_nothing_more() -> None:
    """It may be somebody in between: its word that we are in is worth nothing."""
    talk = Talk(ANNS)
    talk.hears(*BOTH, "AUTHENTICATE +")
    with pytest.raises(NeedsPerson, match="without showing that it knows"):
        talk.hears(":s 903 rook :ok")
    lied = b64encode(b"r=nonceX,s=c2FsdA==,i=1").decode()
    talk = Talk(ANNS)
    talk.hears(*BOTH, "AUTHENTICATE +")
    assert talk.hears(f"AUTHENTICATE {lied}") == ["AUTHENTICATE *"]
    fair = b64encode(b"r=nonceX,s=c2FsdA==,i=4096").decode()
    assert talk.hears(f"AUTHENTICATE {fair}") == [], "it was broken off"
    with pytest.raises(NeedsPerson, match=r"broken off: SCRAM must take 4,096"):
        talk.hears(":s 904 rook :SASL failed")


def test_a_challenge_that_does_not_end_is_not_kept() -> None:
    talk = Talk(ANNS)
    talk.hears(*BOTH, "AUTHENTICATE +")
    parts = ["AUTHENTICATE " + "x" * CHUNK] * (MAX_CHALLENGE // CHUNK + 1)
    assert talk.hears(*parts) == ["AUTHENTICATE *"]


@given(st.lists(st.text(max_size=80), max_size=30))
def test_whatever_a_server_says_it_is_an_end_that_is_meant(lines: list[str]) -> None:
    talk = Talk(ANNS)
    try:
        for text in lines:
            line = parse(text.replace("\n", "").replace("\r", ""))
            if line is not None:
                talk.registration.hear(line)
    except Refused:
        pass
