"""What of a message is text, and what may be said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import ALL, Chat, ChatKind, Mention, Reply, Text
from platforms.irc.wire import Support, Unsendable, room, target_of, words_of
from platforms.irc.wire.text import Ctcp, ctcp_of, sayable, stripped


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        # modern.ircdocs.horse/formatting, "Examples".
        (
            "I love \x033IRC! \x03It is the \x037best protocol ever!",
            "I love IRC! It is the best protocol ever!",
        ),
        (
            "This is a \x1d\x0313,9cool \x03message",
            "This is a cool message",
        ),
        (
            "IRC \x02is \x034,12so \x03great\x0f!",
            "IRC is so great!",
        ),
        (
            "Rules: Don't spam 5\x0313,8,6\x03,7,8, and especially not \x029\x02\x1d!",
            "Rules: Don't spam 5,6,7,8, and especially not 9!",
        ),
        (
            "\x04ff8800orange\x04 \x1estruck\x1e \x11code\x11 \x16back",
            "orange struck code back",
        ),
        ("\x03", ""),
        ("plain, 3,4", "plain, 3,4"),
    ],
)
def test_colours_are_no_text(text: str, plain: str) -> None:
    assert stripped(text) == plain


@pytest.mark.parametrize(
    ("text", "ctcp"),
    [
        ("\x01ACTION writes\x01", Ctcp("ACTION", "writes")),
        ("\x01version\x01", Ctcp("VERSION")),
        ("\x01ACTION was cut", Ctcp("ACTION", "was cut")),
        ("\x01\x01", None),
        ("\x01", None),
        ("ACTION", None),
    ],
)
def test_what_is_hidden_in_a_message(text: str, ctcp: Ctcp | None) -> None:
    assert ctcp_of(text) == ctcp


@given(st.text())
def test_what_is_said_is_one_line_and_no_request(text: str) -> None:
    said = sayable(text)
    assert set(said).isdisjoint("\r\n\0\x01")
    said.encode()


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ((Text("hello"),), "hello"),
        ((Mention("ann", "Ann"), Text(" hello")), "Ann: hello"),
        ((Mention("ann!a@b"), Text("hello")), "ann: hello"),
        ((Text("ask "), Mention("ann!a@b")), "ask ann"),
        ((Mention(ALL), Text(" hello")), "@all hello"),
        ((Reply("m1"), Mention("ann")), "ann:"),
        ((Text("  indented\n"),), "  indented"),
        ((Text("\x01DCC SEND x\x01"),), "DCC SEND x"),
    ],
)
def test_a_body_in_words(body: tuple[Text | Mention | Reply, ...], text: str) -> None:
    assert words_of(body) == text


@pytest.mark.parametrize("text", ["", "  ", "\n", "\x01\x01", "\0"])
def test_nothing_cannot_be_said(text: str) -> None:
    with pytest.raises(Unsendable, match="must say something"):
        words_of((Text(text),))


LIBERA = Support(
    {"CHANTYPES": "#", "CASEMAPPING": "rfc1459", "STATUSMSG": "@+", "PREFIX": "(ov)@+"}
)


@pytest.mark.parametrize(
    "chat", ["group:#a", "private:ann", "group:@#a", "private:[x]"]
)
def test_where_something_can_be_said(chat: str) -> None:
    assert target_of(Chat.parse(chat), LIBERA) == chat.partition(":")[2]


@pytest.mark.parametrize(
    "chat",
    [
        "group:ann",
        "private:#a",
        "private:@#a",
        "group:#a,#b",
        "private:a b",
        "private::a",
        "private:a%0AQUIT",
        "channel:#a",
        "thread:#a",
    ],
)
def test_where_nothing_can_be_said(chat: str) -> None:
    with pytest.raises(Unsendable, match="private:NICK and group:#CHANNEL"):
        target_of(Chat.parse(chat), LIBERA)


def test_the_name_of_a_chat_cannot_be_empty() -> None:
    with pytest.raises(Unsendable):
        target_of(Chat(ChatKind.PRIVATE, ""), LIBERA)


def test_a_line_has_room_for_what_the_server_puts_before_it() -> None:
    """RFC 1459, 2.3: 512 bytes, of the line that the others get."""
    known = room("#chan", "rook", "r@example.org", LIBERA)
    whole = f":rook!r@example.org PRIVMSG #chan :{'x' * known}\r\n"
    assert len(whole) == 512
    assert room("#chan", "rook", "", LIBERA) < known
    long = Support({"LINELEN": "2048"})
    assert room("#chan", "rook", "r@example.org", long) == known + 2048 - 512


@pytest.mark.parametrize(
    ("mapping", "a", "b", "same"),
    [
        ("rfc1459", "Ann[x]\\~", "ann{x}|^", True),
        ("strict-rfc1459", "A[]\\", "a{}|", True),
        ("strict-rfc1459", "a~", "a^", False),
        ("ascii", "ANN", "ann", True),
        ("ascii", "a[", "a{", False),
        ("rfc7613", "ÄNN", "änn", True),
        ("something new", "a[", "a{", True),
    ],
)
def test_names_are_compared_as_the_server_does(
    mapping: str, a: str, b: str, *, same: bool
) -> None:
    support = Support().told(("rook", f"CASEMAPPING={mapping}", "are supported"))
    assert (support.fold(a) == support.fold(b)) is same


def test_what_a_server_says_of_itself() -> None:
    """modern.ircdocs.horse, RPL_ISUPPORT: values, escapes, and what is taken back."""
    support = Support()
    assert support.line_bytes == 512
    assert support.ranks == {"@": "o", "+": "v"}
    assert support.channel_signs == "#&"
    for told in (
        ("rook", "NETWORK=Free\\x20Chat", "LINELEN=8191", "NICKLEN=16", "are"),
        ("rook", "PREFIX=(qaohv)~&@%+", "CHANTYPES=#", "STATUSMSG=~&@%+", "are"),
        ("rook", "-LINELEN", "CHANMODES=beI,k,l,imn", "=x", "are supported"),
    ):
        support = support.told(told)
    assert support.tokens["NETWORK"] == "Free Chat"
    assert support.line_bytes == 512
    assert support.nick_chars == 16
    assert support.ranks == {"~": "q", "&": "a", "@": "o", "%": "h", "+": "v"}
    assert support.is_channel("@#a")
    assert support.without_rank("~#a") == "#a"
    assert not support.is_channel("&a")
    assert Support({"PREFIX": ""}).ranks == {}
    assert Support({"CHANMODES": "b"}).list_modes == ("b", "", "")
