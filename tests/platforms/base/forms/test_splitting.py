"""Long texts in parts: nothing lost, nothing torn, nothing longer than it may be."""

from __future__ import annotations

import re

import pytest
import regex  # type: ignore[import-untyped]  # it has no stubs of its own
from attrs import evolve
from hypothesis import assume, example, given
from hypothesis import strategies as st

from actors.messages import File, Image, Markdown, Mention, Reply, Segment, Text
from platforms.base import ALL_SEGMENTS, Caps, Unit
from platforms.base.caps import MAX_PARTS
from platforms.base.forms import (
    Media,
    all_in_words,
    cut_text,
    length_of,
    measure,
    split,
)
from platforms.base.forms.measuring import graphemes

FAMILY = "👨‍👩‍👧‍👦"
ALPHABET = st.sampled_from(
    f"{FAMILY}|a|b| | |\n|\n\n|\r\n|\t|. |。|é|e\u0301|🇩🇪|漢|字|\u0301|\u200d|👍🏽|नमस्ते|\ud83d|word ".split(
        "|"
    )
)
TEXTS = st.lists(ALPHABET, max_size=80).map("".join)
LIMITS = st.integers(1, 40)
UNITS = st.sampled_from(Unit)


def parts_of(text: str, limit: int, unit: Unit = Unit.CHARACTERS) -> list[str]:
    caps = Caps(text_limit=limit, unit=unit)
    return [
        "".join(part.text for part in body if isinstance(part, Text))
        for body in split((Text(text),), caps)
    ]


@given(TEXTS, LIMITS, UNITS)
@example("a\u0301 \u0301b", 2, Unit.CHARACTERS)
@example(f"{FAMILY * 3}", 11, Unit.UTF16)
def test_nothing_but_whitespace_at_a_cut_is_lost(
    text: str, limit: int, unit: Unit
) -> None:
    parts = parts_of(text, limit, unit)
    assume(parts)  # none: it would take too many
    at = 0
    for part in parts:
        found = text.find(part, at)
        assert found >= 0
        assert not text[at:found].strip()
        at = found + len(part)
    assert not text[at:].strip()


@given(TEXTS, LIMITS, UNITS)
def test_no_part_is_longer_than_the_limit(text: str, limit: int, unit: Unit) -> None:
    """A limit that is smaller than one character still comes to an end."""
    for part in parts_of(text, limit, unit):
        assert measure(part, unit) <= limit or len(part) == 1


@given(TEXTS, LIMITS, UNITS)
@example("abcde\u0301", 5, Unit.CHARACTERS)
@example("abc\r\nd", 4, Unit.CHARACTERS)
def test_what_people_see_as_one_character_is_not_torn(
    text: str, limit: int, unit: Unit
) -> None:
    whole = regex.findall(r"\X", text)
    assume(all(measure(grapheme, unit) <= limit for grapheme in whole))
    said = [
        g for part in parts_of(text, limit, unit) for g in regex.findall(r"\X", part)
    ]
    blank = re.compile(r"\s*").fullmatch
    assert [g for g in said if not blank(g)] == [g for g in whole if not blank(g)]


@given(TEXTS, LIMITS, UNITS)
def test_the_same_text_always_has_the_same_parts(
    text: str, limit: int, unit: Unit
) -> None:
    """Their number and content stand in the journal."""
    assert parts_of(text, limit, unit) == parts_of(text, limit, unit)


@given(TEXTS, LIMITS, UNITS)
def test_a_platform_cuts_a_text_in_the_very_places_in_which_the_host_does(
    text: str, limit: int, unit: Unit
) -> None:
    parts = parts_of(text, limit, unit)
    assume(parts)  # none: it would take too many
    assert cut_text(text, limit, unit) == [part for part in parts if part.strip()]


def test_paragraphs_before_lines_before_sentences_before_words() -> None:
    assert parts_of("one two\n\nthree. four\nfive", 16) == [
        "one two",
        "three. four\nfive",
    ]
    assert parts_of("one two three\nfour five six", 20) == [
        "one two three",
        "four five six",
    ]
    assert parts_of("One two. Three four five", 14) == [
        "One two.",
        "Three four",
        "five",
    ]
    assert parts_of("一二三四。五六七八九十", 8) == ["一二三四。", "五六七八九十"]
    assert parts_of("aaaa bbbb cccc", 10) == ["aaaa bbbb", "cccc"]
    assert parts_of("x" * 25, 10) == ["x" * 10, "x" * 10, "x" * 5]


def test_a_short_paragraph_does_not_make_a_short_part() -> None:
    """A piece is at least half full where words allow it."""
    assert parts_of("Hi.\n\n" + "word " * 6, 20) == [
        "Hi.\n\nword word word",
        "word word word ",
    ]


def test_indentation_after_a_cut_stays() -> None:
    assert parts_of("first line\n    second line", 16) == [
        "first line",
        "    second line",
    ]


CODE = "Look:\n```python\ndef f():\n    return 1\n\nprint(f())\nprint(2)\n```\nThat is all."


def test_a_code_block_that_is_cut_is_closed_and_opened_again() -> None:
    assert parts_of(CODE, 44) == [
        "Look:\n```python\ndef f():\n    return 1\n\n```",
        "```python\nprint(f())\nprint(2)\n```",
        "That is all.",
    ]


def test_a_code_block_is_not_cut_right_after_its_opening() -> None:
    text = "some words that go before\n```python\nprint('and then a line of code')\n```"
    first, *_ = parts_of(text, 50)
    assert first == "some words that go before"


def test_markdown_is_cut_as_markdown_where_it_is_carried() -> None:
    caps = Caps(segments=ALL_SEGMENTS, text_limit=44)
    bodies = split((Markdown(CODE),), caps)
    assert [type(part) for body in bodies for part in body] == [Markdown] * len(bodies)


FENCED = st.lists(
    st.sampled_from(
        ["x = 1", "    y = 2", "", "text.", "```", "~~~", "````", "```py a"]
    ),
    min_size=12,
    max_size=40,
).map("\n".join)


def blocks(text: str) -> tuple[list[tuple[str, str]], bool]:
    """Every line with the language it stands in, and whether a block is left open."""
    lines: list[tuple[str, str]] = []
    marker = info = ""
    for line in text.split("\n"):
        fence = re.fullmatch(r" {0,3}(`{3,}|~{3,})[ \t]*([^`]*)", line)
        if not marker and fence:
            marker, info = fence[1], fence[2].strip()
        elif fence and not fence[2] and fence[1].startswith(marker):
            marker = info = ""
        elif line.strip():
            lines.append((line.strip(), f"{marker}{info}" if marker else "words"))
    return lines, bool(marker)


@given(FENCED, st.integers(30, 60))
def test_every_line_stays_in_its_code_block(text: str, limit: int) -> None:
    parts = parts_of(text, limit)
    assume(len(parts) > 1)
    said = [line for part in parts for line in blocks(part)[0]]
    assert said == blocks(text)[0]
    assert not any(blocks(part)[1] for part in parts[:-1])
    assert max(map(len, parts)) <= limit


SEGMENTS: st.SearchStrategy[Segment] = st.one_of(
    TEXTS.map(Text),
    TEXTS.map(Markdown),
    st.builds(Mention, st.just("1"), TEXTS),
    st.builds(Image, st.just("https://x/y.png"), TEXTS),
    st.just(Reply("7")),
)


@given(
    st.lists(SEGMENTS, min_size=1, max_size=6).map(tuple), LIMITS, UNITS, st.booleans()
)
def test_each_part_fits_in_whatever_form_it_is_said_in_the_end(
    body: tuple[Segment, ...],
    limit: int,
    unit: Unit,
    rich: bool,
) -> None:
    """A picture that has to be told in words after all does not make it too long."""
    caps = Caps(segments=ALL_SEGMENTS, text_limit=limit, unit=unit)
    caps = caps if rich else evolve(caps, segments=frozenset({Text, Image}))
    bodies = split(body, caps)
    assume(bodies != (body,))
    for part in bodies:
        tiny = any(
            isinstance(one, Text | Markdown) and len(one.text) == 1 for one in part
        )
        assert tiny or length_of(part, caps) <= limit
        assert length_of(all_in_words(part, caps), caps) <= length_of(part, caps)
        assert split(part, caps) == (part,) or tiny


@given(st.lists(SEGMENTS, min_size=1, max_size=6).map(tuple), LIMITS)
def test_segments_keep_their_order(body: tuple[Segment, ...], limit: int) -> None:
    caps = Caps(segments=ALL_SEGMENTS, text_limit=limit)
    said = [part for one in split(body, caps) for part in one]
    kept = [part for part in said if not isinstance(part, Text | Markdown)]
    given = [part for part in body if not isinstance(part, Text | Markdown)]
    assert kept == given or not split(body, caps)


@given(
    st.lists(SEGMENTS, min_size=1, max_size=8).map(tuple),
    st.integers(0, 12),
    st.integers(12, 40),
)
def test_a_message_holds_one_picture_and_a_short_text_beside_it(
    body: tuple[Segment, ...], caption: int, limit: int
) -> None:
    caps = Caps(segments=ALL_SEGMENTS, text_limit=limit, caption_limit=caption)
    bodies = split(body, caps)
    for part in bodies:
        media = [one for one in part if isinstance(one, Media)]
        beside = tuple(one for one in part if not isinstance(one, Media))
        assert len(media) <= 1
        assert length_of(beside, caps) <= (caption if media else limit)
        assert split(part, caps) == (part,)
    said = [one for part in bodies for one in part if isinstance(one, Media)]
    assert said == [one for one in body if isinstance(one, Media)] or not bodies


def test_a_text_that_is_too_long_beside_a_picture_is_said_apart_and_whole() -> None:
    caps = Caps(segments=ALL_SEGMENTS, text_limit=60, caption_limit=10)
    pic, file = Image(b"x"), File(b"y", "a.txt")
    assert split((pic, Text("short")), caps) == ((pic, Text("short")),)
    assert split((Reply("7"), pic, Text("x" * 11)), caps) == (
        (Reply("7"), pic),
        (Text("x" * 11),),
    )
    assert split((Text("x" * 11), pic), caps) == ((Text("x" * 11),), (pic,))
    assert split((pic, Text("both"), file), caps) == ((pic, Text("both")), (file,))
    with pytest.raises(ValueError, match="needs a text_limit"):
        Caps(caption_limit=10)


def test_what_is_short_or_has_no_limit_is_left_alone() -> None:
    body = (Reply("7"), Text("hello"), Image(b"x"))
    assert split(body, Caps(segments=ALL_SEGMENTS, text_limit=20)) == (body,)
    assert split(body, Caps()) == (body,)


def test_a_text_of_too_many_parts_is_not_split_at_all() -> None:
    assert split((Text("x" * 10 * MAX_PARTS),), Caps(text_limit=10)) != ()
    assert split((Text("x" * 10 * MAX_PARTS + "y"),), Caps(text_limit=10)) == ()
    assert split((Text("x " * MAX_PARTS * 6),), Caps(text_limit=10)) == ()


def test_what_was_told_in_words_is_still_marked_in_every_part() -> None:
    caps = Caps(text_limit=20)
    bodies = split((Markdown("**bold** words " * 4),), caps)
    assert len(bodies) > 1
    assert {part.was for body in bodies for part in body if isinstance(part, Text)} == {
        "markdown"
    }


@pytest.mark.parametrize(
    ("unit", "size"),
    [(Unit.CHARACTERS, 7), (Unit.UTF16, 11), (Unit.BYTES, 25)],
)
def test_a_family_is_counted_as_its_platform_counts(unit: Unit, size: int) -> None:
    assert measure(FAMILY, unit) == size
    assert measure(f"a{FAMILY}", unit) == size + 1


def test_a_line_that_is_nearly_a_fence_holds_nobody_up() -> None:
    """To try each way to read such a line would take days."""
    line = "`" * 20_000 + " " * 20_000 + "\rx\n"
    first, second = parts_of(line + "a" * 3_000, 42_000)
    assert first + "\n" + second == line + "a" * 3_000


def test_a_long_row_of_flags_holds_nobody_up() -> None:
    """Found one by one from where the row begins, they would take hours."""
    flags = "🇩🇪" * 150_000
    parts = parts_of(flags, 8_001)
    assert "".join(parts) == flags
    assert {len(part) for part in parts[:-1]} == {8_000}


@given(TEXTS, st.integers(0, 600))
def test_characters_are_the_same_however_long_the_text_before(
    text: str, before: int
) -> None:
    whole = "\u0301" * before + "x" * before + text
    assert list(graphemes(whole)) == regex.findall(r"\X", whole)


# --- where a message is one line ------------------------------------------------------


@given(TEXTS, LIMITS, UNITS)
def test_where_a_message_is_one_line_no_part_has_two(
    text: str, limit: int, unit: Unit
) -> None:
    """And none is longer than the limit, and nothing that people read is lost."""
    caps = Caps(text_limit=limit, unit=unit, one_line=True)
    bodies = split((Text(text),), caps)
    assume(bodies)
    said = [part.text for body in bodies for part in body if isinstance(part, Text)]
    for line in said:
        assert "\n" not in line.strip()
        assert "\r" not in line.strip()
        assert measure(line.strip(), unit) <= limit or len(line) == 1
    assert "".join("".join(said).split()) == "".join(text.split())


def test_lines_become_parts_whatever_a_text_may_hold() -> None:
    caps = Caps(segments=ALL_SEGMENTS, one_line=True)
    body = (Reply("m1"), Text("one\r\ntwo\n\nthree"), Text(" and\nfour\n"))
    assert split(body, caps) == (
        (Reply("m1"), Text("one")),
        (Text("two"),),
        (Text("three"), Text(" and")),
        (Text("four"),),
    )


def test_a_platform_says_how_many_parts_are_too_many() -> None:
    caps = Caps(one_line=True, max_parts=3)
    assert len(split((Text("a\nb\nc"),), caps)) == 3
    assert split((Text("a\nb\nc\nd"),), caps) == ()
