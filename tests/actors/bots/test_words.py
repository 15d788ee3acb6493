"""Reading a message as words: quotes, mentions, and what people really type."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from actors.bots.words import Line, quote, read_line, shown
from actors.messages import ALL, Mention, Reply, Segment, Text

anything = st.text(max_size=12)
bodies = st.lists(
    st.one_of(
        st.builds(Text, anything),
        st.builds(Mention, st.text("abc ", min_size=1, max_size=4)),
        st.builds(Reply, st.just("9")),
    ),
    max_size=6,
).map(tuple)


def said(text: str) -> list[str]:
    return [word.text for word in Line(text).words()]


@given(words=st.lists(anything, max_size=6))
def test_quoted_words_come_back_as_they_were(words: list[str]) -> None:
    assert said(" ".join(quote(word) for word in words)) == words


@given(text=st.text(max_size=40))
def test_words_stand_in_order_and_lose_nothing_but_white_space(text: str) -> None:
    words = Line(text).words()
    kept = "".join(text[word.start : word.end] for word in words)
    assert "".join(kept.split()) == "".join(text.split())
    assert all(a.end <= b.start for a, b in pairwise(words))
    assert all(word.start < word.end for word in words)


@given(body=bodies)
def test_any_body_can_be_read(body: tuple[Segment, ...]) -> None:
    line = read_line(body)
    mentions = [word.mention for word in line.words() if word.mention is not None]
    assert len(mentions) == len(line.mentions)


def test_quotes_group_only_where_they_open_a_word() -> None:
    assert said('in "New York" now') == ["in", "New York", "now"]
    assert said("don't say 'that much'") == ["don't", "say", "that much"]
    assert said("“New York” 「東京 都」") == ["New York", "東京 都"]


def test_a_quote_that_is_never_closed_is_a_character() -> None:
    assert said('12" pizza "for me') == ['12"', "pizza", '"for', "me"]


def test_a_backslash_keeps_a_quote_inside_quotes_only() -> None:
    assert said(r'"say \"hi\"" C:\temp') == ['say "hi"', r"C:\temp"]


def test_mentions_in_front_say_whom_it_is_for_and_are_no_words() -> None:
    body = (Reply("5"), Mention("1", "Rook"), Text(" /kick "), Mention("2", "Al B"))
    line = read_line(body)
    assert [word.text for word in line.words()] == ["/kick", "@Al B"]
    assert line.words()[1].mention == Mention("2")


def test_a_mention_is_a_word_of_its_own_between_quotation_marks_too() -> None:
    line = read_line((Text('tell "dear '), Mention("2", "Al"), Text('" so')))
    assert [word.text for word in line.words()] == ["tell", '"dear', "@Al", '"', "so"]
    closed = read_line((Text('tell "dear Al"'), Mention("2"), Text("!")))
    assert [word.text for word in closed.words()] == ["tell", "dear Al", "@2", "!"]


def test_everybody_is_shown_as_all() -> None:
    assert shown(Mention(ALL)) == "@all"
    assert shown(Mention("2")) == "@2"
