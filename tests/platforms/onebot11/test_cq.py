"""CQ codes: read as the specification says, and written so that they read the same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from platforms.onebot11.wire import cq
from platforms.onebot11.wire.lenient import JsonObject

# The characters that matter, and pieces that look like escapes or codes.
_CHARS = st.sampled_from(
    [
        "&",
        "[",
        "]",
        ",",
        "=",
        " ",
        "\n",
        "a",
        "群",
        "🐦",
        "&amp;",
        "&#91;",
        "[CQ:",
        "CQ",
    ]
)
TEXTS = st.lists(_CHARS, max_size=12).map("".join)
NAMES = st.text("abcxyz_09", min_size=1, max_size=6)
CODES = st.builds(
    lambda kind, data: {"type": kind, "data": data},
    NAMES.filter(lambda name: name != "text"),
    st.dictionaries(NAMES, TEXTS, max_size=4),
)
TEXT_SEGMENTS = TEXTS.filter(bool).map(lambda t: {"type": "text", "data": {"text": t}})


def test_the_examples_of_the_specification() -> None:
    assert cq.parse("[CQ:face,id=178]看看我刚拍的照片[CQ:image,file=123.jpg]") == [
        {"type": "face", "data": {"id": "178"}},
        {"type": "text", "data": {"text": "看看我刚拍的照片"}},
        {"type": "image", "data": {"file": "123.jpg"}},
    ]
    assert cq.parse("[CQ:shake]") == [{"type": "shake", "data": {}}]
    share = "[CQ:share,title=标题中有=等号,url=http://baidu.com]"
    assert cq.parse(share) == [
        {
            "type": "share",
            "data": {"title": "标题中有=等号", "url": "http://baidu.com"},
        }
    ]
    assert cq.escape_text("- [x] 使用 `&data` 获取地址") == (
        "- &#91;x&#93; 使用 `&amp;data` 获取地址"
    )
    assert cq.escape_text("a,b") == "a,b"
    assert cq.escape_param("a,b") == "a&#44;b"


def test_ampersands_are_unescaped_last() -> None:
    assert cq.unescape("&amp;#91;") == "&#91;"
    assert cq.unescape("&amp;amp;") == "&amp;"
    assert cq.unescape("&#91;&#93;&#44;&amp;") == "[],&"


def test_blanks_belong_to_names_and_values() -> None:
    assert cq.parse("[CQ:face, id= 1 ]") == [{"type": "face", "data": {" id": " 1 "}}]


@pytest.mark.parametrize(
    "text",
    ["[CQ:", "[CQ:]", "[CQ:,a=1]", "[cq:face]", "[ CQ:face]", "]", "[CQ:face", "[x]"],
)
def test_what_is_no_whole_code_is_text(text: str) -> None:
    assert cq.parse(text) == [{"type": "text", "data": {"text": text}}]


def test_a_code_that_never_ended_does_not_swallow_the_next() -> None:
    assert cq.parse("[CQ:at,qq=1 [CQ:face,id=2]") == [
        {"type": "text", "data": {"text": "[CQ:at,qq=1 "}},
        {"type": "face", "data": {"id": "2"}},
    ]


def test_a_nested_message_survives() -> None:
    node = (
        "[CQ:node,user_id=1,nickname=某人,content=&#91;CQ:face&#44;id=123&#93;哈喽～]"
    )
    (segment,) = cq.parse(node)
    assert segment["data"] == {
        "user_id": "1",
        "nickname": "某人",
        "content": "[CQ:face,id=123]哈喽～",
    }
    assert cq.render([segment]) == node


def test_values_that_are_no_text_are_written_as_json() -> None:
    segments: list[JsonObject] = [
        {"type": "image", "data": {"file": "a", "cache": False, "n": 1, "x": None}},
        {"type": "json", "data": {"data": {"a": [1]}}},
        {"type": "shake", "data": None},
    ]
    assert cq.render(segments) == (
        '[CQ:image,file=a,cache=false,n=1][CQ:json,data={"a":&#91;1&#93;}][CQ:shake]'
    )


@pytest.mark.parametrize(
    "segment",
    [
        {"type": "", "data": {}},
        {"type": "a]b", "data": {}},
        {"type": 5, "data": {}},
        {"type": "a", "data": {"b=c": "1"}},
        {"type": "a", "data": {"": "1"}},
    ],
)
def test_what_a_code_cannot_express_is_refused(segment: JsonObject) -> None:
    with pytest.raises(ValueError, match="in string format must be"):
        cq.render([segment])


@settings(deadline=None)
@given(st.lists(CODES | TEXT_SEGMENTS, max_size=6))
def test_rendering_then_parsing_gives_the_same(segments: list[JsonObject]) -> None:
    merged: list[JsonObject] = []
    for segment in segments:  # texts side by side are one text on the wire
        last = merged[-1] if merged else None
        if segment["type"] == "text" and last is not None and last["type"] == "text":
            one, two = last["data"], segment["data"]
            assert isinstance(one, dict)
            assert isinstance(two, dict)
            merged[-1] = {"type": "text", "data": {"text": one["text"] + two["text"]}}
        else:
            merged.append(segment)
    assert cq.parse(cq.render(segments)) == merged


@settings(deadline=None)
@given(TEXTS)
def test_escaping_is_undone_exactly(text: str) -> None:
    assert cq.unescape(cq.escape_text(text)) == text
    assert cq.unescape(cq.escape_param(text)) == text
    assert not set(cq.escape_param(text)) & set("[],")


@settings(deadline=None)
@given(TEXTS | st.text(max_size=40))
def test_any_text_can_be_parsed_and_written_again(text: str) -> None:
    once = cq.parse(text)
    assert cq.parse(cq.render(once)) == once


@pytest.mark.parametrize(
    "hostile",
    ["[CQ:a," * 200_000, "]" * 500_000, "[CQ:" * 300_000 + "]", "[CQ:a,=]" * 50_000],
)
def test_a_hostile_text_is_parsed_in_one_pass(hostile: str) -> None:
    """Quadratic parsing of these would take minutes and trip the test timeout."""
    assert cq.parse(hostile)
