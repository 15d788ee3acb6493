"""One address cannot have all places, and turning it away is cheap and told once."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from structlog.typing import EventDict
from trio.testing import MockClock, wait_all_tasks_blocked

from platforms.ingress import Request, anybody
from platforms.ingress.crowd import (
    CONNECTIONS,
    LAST_WORDS,
    PER_ADDRESS,
    WINDOW_SECONDS,
    Crowd,
    address_of,
)
from tests.platforms.ingress.conftest import World


async def ok(_: Request) -> None:
    pass


async def test_one_address_has_so_many_places_and_others_have_theirs(
    world: World, logs: list[EventDict], autojump_clock: MockClock
) -> None:
    world.entrance.hook("", ok, admit=anybody)
    for number in range(PER_ADDRESS):
        world.client(f"192.0.2.1:{number + 1000}")
    await wait_all_tasks_blocked()

    for number in range(3):
        too_many = world.client(f"192.0.2.1:{number}")
        answer = await too_many.hears()
        assert (answer.status, answer.headers["retry-after"]) == (429, "2")
        assert await too_many.ended()
    assert (await world.client("192.0.2.2:1").asks("/web/", b"")).status == 200
    assert (await world.client("127.0.0.1:1").asks("/web/", b"")).status == 200

    full = [each for each in logs if each["event"] == "ingress.full"]
    assert [(each["remote"], each["turned_away"]) for each in full] == [
        ("192.0.2.1:0", 1)
    ]
    await world.all_hang_up()
    await trio.sleep(WINDOW_SECONDS)
    for number in range(PER_ADDRESS + 1):
        world.client(f"192.0.2.1:{number}")
    await wait_all_tasks_blocked()
    full = [each for each in logs if each["event"] == "ingress.full"]
    assert [each["turned_away"] for each in full] == [1, 3]


async def test_one_address_that_floods_does_not_hide_that_all_places_are_taken(
    world: World, logs: list[EventDict], autojump_clock: MockClock
) -> None:
    world.ingress.bind("127.0.0.1", 8643, 2)
    for number in range(5):
        world.client(f"192.0.2.1:{number}")
    for number in range(CONNECTIONS):
        world.client(f"198.51.{number}.1:1")
    await wait_all_tasks_blocked()

    full = [each for each in logs if each["event"] == "ingress.full"]
    assert [each["status"] for each in full] == [429, 503]
    await world.all_hang_up()


def test_of_each_reason_there_is_one_line_a_minute_with_its_own_number() -> None:
    crowd = Crowd(PER_ADDRESS)
    told = [crowd.turn_away(429, 0.0) for _ in range(5)]
    told += [crowd.turn_away(503, 1.0) for _ in range(3)]
    assert told == [1, 0, 0, 0, 0, 1, 0, 0]
    assert crowd.turn_away(503, WINDOW_SECONDS) == 0
    assert crowd.turn_away(429, WINDOW_SECONDS) == 5
    assert crowd.turn_away(503, WINDOW_SECONDS + 1.0) == 4
    assert crowd.turned_away == {429: 6, 503: 5}


async def test_as_many_as_the_configuration_says(world: World) -> None:
    world.ingress.bind("127.0.0.1", 8643, 2)
    world.entrance.hook("", ok, admit=anybody)
    clients = [world.client(f"192.0.2.1:{number}") for number in range(2)]
    await wait_all_tasks_blocked()

    assert (await world.client("192.0.2.1:9").hears()).status == 429
    for client in clients:
        assert (await client.asks("/web/", b"")).status == 200


async def test_a_flood_is_hung_up_on_without_a_word(
    world: World, autojump_clock: MockClock
) -> None:
    """Each that is told why stays for a moment, and takes a file descriptor meanwhile."""
    for number in range(CONNECTIONS + LAST_WORDS):
        world.client(f"192.0.2.{number // PER_ADDRESS}:{number}")
    await wait_all_tasks_blocked()

    one_more = world.client("198.51.100.1:1")

    assert await one_more.ended()
    assert trio.current_time() == 0
    crowd = world.ingress.crowd
    assert (crowd.size, crowd.at_the_door) == (CONNECTIONS, LAST_WORDS)
    await world.all_hang_up()


async def test_whoever_is_turned_away_takes_no_place_of_others(
    world: World, autojump_clock: MockClock
) -> None:
    """Each lingers for two seconds: dialling on and on, one address had all 400 places."""
    world.entrance.hook("", ok, admit=anybody)
    for number in range(CONNECTIONS + LAST_WORDS):
        world.client(f"192.0.2.1:{number}")
    await wait_all_tasks_blocked()

    assert (await world.client("192.0.2.2:1").asks("/web/", b"")).status == 200
    assert world.ingress.crowd.at_the_door == LAST_WORDS
    await world.all_hang_up()


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("192.0.2.1:80", "192.0.2.1"),
        ("::ffff:192.0.2.1:80", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6:80", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9:80", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::9]:80", "2001:db8:1:2::/64"),
        ("127.0.0.1:80", ""),
        ("::1:80", ""),
        ("::ffff:127.0.0.1:80", ""),
        ("unknown", ""),
        ("sim:1", ""),
    ],
)
def test_whose_a_connection_is(remote: str, address: str) -> None:
    assert address_of(remote) == address


@given(st.lists(st.tuples(st.sampled_from(["a", "b", ""]), st.booleans())))
def test_everybody_who_came_and_left_is_forgotten(
    moves: list[tuple[str, bool]],
) -> None:
    remotes = {"a": "192.0.2.1:1", "b": "2001:db8::1:1", "": "127.0.0.1:1"}
    crowd = Crowd(2)
    here: list[tuple[str, ExitStack]] = []
    for who, comes in moves:
        if comes:
            address = address_of(remotes[who])
            mine = [each for each, _ in here].count(address)
            assert crowd.why_not(address) == (429 if address and mine >= 2 else 0)
            here.append((address, ExitStack()))
            here[-1][1].enter_context(crowd.inside(address))
        elif here:
            here.pop()[1].close()
        assert crowd.size == len(here)
    for _, one in here:
        one.close()
    assert (crowd.size, crowd._of) == (0, {})
