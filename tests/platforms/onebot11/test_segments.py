"""Segments of OneBot and ours: what goes out can be read back, and nothing is lost unsaid."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.messages import (
    ALL,
    Audio,
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
    Video,
)
from platforms.onebot11.wire import (
    SEGMENTS,
    Unsendable,
    read_body,
    write_body,
    write_text,
)

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
IDS = st.from_regex(r"-?[1-9][0-9]{0,18}", fullmatch=True)
SOURCES = st.sampled_from(
    ["a.jpg", "file:///tmp/a.png", "http://e.example/a,b]c&d=1", "base64://AAAA"]
)
# Kinds of the specification that only this platform has, with text values.
RAWS = st.builds(
    lambda kind, data: Raw("onebot11", {"type": kind, "data": data}),
    st.sampled_from(["share", "location", "json", "poke", "rps", "dice", "music"]),
    st.dictionaries(st.sampled_from(["url", "title", "lat", "data"]), WORDS),
)
PLAIN: st.SearchStrategy[Segment] = st.one_of(
    WORDS.filter(bool).map(Text),
    IDS.map(Mention),
    st.just(Mention(ALL)),
    IDS.map(Reply),
    st.builds(Image, SOURCES, WORDS),
    SOURCES.map(Audio),
    SOURCES.map(Video),
    st.builds(File, SOURCES, WORDS.filter(bool)),
    IDS.map(Emoji),
    RAWS,
)
NODES = st.one_of(
    IDS.map(lambda i: Node(id=i)),
    st.builds(
        lambda user, name, body: Node(user=user, name=name, body=tuple(body)),
        IDS,
        WORDS,
        st.lists(PLAIN, min_size=1, max_size=3),
    ),
)
FORWARDS: st.SearchStrategy[Segment] = st.one_of(
    IDS.map(lambda i: Forward(id=i)),
    st.lists(NODES, min_size=1, max_size=3).map(lambda n: Forward(tuple(n))),
)


@settings(deadline=None)
@given(st.lists(PLAIN, max_size=6), st.none() | FORWARDS)
def test_array_format_keeps_a_body(parts: list[Segment], last: Segment | None) -> None:
    body = (*parts, *([last] if last is not None else []))
    assert read_body(json.loads(json.dumps(write_body(body)))) == body


@settings(deadline=None)
@given(st.lists(PLAIN, max_size=6))
def test_string_format_keeps_a_body(parts: list[Segment]) -> None:
    read = read_body(write_text(parts))
    assert _merged(read) == _merged(parts)


def _merged(parts: list[Segment] | tuple[Segment, ...]) -> list[Segment]:
    merged: list[Segment] = []
    for part in parts:
        last = merged[-1] if merged else None
        if isinstance(part, Text) and isinstance(last, Text):
            merged[-1] = Text(last.text + part.text)
        else:
            merged.append(part)
    return merged


def test_every_kind_we_promise_can_be_written() -> None:
    every = {Text, Mention, Reply, Image, Audio, Video, File, Emoji, Forward, Raw}
    assert every == SEGMENTS


@pytest.mark.parametrize(
    ("source", "file"),
    [
        ("a.jpg", "a.jpg"),
        ("https://e.example/a", "https://e.example/a"),
        (b"\x00\x01", "base64://AAE="),
        (Path("/tmp/有 空.png"), "file:///tmp/%E6%9C%89%20%E7%A9%BA.png"),
    ],
)
def test_media_goes_out_in_the_four_forms(
    source: str | bytes | Path, file: str
) -> None:
    assert write_body([Image(source)]) == [{"type": "image", "data": {"file": file}}]


def test_markdown_goes_out_as_text() -> None:
    assert write_body([Markdown("# a")]) == [{"type": "text", "data": {"text": "# a"}}]


@pytest.mark.parametrize(
    ("part", "why"),
    [
        (Image(Path("relative.png")), "must be absolute"),
        (Raw("discord", {"type": "x"}), "a Raw segment must be"),
        (Raw("onebot11", {"data": {}}), "a Raw segment must be"),
    ],
)
def test_what_cannot_be_sent_says_why(part: Segment, why: str) -> None:
    with pytest.raises(Unsendable, match=why):
        write_body([part])


def test_all_three_forms_of_a_message_are_read() -> None:
    face = {"type": "face", "data": {"id": 178}}
    assert read_body([face]) == read_body(face) == (Emoji("178"),)
    assert read_body("[CQ:face,id=178]") == (Emoji("178"),)
    assert read_body("a&amp;b") == (Text("a&b"),)


@pytest.mark.parametrize("nothing", [None, 5, True, 1.5, "", [], [5, None, [1]], {}])
def test_what_is_no_message_is_an_empty_body(nothing: object) -> None:
    assert read_body(nothing) == ()


def test_a_segment_with_nothing_in_it_stays_raw() -> None:
    for segment in (
        {"type": "at", "data": {}},
        {"type": "image", "data": None},
        {"type": "reply", "data": {"id": True}},
        {"type": "face"},
    ):
        assert read_body([segment]) == (Raw("onebot11", segment),)


def test_numbers_are_read_as_ids() -> None:
    """NapCat, Lagrange and others write numbers where the specification has text."""
    body = read_body([{"type": "at", "data": {"qq": 10001}}])
    assert body == (Mention("10001"),)


def test_nodes_in_a_row_are_one_bundle() -> None:
    nodes = [
        {"type": "node", "data": {"id": "1"}},
        {"type": "node", "data": {"name": "A", "uin": "2", "content": "hi"}},
    ]
    assert read_body(nodes) == (
        Forward((Node(id="1"), Node(user="2", name="A", body=(Text("hi"),)))),
    )


def test_bundles_in_bundles_end_somewhere() -> None:
    inner: object = "x"
    for _ in range(30):
        inner = [{"type": "node", "data": {"user_id": 1, "content": inner}}]
    depth, body = 0, read_body(inner)
    while body and isinstance(body[0], Forward):
        depth, body = depth + 1, body[0].messages[0].body
    assert 5 < depth < 15
    assert isinstance(body[0], Raw)
