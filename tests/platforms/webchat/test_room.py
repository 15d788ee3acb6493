"""What people say is remembered in memory, and there is an end to it."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from platforms.webchat import ring, rings
from platforms.webchat.desk import NO_ROOM_SECONDS
from platforms.webchat.doorkeeper import person_of
from platforms.webchat.keeping import MAX_WAITING
from platforms.webchat.wire import Part, Say, later
from tests.platforms.webchat.pages import ANN, BOB, World


async def test_a_person_can_say_no_more_than_is_remembered(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or whoever says 64 KiB a second would have the host remember 230 MB of it."""
    monkeypatch.setattr(ring, "MAX_SAID_BYTES", 10_000)
    page, other = world.page(), world.page(BOB)
    await page.opens()
    await other.opens()
    for number in range(2):
        await page.writes(f"message-{number}", "x" * 5_000)
        assert (await page.hears_answer())["op"] == "kept"
    await page.writes("message-2", "x" * 5_000)
    answer = await page.hears_answer()
    assert (answer["op"], answer["seconds"]) == ("later", NO_ROOM_SECONDS)
    await page.writes("message-1", "x" * 5_000)
    assert (await page.hears_answer())["op"] == "kept", "it was said before"
    await world.bot_says("k1", "y" * 20_000)
    await other.writes("message-1", "hello")
    assert (await other.hears_answer())["op"] == "kept"

    world.clock.now += 3601
    await page.writes("message-2", "x" * 5_000)
    assert (await page.hears_answer())["op"] == "kept"


async def test_all_together_can_say_no_more_than_that_either(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rings, "MAX_BYTES", 10_000)
    page, other = world.page(), world.page(BOB)
    await page.opens()
    await other.opens()
    await page.writes("message-1", "x")
    await page.hears_answer()
    await other.writes("message-1", "x" * 7_999)
    await other.hears_answer()
    await other.writes("message-2", "x" * 7_999)
    await other.hears_answer()

    await page.writes("message-2", "hello")
    assert (await page.hears_answer())["op"] == "later"

    world.clock.now += 3601  # the other one is away for long enough to be forgotten
    await page.writes("message-2", "hello")
    assert (await page.hears_answer())["op"] == "kept"


async def test_what_a_disk_that_hangs_holds_up_has_an_end(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    autojump_clock: MockClock,
    nursery: trio.Nursery,
) -> None:
    """Whoever asks is given up after a while, and says it again; what was begun stays."""

    async def hangs(name: str, body: bytes) -> None:
        await trio.sleep_forever()

    desk = world.desk
    monkeypatch.setattr(desk.keeper._shelf, "put", hangs)
    for number in range(MAX_WAITING + 1):
        deed = Say(f"message-{number}", (Part("x"),))
        nursery.start_soon(desk.take, person_of(ANN), deed)
        await trio.sleep(1)

    with trio.fail_after(1000):
        answer = await desk.take(person_of(ANN), Say("one-too-many", (Part("x"),)))

    assert answer == later("one-too-many", NO_ROOM_SECONDS)
    nursery.cancel_scope.cancel()
