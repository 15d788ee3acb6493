"""What is told in words where a platform cannot carry it, and what is said about that."""

from __future__ import annotations

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
    plain_text,
)
from platforms.base import ALL_SEGMENTS, Caps
from platforms.base.forms import fit, in_words, lost_in

ONLY_TEXT = Caps()
EVERYTHING = Caps(segments=ALL_SEGMENTS)
BODY: tuple[Segment, ...] = (
    Reply("7"),
    Mention("10001", "ann"),
    Mention(ALL),
    Text(" look: "),
    Image("https://x/y.png"),
    Image(b"\x89PNG", alt="a rook"),
    File("/etc/passwd", name="list"),
    Markdown("**b**"),
    Emoji("66"),
    Forward((Node(id="1"), Node(id="2"))),
    Raw("onebot11", {"type": "dice", "data": {}}),
)


def test_what_cannot_be_shown_is_told_in_words_and_said_so() -> None:
    """A27: a fallback is flagged, and says which kinds were lost."""
    fitted = fit(BODY, ONLY_TEXT)
    assert plain_text(fitted) == (
        "@ann@all look: [image https://x/y.png][image a rook][file list]"
        "b[emoji 66][2 forwarded messages][onebot11 only]"
    )
    assert lost_in(fitted) == "image, file, markdown, emoji, forward, raw as text"


def test_a_local_path_is_not_told() -> None:
    assert fit((File("/etc/passwd"),), ONLY_TEXT) == (Text("[file]"),)


def test_a_password_in_a_link_is_not_told() -> None:
    """The peer may fetch with it; the chat has no business with it."""
    assert in_words(Image("https://me:secret@x/y.png?q=1", "a rook")) == (
        "[image a rook: https://x/y.png?q=1]"
    )


def test_a_link_is_told_beside_what_is_on_the_picture() -> None:
    assert in_words(Image("https://x/y.png", "a rook")) == (
        "[image a rook: https://x/y.png]"
    )
    assert in_words(Video("HTTP://x/y.mp4")) == "[video HTTP://x/y.mp4]"
    assert in_words(Audio("some-id-of-the-platform")) == "[audio]"


def test_what_can_be_shown_is_left_alone() -> None:
    assert fit(BODY, EVERYTHING) is BODY
    assert lost_in(BODY) == ""


def test_markdown_without_markup_loses_nothing() -> None:
    assert lost_in(fit((Text("a"), Markdown("b")), ONLY_TEXT)) == ""


def test_a_reply_mark_and_a_mention_are_nothing_that_anybody_misses() -> None:
    fitted = fit((Reply("7"), Mention("1", "ann"), Text(" hi")), ONLY_TEXT)
    assert fitted == (Text("@ann"), Text(" hi"))
    assert lost_in(fitted) == ""


def test_forwarded_messages_are_told_with_who_said_them() -> None:
    inner = Forward((Node(name="bob", body=(Text("deep"),)),))
    forward = Forward(
        (
            Node(user="1", name="ann", body=(Text("two\nlines"),)),
            Node(id="77"),
            Node(user="2", body=(inner,)),
        )
    )
    assert in_words(forward) == (
        "[3 forwarded messages]\n"
        "ann: two\n  lines\n"
        "?: [message 77]\n"
        "2: [1 forwarded messages]\n  bob: deep"
    )


def test_messages_forwarded_for_ever_are_told_to_an_end() -> None:
    forward = Forward((Node(name="x", body=(Text("end"),)),))
    for _ in range(500):
        forward = Forward((Node(name="x", body=(forward,)),))
    assert in_words(forward).count("x:") < 10
