"""What the witnesses of a world write down, where no world of a test comes to it."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any, cast

import pytest
import trio
from trio.testing import MockClock

from actors.journal import Claim, OutgoingLimits
from actors.journal.outgoing import Outgoing
from actors.sender import OutcomeUnknown, Retry
from actors.sender.pump import SIDE_BY_SIDE
from rookery.testing.hostsim.bots import Stage, make
from rookery.testing.hostsim.chronicle import Chronicle
from rookery.testing.hostsim.climate import climate_of
from rookery.testing.hostsim.diary import Diary
from rookery.testing.hostsim.laws import Books, Came, laters_come
from rookery.testing.hostsim.overseer import most_queued
from rookery.testing.hostsim.platform import _Wired
from rookery.testing.hostsim.servers import Books as ServerBooks
from rookery.testing.hostsim.wires import Wire
from rookery.testing.hostsim.words import WALL_ZERO
from tests.actors.journal.builders import saying


async def test_a_later_has_come_once_it_is_run_whatever_keeps_its_reply(
    autojump_clock: MockClock,
) -> None:
    """A disk that is full for ten minutes has it fail at its deadline, as it should."""
    diary = Diary(Chronicle(trio.current_time, keep=False))
    life = SimpleNamespace(number=1, dead=False)
    bot = make(
        "alpha",
        Stage(
            diary,
            random.Random(0),
            life,
            (),
            lambda *_: False,
            lambda *_: 0.0,
            0.0,
            lambda *_: None,
        ),
    )
    (ring,) = [one for one in bot.handlers if one.name == "later:ring"]

    async def reply(_: str) -> None:
        await trio.sleep_forever()

    with trio.move_on_after(60):
        await cast(Any, ring.function)(SimpleNamespace(reply=reply), n=7)
    assert set(diary.rung) == {7}
    assert not diary.promised


def test_what_comes_back_from_the_wire_has_its_place_beyond_the_bound() -> None:
    """It was refused for now; meanwhile others may have filled the outbox again."""
    climate = climate_of(random.Random(0))
    rows, accounts = climate.outbox_rows, len(climate.platforms)
    outgoing, claim = Outgoing(OutgoingLimits(queued=rows)), Claim("sender", 1)
    for account in map(str, range(accounts)):
        taken = []
        for n in range(rows + SIDE_BY_SIDE):
            if n == SIDE_BY_SIDE:
                taken = outgoing.claim(claim, ("qq", account), SIDE_BY_SIDE, 0.0)
            key = f"{account}-{n}"
            outgoing.enqueue(saying(key, key, account=account), 0.0, 600.0)
        assert len(taken) == SIDE_BY_SIDE
        for row in taken:
            assert outgoing.requeue(claim, row.seq, 1.0)
    assert outgoing.dropped == 0
    assert outgoing.depths()[0] == most_queued(climate)


async def test_what_is_not_answered_in_time_is_in_doubt_from_then_on(
    autojump_clock: MockClock,
) -> None:
    """Its chat goes on; a refusal that comes later does not make that a wrong order."""
    wire, books = Wire(), ServerBooks()
    server = SimpleNamespace(books=books, take=lambda *_: None)
    speaker = _Wired(cast(Any, None), cast(Any, server), wire)
    with pytest.raises(OutcomeUnknown):
        await speaker.send(saying("key", "late"))
    assert books.doubtful == {"key"}
    assert not wire.answer("key", Retry(60.0))


@pytest.mark.parametrize(
    ("state", "broken"), [("quarantined", 0), ("failed", 0), ("done", 1), ("new", 1)]
)
def test_a_later_that_never_began_is_missed_unless_its_row_says_why(
    state: str, broken: int
) -> None:
    """Three processes may end with it in hand before it is begun."""
    diary = Diary(Chronicle(lambda: 0.0, keep=False))
    diary.promise(7, 100.0)
    came = Came(
        seq=1,
        state=state,
        why="",
        received_at=WALL_ZERO,
        settled_at=WALL_ZERO,
        said=None,
        later=7,
    )
    books = Books(diary, {}, [came], [], WALL_ZERO + 1_000)
    assert len(list(laters_come(books))) == broken
