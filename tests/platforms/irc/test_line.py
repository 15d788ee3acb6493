"""Lines of IRC as values: what the specifications show, and whatever else may come."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from platforms.irc import wire
from platforms.irc.wire import Line, Unwritable, decode, parse, write
from platforms.irc.wire.line import MAX_TAG_BYTES, escape, unescape

words = st.text(
    st.characters(exclude_characters="\r\n\0 ", exclude_categories=["Cs"]),
    min_size=1,
    max_size=30,
).filter(lambda word: not word.startswith(":"))
lasts = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]))
commands = st.from_regex(r"[A-Z]{1,10}|[0-9]{3}", fullmatch=True)
keys = st.from_regex(r"\+?([a-z]+\.[a-z]+/)?[a-z-]{1,10}", fullmatch=True)
values = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        # modern.ircdocs.horse, "Messages" and "Parameters".
        (
            ":irc.example.com CAP LS * :multi-prefix extended-join sasl",
            Line(
                "CAP",
                ("LS", "*", "multi-prefix extended-join sasl"),
                "irc.example.com",
            ),
        ),
        (
            "@id=234AB :dan!d@localhost PRIVMSG #chan :Hey what's up! ",
            Line(
                "PRIVMSG",
                ("#chan", "Hey what's up! "),
                "dan!d@localhost",
                {"id": "234AB"},
            ),
        ),
        ("CAP REQ :sasl", Line("CAP", ("REQ", "sasl"))),
        (
            ":irc.example.com CAP * LIST :",
            Line("CAP", ("*", "LIST", ""), "irc.example.com"),
        ),
        (
            ":dan!d@localhost PRIVMSG #chan ::-) :-)",
            Line("PRIVMSG", ("#chan", ":-) :-)"), "dan!d@localhost"),
        ),
        # IRCv3 message tags, "Examples".
        (
            "@aaa=bbb;ccc;example.com/ddd=eee :nick!ident@host.com PRIVMSG me :Hello",
            Line(
                "PRIVMSG",
                ("me", "Hello"),
                "nick!ident@host.com",
                {"aaa": "bbb", "ccc": "", "example.com/ddd": "eee"},
            ),
        ),
        (r"@a=b\:\s\\\r\n\x\ PING", Line("PING", (), "", {"a": "b; \\\r\nx"})),
        ("@a=1;a=2;=x PING", Line("PING", (), "", {"a": "2"})),
        # Old servers double blanks and leave one at the end.
        (":s  join   #a  ", Line("JOIN", ("#a",), "s")),
        ("ping", Line("PING")),
        ("", None),
        (":only", None),
        ("@tags", None),
        ("   ", None),
        (":a :b", None),
    ],
)
def test_what_a_line_says(text: str, line: Line | None) -> None:
    assert parse(text) == line


@given(commands, st.lists(words, max_size=14), lasts, st.dictionaries(keys, values))
@example("PRIVMSG", ["#a"], ":) ", {})
@example("PRIVMSG", ["#a"], "", {"+draft/reply": "x;y z\\"})
def test_what_was_written_is_read(
    command: str, middle: list[str], last: str, tags: dict[str, str]
) -> None:
    said = {key: value.replace("\0", "") for key, value in tags.items()}
    assert parse(write(command, [*middle, last], tags)) == Line(
        command, (*middle, last), "", said
    )


@given(st.text(), st.lists(st.text(), max_size=4), st.dictionaries(st.text(), values))
@example("PRIVMSG", ["#a", "x\r\nQUIT"], {})
@example("PRIVMSG", ["#a x", "y"], {})
@example("PRIVMSG", ["", "y"], {})
@example("PRIVMSG", ["#a", "y"], {"a b": "x"})
@example("@", [], {})
def test_nothing_that_is_written_becomes_another_line(
    command: str, params: list[str], tags: dict[str, str]
) -> None:
    """Whatever a person has written: one line with these parameters, or none at all."""
    try:
        text = write(command, params, tags)
    except Unwritable:
        return
    assert not set(text) & set("\r\n\0")
    line = parse(text)
    assert line is not None
    assert line.params == tuple(params)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_value_survives_its_escapes(value: str) -> None:
    assert unescape(escape(value)) == value.replace("\0", "")
    assert set(escape(value)).isdisjoint(" ;\r\n\0")


def test_tags_that_are_too_long_are_refused() -> None:
    with pytest.raises(Unwritable, match="4,094 bytes at most"):
        write("TAGMSG", ["#a"], {"+a": "x" * MAX_TAG_BYTES})


@pytest.mark.parametrize(("command", "blanks"), [("TOPIC", 10), ("JOIN", 5)])
def test_a_line_that_would_be_cut_is_refused(command: str, blanks: int) -> None:
    """A server cuts it without a word, in the middle of what somebody has said."""
    params = ["#a"] * (command == "TOPIC")
    fits = "é" + "x" * (508 - blanks)
    line = write(command, [*params, fits])
    assert len(line.encode()) == 510
    with pytest.raises(Unwritable, match="must have 512 bytes at most"):
        write(command, [*params, f"{fits}x"])
    assert write(command, [*params, f"{fits}x"], most=513) == f"{line}x"


@pytest.mark.parametrize(
    ("params", "tags"), [(["#a", "\ud83d"], {}), (["#a"], {"+draft/react": "\ud83d"})]
)
def test_half_a_character_is_refused(params: list[str], tags: dict[str, str]) -> None:
    with pytest.raises(Unwritable, match="UTF-8 has a form for"):
        write("TAGMSG", params, tags)


@given(st.binary(max_size=600))
@example(b"@")
@example(b"@a=\\")
@example(b": :")
def test_whatever_comes_is_a_line_or_none(data: bytes) -> None:
    line = parse(decode(data))
    if line is not None:
        assert line.command == line.command.upper() != ""
        line.raw()
        wire.to_inbound(line, wire.Known("rook", "rook"), "x")


@pytest.mark.parametrize(
    "text",
    [
        ":ann!a@h JOIN",
        ":ann!a@h JOIN :",
        ":ann!a@h PART",
        ":ann!a@h KICK",
        ":ann!a@h TOPIC",
        ":ann!a@h INVITE rook",
        ":rook!r@h PRIVMSG",
        ":rook!r@h PRIVMSG  :",
        ":!a@h PRIVMSG rook :hi",
    ],
)
def test_what_names_no_chat_is_no_event(text: str) -> None:
    line = parse(text)
    assert line is not None
    assert wire.to_inbound(line, wire.Known("rook", "rook"), "x") == []


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("café".encode(), "café"),
        ("café".encode("latin-1"), "café"),
        (b"caf\xe9 au lait", "café au lait"),
        # Cut by a server, in the middle of the last character.
        ("漢字".encode()[:-1], "漢\ufffd"),
        ("漢字".encode()[:-2], "漢\ufffd"),
    ],
)
def test_what_is_no_utf8_is_latin1(data: bytes, text: str) -> None:
    assert decode(data) == text
