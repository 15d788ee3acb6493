"""What a line does with an edit, a delete, a reaction: what its platform says it can."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import (
    Change,
    Delete,
    Edit,
    Emoji,
    Image,
    Markdown,
    Outbound,
    React,
    Segment,
    Text,
    plain_text,
)
from platforms.base import (
    ALL_SEGMENTS,
    Caps,
    Link,
    OutcomeUnknown,
    Rejected,
    Sent,
    Unit,
)
from platforms.base.forms import fit, is_short, shortened
from platforms.base.line import AccountLine
from tests.platforms.base.hosts import FakeHost, saying
from tests.platforms.base.test_line import Answer, Picky, Shelf, refuses, said

ABLE = Caps(edits=True, deletes=True, reacts=True)


class Changeable(Picky):
    """Remembers what it was asked to change."""

    async def edit(self, link: Link, out: Outbound, message: str) -> Sent:
        self.changed.append(("edit", message))
        return await self.send(link, out)

    async def delete(self, link: Link, out: Outbound, message: str) -> Sent:
        self.changed.append(("delete", message))
        return Sent()

    async def react(
        self,
        link: Link,
        out: Outbound,
        message: str,
        emoji: str | Emoji,
        *,
        remove: bool,
    ) -> Sent:
        self.changed.append(("react", message, emoji, remove))
        return Sent()

    @property
    def changed(self) -> list[tuple[object, ...]]:
        return self.__dict__.setdefault("_changed", [])  # type: ignore[no-any-return]


def line_of(caps: Caps, answer: Answer = said) -> tuple[AccountLine, Changeable]:
    platform = Changeable(caps, answer)
    return AccountLine(platform, FakeHost().link(platform, "1"), Shelf()), platform


def changing(change: Change, *body: Segment) -> Outbound:
    return evolve(saying("x"), body=body, change=change)


async def test_each_change_is_asked_of_its_platform_by_the_messages_id() -> None:
    line, platform = line_of(ABLE)
    # The id of an edit is that of its message: a second edit goes to the same.
    assert await line.send(changing(Edit("7"), Text("new"))) == Sent("7")
    assert await line.send(changing(Delete("7"))) == Sent()
    await line.send(changing(React("7", Emoji("1"), remove=True)))
    assert platform.changed == [
        ("edit", "7"),
        ("delete", "7"),
        ("react", "7", Emoji("1"), True),
    ]
    assert platform.said == [(Text("new"),)]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (Edit("7"), "picky cannot edit what was said"),
        (Delete("7"), "picky cannot delete what was said"),
        (React("7", "x"), "picky cannot react"),
    ],
)
async def test_what_a_platform_cannot_do_is_rejected_and_nothing_is_said(
    change: Change, why: str
) -> None:
    line, platform = line_of(Caps())
    with pytest.raises(Rejected, match=why):
        await line.send(changing(change, Text("new")))
    assert (platform.changed, platform.asked) == ([], [])


async def test_a_platform_that_promised_too_much_rejects_it_too() -> None:
    platform = Picky(ABLE, said)
    line = AccountLine(platform, FakeHost().link(platform, "1"), Shelf())
    for change in (Edit("7"), Delete("7"), React("7", "x")):
        with pytest.raises(Rejected, match="here"):
            await line.send(changing(change, Text("new")))


async def test_an_edit_is_tried_in_simpler_forms_as_a_message_is() -> None:
    caps = evolve(ABLE, segments=ALL_SEGMENTS)
    line, platform = line_of(caps, refuses(Markdown))
    sent = await line.send(changing(Edit("7"), Markdown("**new**")))
    assert sent == Sent("7", "markdown as text: no markdown here")
    assert platform.said == [(Markdown("**new**"),), (Text("new", "markdown"),)]


async def test_an_edit_that_is_too_long_is_cut_and_its_receipt_says_so() -> None:
    line, platform = line_of(evolve(ABLE, text_limit=20))
    sent = await line.send(changing(Edit("7"), Text("one two three four five six")))
    assert sent == Sent("7", "cut to one message")
    [body] = platform.said
    assert plain_text(body) == "one two three four\n…"


async def test_an_edit_without_end_is_rejected_as_a_message_would_be() -> None:
    line, platform = line_of(evolve(ABLE, text_limit=10))
    with pytest.raises(Rejected, match="must fit into"):
        await line.send(changing(Edit("7"), Text("x" * 10_000)))
    assert platform.asked == []


words = st.text("ab é👍`\n ", max_size=80)
bodies = st.lists(
    st.one_of(words.map(Text), words.map(Markdown), st.just(Image(b"x", "alt"))),
    min_size=1,
    max_size=4,
).map(tuple)


caps = st.builds(
    Caps,
    segments=st.sampled_from([ALL_SEGMENTS, frozenset({Text})]),
    text_limit=st.integers(1, 40),
    unit=st.sampled_from(Unit),
    one_line=st.booleans(),
    caption_limit=st.none() | st.integers(0, 20),
)


@given(bodies, caps | st.just(Caps(one_line=True)))
def test_what_was_cut_fits_and_is_the_beginning(
    body: tuple[Segment, ...], caps: Caps
) -> None:
    short, lost = shortened(body, caps)
    if not lost:
        assert short is body
        return
    assert not is_short(fit(body, caps), caps)
    # A limit of less than a single character can be kept by nobody.
    assert is_short(short, caps) or (caps.text_limit or 4) < 4
    whole = "".join(part.text for part in fit(body, caps) if isinstance(part, Text))
    kept = plain_text(short[:1])
    assert not isinstance(body[0], Text) or "".join(kept.split()) in "".join(
        whole.split()
    )


async def test_what_is_answered_late_is_no_better_than_what_is_answered_in_time() -> (
    None
):
    """Law 6: a late answer is of the same message: cut, in words, under its own id."""

    def lost(out: Outbound) -> Sent:
        raise OutcomeUnknown("cut")

    host = FakeHost()
    platform = Changeable(evolve(ABLE, text_limit=20), lost)
    link = host.link(platform, "1")
    line = AccountLine(platform, link, Shelf())
    edit = changing(Edit("7"), Text("one two three four five six"))
    picture = evolve(saying("x", key="k2"), body=(Image(b"x", "rook"),))
    plain = saying("x", key="k3")
    for out in (edit, picture, plain):
        with pytest.raises(OutcomeUnknown):
            await line.send(out)
        link.answered_late(out.key, Sent("99"))
        link.answered_late(out.key, Sent("99"))
    assert host.late == [
        ("k1", "7", "cut to one message"),
        ("k1", "99", ""),  # once more: the outbox knows that it was told
        ("k2", "99", "image as text"),
        ("k2", "99", ""),
        ("k3", "99", ""),
        ("k3", "99", ""),
    ]
