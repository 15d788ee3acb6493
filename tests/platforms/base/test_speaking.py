"""What a session makes says things for it: the newest, and nobody once it is gone."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext

import pytest
import trio
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from actors.messages import Delete, Edit, Emoji, Outbound, React, Text
from platforms.base import (
    Caps,
    Leave,
    Link,
    Platform,
    Rejected,
    Retry,
    Sent,
    Speaker,
    Told,
)
from platforms.base.line import AccountLine
from platforms.base.newest import Newest
from tests.platforms.base.hosts import FakeHost, saying
from tests.platforms.base.test_connection import NoConfig

ALL_OF_IT = Caps(edits=True, deletes=True, reacts=True)


class Mouth(Speaker):
    """Says only that it was asked, and nothing that it said is changed."""

    def __init__(self, name: str = "mouth") -> None:
        self.name = name
        self.asked: list[tuple[object, ...]] = []

    async def send(self, out: Outbound) -> Sent:
        await trio.lowlevel.checkpoint()
        self.asked.append(("send", out.key))
        return Sent(self.name)


class Hands(Mouth):
    """Does everything that can be asked for."""

    async def edit(self, out: Outbound, message: str) -> Sent:
        self.asked.append(("edit", message))
        return Sent(message)

    async def delete(self, out: Outbound, message: str) -> Sent:
        self.asked.append(("delete", message))
        return Sent()

    async def react(
        self, out: Outbound, message: str, emoji: str | Emoji, *, remove: bool
    ) -> Sent:
        self.asked.append(("react", message, emoji, remove))
        return Sent()

    async def call(self, action: str, params: Mapping[str, object]) -> object:
        self.asked.append((action, params))
        return "done"


class Wordless(Platform[NoConfig]):
    """Leaves it to its sessions to say things."""

    name = "wordless"
    config_type = NoConfig
    caps = ALL_OF_IT

    async def session(self, link: Link) -> None:
        await trio.sleep_forever()


class Wordy(Wordless):
    """Says things itself, and that is all it does."""

    async def send(self, link: Link, out: Outbound) -> Sent:
        await trio.lowlevel.checkpoint()
        return Sent("itself")


def linked(platform: Platform[NoConfig]) -> tuple[FakeHost, Link]:
    host = FakeHost()
    return host, host.link(platform, "1")


def line_of(host: FakeHost) -> AccountLine:
    line = host.lines["qq", "1"]
    assert isinstance(line, AccountLine)
    return line


async def test_whatever_is_asked_for_is_asked_of_the_speaker() -> None:
    host, link = linked(Wordless(NoConfig()))
    hands = Hands()
    with link.speaks_through(hands):
        link.up()
        line = line_of(host)
        assert await line.send(saying("x")) == Sent("mouth")
        for change in (Edit("7"), Delete("7"), React("7", "👍", remove=True)):
            out = evolve(saying("x"), body=(Text("new"),), change=change)
            await line.send(out)
        assert await line.call("poke", {"user": "14"}) == "done"
    assert hands.asked == [
        ("send", "k1"),
        ("edit", "7"),
        ("delete", "7"),
        ("react", "7", "👍", True),
        ("poke", {"user": "14"}),
    ]


async def test_when_it_is_gone_nothing_goes_out_and_all_is_tried_again() -> None:
    host, link = linked(Wordless(NoConfig()))
    with link.speaks_through(Hands()):
        link.up()
    line = line_of(host)
    with pytest.raises(Retry, match="the session is over"):
        await line.send(saying("x"))
    with pytest.raises(Retry, match="the session is over"):
        await line.call("poke", {})


@pytest.mark.parametrize("platform", [Wordless(NoConfig()), Wordy(NoConfig())])
async def test_what_was_promised_and_not_written_is_rejected(
    platform: Wordless,
) -> None:
    host, link = linked(platform)
    with nullcontext() if platform.speaks else link.speaks_through(Mouth()):
        link.up()
        line = line_of(host)
        for change in (Edit("7"), Delete("7"), React("7", "👍")):
            with pytest.raises(Rejected, match="here"):
                await line.send(evolve(saying("x"), change=change))
        with pytest.raises(Rejected, match="no action 'poke'"):
            await line.call("poke", {})


async def test_a_platform_with_a_send_of_its_own_needs_no_speaker() -> None:
    host, link = linked(Wordy(NoConfig()))
    link.up()
    assert await line_of(host).send(saying("x")) == Sent("itself")


async def test_a_session_that_nobody_speaks_for_is_not_up() -> None:
    """Else a `send` that was forgotten would show as messages that wait for ever."""
    host, link = linked(Wordless(NoConfig()))
    link.connecting()
    why = "Wordless must have a `send`, or be up inside"
    with pytest.raises(RuntimeError, match=why):
        link.up()
    with pytest.raises(RuntimeError, match=why):
        link.degraded("no news")
    link.degraded("nothing can be said", sends=False)
    assert host.lines == {}


async def test_the_newest_speaks_and_an_older_one_that_goes_late_takes_nothing() -> (
    None
):
    host, link = linked(Wordless(NoConfig()))
    older, newer = (link.speaks_through(Mouth(name)) for name in ("older", "newer"))
    older.__enter__()
    link.up()
    newer.__enter__()
    older.__exit__(None, None, None)
    assert await line_of(host).send(saying("x")) == Sent("newer")
    newer.__exit__(None, None, None)
    with pytest.raises(Retry):
        await line_of(host).send(saying("x"))


@given(st.lists(st.integers(0, 5)))
def test_there_is_the_one_that_was_opened_last_as_long_as_it_is_open(
    moves: list[int],
) -> None:
    """Each number opens its block, or closes it where it is open."""
    newest = Newest[int]("nothing is open")
    open_: dict[int, AbstractContextManager[int]] = {}
    last: int | None = None
    for one in moves:
        if one in open_:
            open_.pop(one).__exit__(None, None, None)
        else:
            open_[one] = newest.during(one)
            open_[one].__enter__()
            last = one
        expected = last if last in open_ else None
        assert newest.now == expected
        if expected is None:
            with pytest.raises(Retry, match="nothing is open"):
                newest.get()
        else:
            assert newest.get() == expected


class Prompt(Mouth):
    """Can say things in the call that asks for it."""

    def begin(self, out: Outbound, told: Told) -> Leave | None:
        self.asked.append(("begin", out.key))
        return lambda: None


class Framed(Wordless):
    """Puts something around everything that its sessions say."""

    async def send(self, link: Link, out: Outbound) -> Sent:
        return await link.speaker.send(evolve(out, body=(*out.body, Text("--"))))


@pytest.mark.parametrize("kind", [Wordless, Framed])
async def test_nothing_is_said_past_a_send_of_ones_own(kind: type[Wordless]) -> None:
    """Who adds to a platform of ours writes `send`, and has not heard of `begin`."""
    host, link = linked(kind(NoConfig()))
    prompt = Prompt()
    with link.speaks_through(prompt):
        link.up()
        begun = line_of(host).begin(saying("x"), lambda _: None) is not None
    assert begun == (kind is Wordless)
    assert prompt.asked == ([("begin", "k1")] if begun else [])
