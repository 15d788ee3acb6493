"""What a table of IRC may say, and what it may not."""

from __future__ import annotations

import pytest

from platforms.base import Secret, faults_of
from platforms.irc import IrcConfig


def told(**keys: object) -> dict[str, str]:
    given: dict[str, object] = {"host": "irc.example.org", "nick": "rook", **keys}
    return {
        fault.key: fault.message
        for fault in faults_of(IrcConfig(**given))  # type: ignore[arg-type]
    }


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"nick": "[rook]", "channels": ("#a", "&b", "#c key", "##ünïcode")},
        {"account": "rook", "account_password": Secret("pässwörd with blanks")},
        {"account": "rook", "certificate": "rook.pem"},
        {"tls": False, "password": Secret("x")},
    ],
)
def test_what_can_be_used(keys: dict[str, object]) -> None:
    assert told(**keys) == {}


@pytest.mark.parametrize(
    ("keys", "key", "words"),
    [
        ({"host": ""}, "host", "must be the name of a server (got '')"),
        ({"host": "a b"}, "host", "must be the name of a server"),
        ({"nick": "two words"}, "nick", "must be a nick: one word"),
        ({"nick": "1st"}, "nick", "no digit or '-' first (got '1st')"),
        ({"nick": "a\r\nQUIT"}, "nick", "must be a nick"),
        ({"port": 0}, "port", "from 1 to 65535 (got 0)"),
        ({"channels": ("#a,#b",)}, "channels", "'#chan' or '#chan key' (got '#a,#b')"),
        ({"channels": ("#a b c",)}, "channels", "'#chan' or '#chan key'"),
        # RFC 2812, 3.2.1: JOIN 0 leaves every channel.
        ({"channels": ("#a", "0")}, "channels", "'#chan' or '#chan key' (got '0')"),
        ({"channels": ("#" + "ä" * 100,)}, "channels", "200 bytes at most (got 201)"),
        ({"realname": "x" * 201}, "realname", "200 bytes at most (got 201)"),
        ({"password": Secret("x" * 501)}, "password", "500 bytes at most (got 501)"),
        ({"username": "a@b"}, "username", "must be one word"),
        ({"realname": " "}, "realname", "must be a line of text"),
        ({"realname": "a\nb"}, "realname", "must be a line of text"),
        ({"password": Secret("a\r\nb")}, "password", "(got none, or several)"),
        ({"account_password": Secret("x")}, "account", "given with account_password"),
        ({"account": "rook"}, "account_password", "for an account without certificate"),
        ({"account": "a b", "certificate": "x"}, "account", "must be one word"),
        ({"tls": False, "tls_ca": "x"}, "tls_ca", "nothing with tls = false"),
        ({"tls": False, "certificate": "x"}, "certificate", "nothing with tls = false"),
    ],
)
def test_what_cannot_be_said_on_irc_is_refused_by_its_key(
    keys: dict[str, object], key: str, words: str
) -> None:
    assert words in told(**keys)[key]


def test_a_secret_is_not_shown() -> None:
    assert "hidden" not in repr(
        IrcConfig(
            "h", "n", password=Secret("hidden"), account_password=Secret("hidden")
        )
    )
    assert "hidden" not in str(told(password=Secret("hidden\n")))


def test_the_usual_ports() -> None:
    assert IrcConfig("h", "n").at == 6697
    assert IrcConfig("h", "n", tls=False).at == 6667
    assert IrcConfig("h", "n", port=7000).at == 7000


def test_it_says_how_to_talk_through_it() -> None:
    """Channels, and never their keys."""
    config = IrcConfig("irc.example.org", "rook", ("#a sesame", "#b"))
    assert (
        config.invitation() == "IRC: rook on irc.example.org in #a, #b, `rook: /help`"
    )
    assert IrcConfig("h", "rook").invitation() == "IRC: rook on h, `rook: /help`"
