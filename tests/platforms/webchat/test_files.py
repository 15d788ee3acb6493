"""Files of strangers: everybody has room of his own, and nobody takes another's."""

from __future__ import annotations

import json
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.journal import MemoryShelf
from actors.messages import File
from actors.sender import Sent
from platforms.webchat import desk, quota
from platforms.webchat.files import Files
from platforms.webchat.quota import (
    AWAY_SECONDS,
    FILE_BYTES,
    UNNAMED_SECONDS,
    Holding,
    Holdings,
)
from tests.platforms.webchat.pages import ANN, BOB, Clock, World

_NUMBERS = count()
PIECE = 10_000
ROOM_OF_ONE = 3 * (PIECE + FILE_BYTES)
ROOM_OF_ALL = 6 * (PIECE + FILE_BYTES)


@pytest.fixture(autouse=True)
def little_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "MAX_PERSON_BYTES", ROOM_OF_ONE)
    monkeypatch.setattr(quota, "MAX_ALL_BYTES", ROOM_OF_ALL)


async def uploads(world: World, token: str, data: bytes) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {token}"}
    answer = await world.client().asks("/web/upload", data, headers=headers)
    return answer.status, json.loads(answer.body)[
        "file"
    ] if answer.status == 200 else ""


async def says_file(world: World, token: str, file: str) -> dict[str, object]:
    page = world.page(token)
    await page.opens()
    body = [{"file": file}]
    await page.says({"op": "say", "id": f"m-{file[:20]}", "body": body})
    answer = await page.hears_answer()
    await page.cut()
    return answer


async def says_files(world: World, token: str, *files: str) -> str:
    """Name *files* in one message; return what is answered."""
    page = world.page(token)
    await page.opens()
    body = [{"file": file} for file in files]
    await page.says({"op": "say", "id": f"m-{next(_NUMBERS):08}", "body": body})
    answer = await page.hears_answer()
    await page.cut()
    return str(answer["op"])


async def kept(world: World, file: str) -> bool:
    return (await world.client().asks(f"/web/files/{file}")).status == 200


def piece(number: int) -> bytes:
    return bytes([number]) * PIECE


async def test_a_stranger_pushes_out_nothing_but_his_own(world: World) -> None:
    """One who is let in by nobody but `open = true` uploaded until all else was gone."""
    _, mine = await uploads(world, ANN, piece(0))
    assert (await says_file(world, ANN, mine))["op"] == "kept"

    theirs = []
    for number in range(1, 11):
        status, file = await uploads(world, BOB, piece(number))
        assert status == 200
        theirs.append(file)
        assert (await says_file(world, BOB, file))["op"] == "kept"

    assert await kept(world, mine)
    assert [await kept(world, file) for file in theirs] == [False] * 7 + [True] * 3


async def test_many_strangers_fill_what_there_is_and_no_more(world: World) -> None:
    mine = [(await uploads(world, ANN, piece(number)))[1] for number in (0, 98)]
    for file in mine:
        await says_file(world, ANN, file)
    answers = []
    for number in range(1, 11):
        token = f"{number}".rjust(43, "s")
        status, file = await uploads(world, token, piece(number))
        answers.append(status)
        if status == 200:
            await says_file(world, token, file)
    assert answers == [200] * 4 + [507] * 6
    assert all([await kept(world, file) for file in mine])
    # Whoever has something there gives it for something new, and bots say it in words.
    status, newer = await uploads(world, ANN, piece(99))
    assert status == 200
    await says_file(world, ANN, newer)
    mine.append(newer)
    assert [await kept(world, file) for file in mine] == [False, True, True]
    bob = world.page(BOB)
    await bob.opens()
    await bob.writes("message-1", "hello")
    await bob.hears_answer()
    sent = await world.bot_says("k1", File(piece(7), "seven.txt"), token=BOB)
    assert isinstance(sent, Sent)
    assert "there is no room for files now" in sent.degraded

    world.clock.now += AWAY_SECONDS + 1  # all have been away, but ann is back
    ann = world.page()
    await ann.opens()
    await ann.writes("message-9", "here I am")
    await ann.hears_answer()
    assert (await uploads(world, BOB, piece(50)))[0] == 200
    assert [await kept(world, file) for file in mine] == [False, True, True]


async def test_a_few_bytes_that_name_a_file_cost_as_much_as_the_file(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each row holds what it names: a stranger had one upload written down for ever."""
    monkeypatch.setattr(desk, "BYTES_PER_DEED", PIECE)
    _, file = await uploads(world, ANN, piece(1))
    # Of 20 deeds one was the upload; a message with this file is two.
    told = [await says_files(world, ANN, file) for _ in range(10)]
    assert told == ["kept"] * 9 + ["later"]
    _, others = await uploads(world, BOB, piece(1))
    assert await says_files(world, BOB, *[others] * 9) == "kept"
    assert len(world.host.journal.accepted) == 10


async def test_more_than_anybody_can_name_at_once_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "BYTES_PER_DEED", PIECE / 2)
    _, file = await uploads(world, ANN, piece(1))
    assert await says_files(world, ANN, *[file] * 10) == "refused"
    assert await says_files(world, ANN, file) == "kept"


async def test_nobody_names_what_another_has_brought(world: World) -> None:
    """It would be written down for everybody whom the one tells its id."""
    _, file = await uploads(world, ANN, piece(1))
    assert await says_files(world, BOB, file) == "refused"
    assert await says_files(world, ANN, file) == "kept"


async def test_what_a_row_holds_is_there_when_its_file_is_not(world: World) -> None:
    """The file may be gone first: it is another's turn, or what named it is forgotten."""
    _, first = await uploads(world, ANN, piece(0))
    assert await says_files(world, ANN, first) == "kept"
    for number in range(1, 4):
        await uploads(world, ANN, piece(number))
    assert not await kept(world, first)
    [event] = world.host.journal.accepted
    assert event.body == (File(piece(0), ""),)


async def test_the_same_file_again_is_the_same(world: World) -> None:
    """A page that did not hear the answer uploads it again; once is enough."""
    _, one = await uploads(world, ANN, piece(1))
    _, again = await uploads(world, ANN, piece(1))
    _, of_another = await uploads(world, BOB, piece(1))
    assert one == again != of_another
    shelf = world.desk.link.shelf("files")
    assert len(await shelf.sizes()) == 2


async def test_an_upload_survives_the_host_for_as_long_as_a_page_waits(
    world: World,
) -> None:
    """It was dropped at the start where no message named it yet; the message came later."""
    _, file = await uploads(world, ANN, piece(1))
    _, said = await uploads(world, BOB, piece(2))
    await says_file(world, BOB, said)
    shelf = world.desk.link.shelf("files")
    again = Files(shelf, b"", world.clock, lambda _: False)

    await again.load({said: 1})
    assert await again.get(file)
    assert await again.get(said)

    world.clock.now += UNNAMED_SECONDS + 1
    await again.load({said: 1})
    assert await again.get(file) is None
    assert await again.get(said)


async def test_a_file_is_there_as_long_as_something_names_it() -> None:
    clock = Clock()
    files = Files(MemoryShelf(), b"s", clock, lambda _: False)
    await files.keep("ann", "one", b"data")
    files.name(["one", "one"])
    await files.release("one")
    assert await files.get("one")
    await files.release("one")
    assert await files.get("one") is None


async def test_what_came_again_stays_as_long_as_something_names_it() -> None:
    """It had made room once; the old message that named it then took the new one along."""
    files = Files(MemoryShelf(), b"s", Clock(), lambda _: False)
    data = bytes(ROOM_OF_ONE - FILE_BYTES)
    await files.keep("ann", "one", data)
    files.name(["one"])
    await files.keep("ann", "two", data)
    assert await files.get("one") is None
    await files.keep("ann", "one", data)
    files.name(["one"])

    await files.release("one")  # of the first message
    assert await files.get("one")
    await files.release("one")
    assert await files.get("one") is None


async def test_what_is_no_file_of_ours_costs_no_other() -> None:
    clock = Clock()
    shelf = MemoryShelf()
    files = Files(shelf, b"s", clock, lambda _: False)
    await files.keep("ann", "one", b"data")
    await shelf.put("rubbish", b"x")
    await shelf.put("1 2 3 4", b"x")
    await shelf.put(f"{clock.now:017.3f} ann broken", b"no head")
    again = Files(shelf, b"s", clock, lambda _: False)
    await again.load({"one": 1, "broken": 1})
    assert await again.get("one")
    assert await again.get("broken") is None
    assert len(await shelf.sizes()) == 2


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abcd"),
            st.sampled_from([1, PIECE, ROOM_OF_ONE // 2, ROOM_OF_ONE, ROOM_OF_ONE + 1]),
            st.sampled_from([0.0, 10.0, UNNAMED_SECONDS + 1, AWAY_SECONDS + 1]),
            st.booleans(),
            st.booleans(),
        ),
        min_size=5,
        max_size=30,
    )
)
def test_nobody_who_is_here_loses_what_a_message_names(
    brought: list[tuple[str, int, float, bool, bool]],
) -> None:
    holdings, now, away = Holdings(), 0.0, set[str]()
    for number, (who, cost, pause, named, leaves) in enumerate(brought):
        now += pause
        away.discard(who)
        going = holdings.room_for(who, cost, now, away.__contains__)
        if going is None:
            assert cost > 0
            mine = holdings.held_by(who)
            assert cost > ROOM_OF_ONE or holdings.total - mine + cost > ROOM_OF_ALL, (
                "there would be room"
            )
            continue
        for each in going:  # judged before any of them is gone
            if each.person != who:
                unnamed = not each.names and each.at < now - UNNAMED_SECONDS
                newest = max(
                    other.at
                    for other in holdings.by_id.values()
                    if other.person == each.person
                )
                gone = each.person in away and newest < now - AWAY_SECONDS
                assert unnamed or gone
        for each in going:
            holdings.remove(each.id)
        one = Holding(str(number), who, now, cost, names=int(named))
        holdings.add(one)
        assert holdings.held_by(who) <= ROOM_OF_ONE
        assert holdings.total <= ROOM_OF_ALL
        assert holdings.total == sum(each.cost for each in holdings.by_id.values())
        if leaves:
            away.add(who)
