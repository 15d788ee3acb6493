"""A line says a message in the best form that its platform takes, and tells which."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import structlog
import trio
from attrs import define, evolve, field
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import MockClock

from actors.messages import (
    Audio,
    Emoji,
    File,
    Forward,
    Image,
    Markdown,
    Mention,
    Node,
    Outbound,
    Raw,
    Reply,
    Segment,
    Text,
)
from platforms.base import (
    ALL_SEGMENTS,
    Caps,
    FormRefused,
    Leave,
    Link,
    MediaForm,
    OutcomeUnknown,
    Platform,
    Rejected,
    Retry,
    Sent,
    Told,
)
from platforms.base.line import READ_AT_ONCE, READ_SECONDS, AccountLine
from platforms.media import Blob, MediaRefused
from tests.platforms.base.hosts import FakeHost, saying
from tests.platforms.base.test_connection import NoConfig

LINK = "https://pics.example/rook.png"
BOTH = Caps(segments=ALL_SEGMENTS, media=(MediaForm.URL, MediaForm.BYTES))
BYTES = Caps(segments=ALL_SEGMENTS, media=(MediaForm.BYTES,))

Answer = Callable[[Outbound], Sent]


class Picky(Platform[NoConfig]):
    """Answers as the test says."""

    name = "picky"
    config_type = NoConfig

    def __init__(self, caps: Caps, answer: Answer) -> None:
        super().__init__(NoConfig())
        self.caps = caps  # type: ignore[misc]  # of this one only
        self.answer = answer
        self.asked: list[Outbound] = []
        self.begun: list[Outbound] = []

    async def session(self, link: Link) -> None:
        await trio.sleep_forever()

    async def send(self, link: Link, out: Outbound) -> Sent:
        await trio.lowlevel.checkpoint()
        self.asked.append(out)
        return self.answer(out)

    def begin(self, link: Link, out: Outbound, told: Told) -> Leave | None:
        self.begun.append(out)
        return lambda: None

    @property
    def said(self) -> list[tuple[Segment, ...]]:
        return [out.body for out in self.asked]


@define
class Shelf:
    """Gives what a test has put into it; everything else must not be read."""

    holds: dict[str | Path, bytes] = field(factory=dict)
    asked: list[tuple[str | Path, str, int]] = field(factory=list)

    async def read(self, source: str | Path, kind: str, max_bytes: int) -> Blob:
        self.asked.append((source, kind, max_bytes))
        await trio.lowlevel.checkpoint()
        if source not in self.holds:
            raise MediaRefused(str(source), "10.0.0.1 is private")
        return Blob(self.holds[source], "image/png", "rook.png")


def said(out: Outbound) -> Sent:
    return Sent("m1")


def refuses(*kinds: type, links: bool = False) -> Answer:
    """Refuse what holds one of *kinds*; with *links* only media by URL."""

    def answer(out: Outbound) -> Sent:
        for part in out.body:
            if isinstance(part, kinds) and not (
                links and isinstance(getattr(part, "source", ""), bytes)
            ):
                raise FormRefused(f"no {type(part).__name__.lower()} here")
        return Sent("m1")

    return answer


def line_of(
    caps: Caps, answer: Answer = said, shelf: Shelf | None = None
) -> tuple[AccountLine, Picky]:
    platform = Picky(caps, answer)
    link = FakeHost().link(platform, "10001")
    return AccountLine(platform, link, shelf or Shelf()), platform


def out_of(*body: Segment) -> Outbound:
    return evolve(saying("x"), body=body)


async def test_a_link_goes_as_it_is_to_a_platform_that_fetches_itself() -> None:
    """Also a private one: whether the peer may go there is the peer's own matter."""
    shelf = Shelf()
    line, platform = line_of(BOTH, said, shelf)
    body = (Text("see "), Image("http://10.0.0.1/x.png"))
    assert await line.send(out_of(*body)) == Sent("m1")
    assert platform.said == [body]
    assert shelf.asked == []


async def test_a_link_is_fetched_for_a_platform_that_wants_bytes() -> None:
    shelf = Shelf({LINK: b"png"})
    line, platform = line_of(evolve(BYTES, max_upload_bytes=77), said, shelf)
    sent = await line.send(
        out_of(Image(LINK, "a rook"), File(LINK), File(LINK, "r.png"))
    )
    assert sent == Sent("m1")
    assert platform.said == [
        (Image(b"png", "a rook"), File(b"png", "rook.png"), File(b"png", "r.png"))
    ]
    assert (LINK, "image", 77) in shelf.asked


async def test_a_path_is_read_by_us_for_every_platform() -> None:
    """A file on our disk means nothing on the peer's."""
    path = Path("/srv/pics/rook.png")
    line, platform = line_of(BOTH, said, Shelf({path: b"png"}))
    await line.send(out_of(Image(path)))
    assert platform.said == [(Image(b"png"),)]


async def test_a_name_of_the_platforms_own_goes_as_it_is() -> None:
    for caps in (BOTH, BYTES):
        line, platform = line_of(caps)
        await line.send(out_of(Image("0123abcd.image")))
        assert platform.said == [(Image("0123abcd.image"),)]


async def test_what_cannot_be_fetched_is_told_in_words_with_the_reason() -> None:
    """A26, A27: refused by default, and the receipt says so."""
    line, platform = line_of(BYTES)
    sent = await line.send(out_of(Text("see "), Image(LINK, "a rook")))
    assert platform.said == [(Text("see "), Text(f"[image a rook: {LINK}]"))]
    assert sent.degraded == (f"image as text: {LINK} was not read: 10.0.0.1 is private")


async def test_bytes_that_are_too_many_are_told_in_words() -> None:
    line, platform = line_of(evolve(BOTH, max_upload_bytes=3))
    sent = await line.send(out_of(Image(b"four", "a rook"), Image(b"abc")))
    assert platform.said == [(Text("[image a rook]"), Image(b"abc"))]
    assert "larger than 3 bytes" in sent.degraded


async def test_a_refused_link_is_fetched_and_uploaded_and_nothing_is_lost() -> None:
    """A25: the next form only after a definite refusal of the one before."""
    shelf = Shelf({LINK: b"png"})
    line, platform = line_of(BOTH, refuses(Image, links=True), shelf)
    assert await line.send(out_of(Image(LINK))) == Sent("m1")
    assert platform.said == [(Image(LINK),), (Image(b"png"),)]
    assert {out.key for out in platform.asked} == {"k1"}


async def test_what_is_refused_in_every_other_form_is_told_in_words() -> None:
    line, platform = line_of(BOTH, refuses(Image, Forward), Shelf({LINK: b"png"}))
    forward = Forward((Node(name="ann", body=(Text("hi"),)),))
    sent = await line.send(out_of(Image(LINK, "a rook"), forward))
    assert len(platform.said) == 3
    assert platform.said[-1] == (
        Text(f"[image a rook: {LINK}]"),
        Text("[1 forwarded messages]\nann: hi"),
    )
    assert sent.degraded == "image, forward as text: no image here"


@pytest.mark.parametrize(
    "error",
    [Rejected("you are muted"), OutcomeUnknown("no answer"), Retry(5.0, "slow down")],
)
async def test_nothing_is_tried_again_after_any_other_end(error: Exception) -> None:
    """A25: it may be out already, or nothing would help."""

    def answer(out: Outbound) -> Sent:
        raise error

    line, platform = line_of(BOTH, answer, Shelf({LINK: b"png"}))
    with pytest.raises(type(error)):
        await line.send(out_of(Image(LINK)))
    assert len(platform.said) == 1


async def test_what_has_no_simpler_form_is_rejected_once() -> None:
    def never(out: Outbound) -> Sent:
        raise FormRefused("no")

    bodies = ((Text("a"),), (Reply("7"), Mention("1")), (Raw("picky", {}),))
    for body in bodies:
        line, platform = line_of(BOTH, never)
        with pytest.raises(Rejected):
            await line.send(out_of(*body))
        assert len(platform.said) == 1
    line, platform = line_of(BOTH, never, Shelf({LINK: b"png"}))
    with pytest.raises(Rejected, match="no"):
        await line.send(out_of(Audio(LINK)))
    assert len(platform.said) == 3


async def test_what_the_platform_lost_by_itself_is_told_as_well() -> None:
    caps = Caps(segments=frozenset({Text}))
    line, _ = line_of(caps, lambda _: Sent("m1", "half of it"))
    sent = await line.send(out_of(Markdown("**x**"), Emoji("66")))
    assert sent.degraded == "markdown, emoji as text; half of it"
    assert (await line.send(out_of(Text("x")))).degraded == "half of it"


async def test_a_row_that_is_too_long_is_rejected_with_what_to_do() -> None:
    line, platform = line_of(Caps(text_limit=10))
    with pytest.raises(Rejected, match="send it as a file"):
        await line.send(out_of(Text("x" * 11)))
    assert platform.said == []


SOURCES = st.sampled_from([LINK, "http://elsewhere/x", b"png", "own-id", Path("/x/y")])
PARTS: st.SearchStrategy[Segment] = st.one_of(
    st.builds(Image, SOURCES),
    st.builds(File, SOURCES),
    st.just(Text("words")),
    st.just(Mention("1")),
    st.just(Emoji("66")),
    st.just(Markdown("**b**")),
)
FORMS = st.sampled_from([(MediaForm.URL,), (MediaForm.BYTES,), (*MediaForm,)])


@given(
    body=st.lists(PARTS, min_size=1, max_size=5),
    forms=FORMS,
    carried=st.sets(st.sampled_from([Image, File, Emoji, Markdown, Mention])),
    refused=st.sets(st.sampled_from([Image, File, Emoji, Markdown])),
)
def test_a_platform_gets_what_its_caps_say_and_nothing_twice(
    body: list[Segment],
    forms: tuple[MediaForm, ...],
    carried: set[type[Segment]],
    refused: set[type[Segment]],
) -> None:
    """A platform never branches on what it can: that was decided before.

    And what it is told to begin in a plain call is what it would have been told to send.
    """
    caps = Caps(segments=frozenset({Text, *carried}), media=forms)
    line, platform = line_of(caps, refuses(*refused), Shelf({LINK: b"png"}))
    told: list[Sent | Exception] = []

    async def main() -> None:
        with structlog.testing.capture_logs():
            sent = await line.send(out_of(*body))
        final = platform.said[-1]
        if line.begin(out_of(*body), told.append) is not None:
            assert [out.body for out in platform.begun] == platform.said
            assert not sent.degraded
        else:
            assert set(map(type, body)) != {Text}
        assert not any(isinstance(part, tuple(refused)) for part in final if refused)
        assert bool(sent.degraded) == any(
            isinstance(part, Text) and part.was for part in final
        )

    trio.run(main)
    assert len(platform.said) <= 3
    assert len({repr(one) for one in platform.said[:-1]}) == len(platform.said[:-1])
    for one in platform.said:
        for part in one:
            assert type(part) in caps.segments
            source = getattr(part, "source", b"")
            assert not isinstance(source, Path)
            if isinstance(source, str) and source.startswith("http"):
                assert MediaForm.URL in forms
            if source == b"png":
                assert MediaForm.BYTES in forms


@define
class Busy(Shelf):
    """Takes its time, and counts how many ask at once."""

    seconds: float = 1.0
    size: int = 1000
    now: int = 0
    most: int = 0

    async def read(self, source: str | Path, kind: str, max_bytes: int) -> Blob:
        self.now += 1
        self.most = max(self.most, self.now)
        await trio.sleep(self.seconds)
        self.now -= 1
        return Blob(bytes(min(self.size, max_bytes)), "image/png", "rook.png")


ALBUM = tuple(Image(f"{LINK}?{n}") for n in range(10))


async def test_an_album_does_not_fill_our_memory(autojump_clock: MockClock) -> None:
    """Design 5, law 9: whoever makes a bot repeat what they sent decides how much it is."""
    shelf = Busy()
    caps = evolve(BYTES, max_upload_bytes=1000)
    line, platform = line_of(caps, shelf=shelf)
    sent = await line.send(out_of(*ALBUM))
    (body,) = platform.said
    assert [type(part) for part in body] == [Image] * 4 + [Text] * 6
    assert "its message holds too much already" in sent.degraded
    assert shelf.most == READ_AT_ONCE


async def test_an_album_that_takes_too_long_is_sent_as_far_as_it_came(
    autojump_clock: MockClock,
) -> None:
    """The sender gives up on a line after 60 s: nothing may be unknown that never left."""
    line, platform = line_of(
        evolve(BYTES, max_upload_bytes=1000), shelf=Busy(seconds=20.0, size=10)
    )
    began = trio.current_time()
    sent = await line.send(out_of(*ALBUM))
    assert trio.current_time() - began == READ_SECONDS
    assert sent.degraded.startswith("image as text: not all of it was read within 30 s")
    (body,) = platform.said
    assert [type(part) for part in body] == [Image] * 4 + [Text] * 6
