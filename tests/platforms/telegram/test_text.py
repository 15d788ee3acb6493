"""Words and entities: offsets in UTF-16, nothing lost, nothing torn."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from actors.messages import ALL, Emoji, Mention, Segment, Text, plain_text
from platforms.telegram.wire import Me, Offsets, read_text, units_in, write_text

ME = Me("4242", "rook_bot")
TEXTS = st.lists(
    st.sampled_from(["a", " ", "é", "漢", "👋", "👨‍👩‍👧", "🇩🇪", "\u0301", "\U0010ffff"])
    | st.characters(exclude_categories=["Cs"]),
    max_size=30,
).map("".join)


def utf16(text: str) -> int:
    """Count code units the slow and certain way."""
    return sum(2 if ord(character) > 0xFFFF else 1 for character in text)


@given(TEXTS)
def test_units_are_counted_as_telegram_counts(text: str) -> None:
    assert units_in(text) == utf16(text)
    offsets = Offsets(text)
    for index in range(len(text) + 1):
        assert offsets.index(utf16(text[:index])) == index


@given(TEXTS, st.integers(-5, 100), st.integers(-5, 100))
@example("👋", 1, 1)
def test_no_offset_is_beyond_the_text_or_out_of_order(
    text: str, one: int, other: int
) -> None:
    offsets = Offsets(text)
    assert 0 <= offsets.index(one) <= len(text)
    if one <= other:
        assert offsets.index(one) <= offsets.index(other)


ENTITIES = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["mention", "bold", "bot_command", "url", "x"]),
            "offset": st.integers(-3, 60),
            "length": st.integers(-3, 60),
        }
    ),
    max_size=6,
)


@given(TEXTS, ENTITIES)
def test_whatever_entities_say_the_words_are_all_there(
    text: str, entities: list[dict[str, object]]
) -> None:
    """Overlapping, beyond the end, in the middle of an emoji: no word is lost for it."""
    body = read_text(text, entities, Me())
    said = "".join(
        part.text if isinstance(part, Text) else f"@{part.name}"
        for part in body
        if isinstance(part, Text | Mention)
    )
    assert said.replace("@", "") == text.replace("@", "")


SEGMENTS = st.one_of(
    TEXTS.filter(bool).map(Text),
    st.builds(Mention, st.integers(1, 10**12).map(str), st.just("") | TEXTS),
    st.integers(1, 10**19 - 1).map(lambda n: Emoji(str(n))),
)


@given(st.lists(SEGMENTS, max_size=8))
def test_what_is_written_reads_back(body: list[Segment]) -> None:
    text, entities = write_text(body)
    for entity in entities:
        offset, length = entity["offset"], entity["length"]
        assert isinstance(offset, int)
        assert isinstance(length, int)
        assert 0 <= offset < offset + length <= utf16(text)
    read = read_text(text, entities, ME)
    marked = [part for part in body if not isinstance(part, Text)]
    assert [part for part in read if not isinstance(part, Text)] == marked
    assert plain_text(read) == plain_text(body)


def test_a_username_is_a_mention_by_name_and_everybody_a_word() -> None:
    body = (Mention("bob"), Text(" "), Mention("@ann"), Text(" "), Mention(ALL))
    assert write_text(body) == ("@bob @ann @all", [])


def test_commands_are_ours_whatever_the_case() -> None:
    def read(text: str, me: Me = ME) -> list[Segment]:
        length = len(text.split(" ", maxsplit=1)[0])
        entity = {"type": "bot_command", "offset": 0, "length": length}
        return read_text(text, [entity], me)

    assert read("/a@ROOK_bot b") == [Text("/a b")]
    assert read("/a@other b") == [Text("/a@other b")]
    assert read("/a b") == [Text("/a b")]
    assert read("/a@rook_bot", Me("1", "")) == [Text("/a@rook_bot")]
