"""Exceptions that cannot be shown: they are somebody else's code, and harm nobody."""

from __future__ import annotations

import pytest
import trio
import trio.testing

from actors.kernel import NeedsOperator
from supervision import (
    FOREVER,
    Backoff,
    ChildSpec,
    StartRefused,
    Supervisor,
    start_child,
    which_child,
)
from tests.supervision.actors import Diary, Fail, Worker, living

UNSEEN = "<Mute, whose repr raised ValueError>"


class Mute(Exception):
    def __repr__(self) -> str:
        msg = "no text"
        raise ValueError(msg)

    __str__ = __repr__


def raise_mute() -> Worker:
    raise Mute


@pytest.mark.parametrize("backoff", [None, Backoff(give_up=FOREVER)])
async def test_a_child_that_ends_so_is_restarted(
    backoff: Backoff | None, diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    children = [diary.spec("a", backoff=backoff), diary.spec("b")]
    async with living(Supervisor(children=children), diary) as house:
        house.tell("a", Fail(Mute()))
        await trio.sleep(1)

        assert diary.take() == ["+a", "+b", "xa", "+a"]
        assert await house.alive("b")


@pytest.mark.parametrize("backoff", [None, Backoff(give_up=FOREVER)])
async def test_a_start_that_fails_so_is_tried_again(
    backoff: Backoff | None, diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    starts = [diary.worker("a"), raise_mute, diary.worker("a")]

    def start() -> Worker:
        return starts.pop(0)()

    children = [ChildSpec("a", start, backoff=backoff)]
    async with living(Supervisor(children=children), diary) as house:
        house.tell("a", Fail())
        await trio.sleep(5)

        assert diary.take() == ["+a", "xa", "+a"]


async def test_a_call_hands_it_on(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    async with living(Supervisor(), diary) as house:
        refused = await start_child(house.root, ChildSpec("a", raise_mute))

        assert isinstance(refused, StartRefused)
        assert isinstance(refused.exception, Mute)


async def test_who_waits_is_shown_without_a_text(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    lasting = Backoff(first=10.0, give_up=FOREVER)
    children = [diary.spec("a", backoff=lasting)]
    async with living(Supervisor(children=children), diary) as house:
        await house.settled()
        house.tell("a", Fail(Mute()))
        await house.settled()

        row = await which_child(house.root, "a")
        assert getattr(row, "why", "") == f"crash: {UNSEEN}"


async def test_what_an_operator_reads_is_a_text(
    diary: Diary, autojump_clock: trio.testing.MockClock
) -> None:
    """Whoever hands on the error that made him give up means what it says."""
    refused = NeedsOperator(ConnectionError("401"))
    async with living(Supervisor(children=[diary.spec("a")]), diary) as house:
        house.tell("a", Fail(refused))
        await house.settled()

        assert house.system.snapshot("/a").note == "401"
