"""What the host wants said, as events."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from actors.messages import (
    ALL,
    Audio,
    Chat,
    ChatAddress,
    ChatKind,
    Emoji,
    File,
    Image,
    Markdown,
    Mention,
    Outbound,
    Raw,
    Reply,
    Segment,
    Text,
)
from platforms.matrix.platform import TEXT_LIMIT_BYTES
from platforms.matrix.wire import (
    MAX_EVENT_BYTES,
    Draft,
    Unsendable,
    Uploaded,
    drafts_of,
    send_target,
    transactions,
    write,
)
from platforms.matrix.wire.html import html_of, html_of_text

ROOM = Chat(ChatKind.GROUP, "!den:here")
Content = dict[str, Any]


def saying(*body: Segment, chat: Chat = ROOM) -> Outbound:
    return Outbound(key="k", to=ChatAddress("mx", "@bot:here", chat), body=body)


def content(*body: Segment, chat: Chat = ROOM) -> Content:
    [draft] = drafts_of(saying(*body, chat=chat))
    assert draft.type == "m.room.message"
    return draft.content


def test_words_go_out_as_they_are() -> None:
    assert content(Text("a <b>\n*c*")) == {
        "msgtype": "m.notice",
        "body": "a <b>\n*c*",
        "m.mentions": {},
    }
    [draft] = drafts_of(saying(Text("hi")), "m.text")
    assert draft.content["msgtype"] == "m.text"


def test_who_is_meant_is_named_and_rung() -> None:
    said = content(Text("hi <"), Mention("@ann:here", "Ann <3"), Text("!"))
    assert said["body"] == "hi <Ann <3!"
    assert said["m.mentions"] == {"user_ids": ["@ann:here"]}
    assert said["format"] == "org.matrix.custom.html"
    pill = '<a href="https://matrix.to/#/@ann:here">Ann &lt;3</a>'
    assert said["formatted_body"] == f"hi &lt;{pill}!"


def test_everybody_is_the_room() -> None:
    said = content(Mention(ALL), Text(" tea"))
    assert (said["body"], said["m.mentions"]) == ("@room tea", {"room": True})
    assert "formatted_body" not in said


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("just words", None),
        ("two\nlines", None),
        ("**so**", "<strong>so</strong>"),
        ("a ~~b~~ `c<d`", "a <s>b</s> <code>c&lt;d</code>"),
        ("# Hi\n\nyou", "<h1>Hi</h1>\n<p>you</p>"),
        ("**a**\nb", "<strong>a</strong><br />\nb"),
        (
            "```py\nx = '<'\n```",
            "<pre><code class=\"language-py\">x = '&lt;'\n</code></pre>",
        ),
        ("[x](https://a.example)", '<a href="https://a.example">x</a>'),
        ("3. a\n4. b", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>'),
    ],
)
def test_markdown_is_the_html_of_matrix(markdown: str, html: str | None) -> None:
    assert html_of(markdown) == html
    said = content(Markdown(markdown))
    assert said["body"] == markdown
    assert said.get("formatted_body") == html


@pytest.mark.parametrize(
    "markdown",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "[x](JavaScript&#58;alert(1))",
        "<img src=x onerror=alert(1)>",
        "![x](https://evil.example/track.png)",
        "[x](data:text/html,<script>)",
        "[x]()",
        "| a |\n| :-: |\n| <b onclick=x> |",
    ],
)
def test_nothing_in_it_can_do_harm(markdown: str) -> None:
    safe(html_of(markdown) or "")


PERMITTED = set(
    re.findall(
        r"\w+",
        "del h1 h2 h3 h4 h5 h6 blockquote p a ul ol li b i u strong em s code hr br div "
        "table thead tbody tr th td caption pre span details summary",
    )
)


class Safe(HTMLParser):
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in PERMITTED, tag
        for name, value in attrs:
            match tag, name:
                case "a", "href":
                    assert value is not None
                    begins = ("http://", "https://", "ftp://", "mailto:", "magnet:")
                    assert value.lower().startswith(begins), value
                case ("ol", "start") | ("code", "class"):
                    pass
                case _:
                    raise AssertionError((tag, name))


def safe(html: str) -> None:
    Safe().feed(html)


PIECES = st.sampled_from(
    [
        *("**", "_", "`", "[", "](", ")", "<", ">", "&", "javascript:", "https://x"),
        *("# ", "> ", "- ", "| ", "---", '"', "onclick=", "![", "```", "a", " ", "\n"),
    ]
)


@given(st.lists(PIECES, max_size=30).map("".join))
def test_whatever_is_written_becomes_no_other_html(markdown: str) -> None:
    safe(html_of(markdown) or "")
    safe(html_of_text(markdown))


def test_what_it_answers_and_where_is_said_once() -> None:
    thread = Chat(ChatKind.THREAD, "!den:here/$root")
    assert content(Text("x"), Reply("$m"))["m.relates_to"] == {
        "m.in_reply_to": {"event_id": "$m"}
    }
    assert content(Text("x"), chat=thread)["m.relates_to"] == {
        "rel_type": "m.thread",
        "event_id": "$root",
        "is_falling_back": True,
        "m.in_reply_to": {"event_id": "$root"},
    }
    answered = content(Reply("$m"), Text("x"), chat=thread)["m.relates_to"]
    assert answered["is_falling_back"] is False
    assert answered["m.in_reply_to"] == {"event_id": "$m"}
    first, second = drafts_of(saying(Reply("$m"), Text("x"), Image(b"p")))
    assert "m.relates_to" in first.content
    assert "m.relates_to" not in second.content


def test_pictures_and_words_are_events_of_their_own() -> None:
    drafts = drafts_of(
        saying(Text("see "), Mention("@ann:here"), Image(b"png", "a rook"), Text("!"))
    )
    assert [d.content["body"] for d in drafts] == ["see @ann:here", "a rook", "!"]
    assert [d.data for d in drafts] == [None, b"png", None]
    assert drafts[2].content["m.mentions"] == {}
    shown = drafts[1].with_upload(Uploaded("mxc://here/1", "image/png", 3))
    assert shown.content == {
        "msgtype": "m.image",
        "body": "a rook",
        "url": "mxc://here/1",
        "info": {"mimetype": "image/png", "size": 3},
    }
    assert shown.data is None


def test_what_is_on_the_server_already_is_not_uploaded() -> None:
    [draft] = drafts_of(saying(File("mxc://here/1", "a.pdf")))
    assert draft.content == {
        "msgtype": "m.file",
        "body": "a.pdf",
        "url": "mxc://here/1",
    }
    assert draft.data is None


def test_the_last_event_carries_the_key() -> None:
    """Whoever sees it come back knows that all of them were said."""
    assert transactions("key", 1) == ("key",)
    assert transactions("key", 3) == ("key.1", "key.2", "key")


def test_a_target_holds_what_it_names_and_nothing_more() -> None:
    draft = Draft("m.x/../y", {})
    target = send_target("!a/b?c:here", draft, "k")
    assert target == "/_matrix/client/v3/rooms/%21a%2Fb%3Fc%3Ahere/send/m.x%2F..%2Fy/k"


def test_raw_goes_out_as_it_is() -> None:
    event = {"type": "m.sticker", "content": {"body": "x", "url": "mxc://a/b"}}
    [draft] = drafts_of(saying(Raw("matrix", event)))
    assert (draft.type, draft.content) == ("m.sticker", event["content"])


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ((), "empty body"),
        ((Text(" \n"),), "empty body"),
        ((Reply("$m"),), "empty body"),
        ((Emoji("1"),), "nothing for Emoji"),
        ((Raw("onebot11", {"type": "x"}),), 'must be Raw\\("matrix"'),
        ((Raw("matrix", {"type": "x", "content": 5}),), "must be an object"),
        ((Audio("https://a.example/x.ogg"),), "bytes or an mxc://"),
    ],
)
def test_what_cannot_be_said_says_why(body: tuple[Segment, ...], why: str) -> None:
    with pytest.raises(Unsendable, match=why):
        drafts_of(saying(*body))


def test_what_json_has_no_form_for_is_not_sent() -> None:
    with pytest.raises(Unsendable):
        write({"x": object()})


WORDS = st.one_of(
    st.text(max_size=40).map(Text),
    st.text(max_size=40).map(Markdown),
    st.just(Mention(ALL)),
    st.text(min_size=1, max_size=9).map(lambda who: Mention(f"@{who}:here", who)),
    st.just(Image(b"x")),
)


@example([Mention("@ann:here", "\r")])
@given(st.lists(WORDS, max_size=8))
def test_whatever_is_said_is_an_event_that_says_all_of_it(body: list[Segment]) -> None:
    try:
        drafts = drafts_of(saying(*body))
    except Unsendable:
        assert not any(isinstance(part, Mention | Image) for part in body)
        return
    words = "".join(d.content["body"] for d in drafts if d.data is None)
    for part in body:
        if isinstance(part, Text | Markdown) and part.text.strip():
            assert part.text in words
    for draft in drafts:
        assert json.loads(write(draft.content)) == draft.content


@settings(max_examples=20)
@given(st.sampled_from(["<", "\n", "&", "*a* ", "é", "a", '"', "😀", "# x\n"]))
def test_a_text_at_the_limit_fits_into_an_event(piece: str) -> None:
    count = TEXT_LIMIT_BYTES // len(piece.encode())
    for part in (Text(piece * count), Markdown(piece * count)):
        if part.text.strip():
            said = content(part, Mention("@ann:here"), chat=Chat(ChatKind.GROUP, "!x"))
            assert len(write(said)) <= MAX_EVENT_BYTES
