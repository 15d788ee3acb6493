"""Two rows of the table of platforms, shown true: inbound and outbound, across every drop."""

from __future__ import annotations

import json

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.messages import Image, Reply, Role
from platforms.base import Rejected
from platforms.webchat import WebChatConfig
from platforms.webchat.desk import DEEDS_AT_ONCE
from platforms.webchat.doorkeeper import person_of
from platforms.webchat.ring import RING
from platforms.webchat.tabs import SILENT_SECONDS, TABS, WINDOW
from tests.platforms.webchat.pages import ANN, BOB, World, saying

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


async def test_a_person_is_heard_and_answered(world: World) -> None:
    page = world.page()
    welcome = await page.opens()
    assert (welcome["me"], welcome["first"], welcome["last"]) == (person_of(ANN), 1, 0)

    await page.writes("message-1", "hello")

    said = await page.hears_event()
    assert said == {
        "by": "me",
        "id": "message-1",
        "kind": "message",
        "body": [{"text": "hello"}],
    }
    assert await page.hears_answer() == {"op": "kept", "id": "message-1", "seq": 1}
    [event] = world.host.journal.accepted
    assert (event.id, event.text) == ("message-1", "hello")
    assert event.sender is not None
    assert (event.sender.id, event.sender.role) == (person_of(ANN), Role.MEMBER)
    assert str(event.chat) == f"private:{person_of(ANN)}"

    sent = await world.bot_says("k1", "hello yourself")
    assert sent.id == "k1"
    assert (await page.hears_event())["body"] == [{"text": "hello yourself"}]


async def test_a_deed_is_confirmed_once_it_is_journalled(world: World) -> None:
    page = world.page()
    await page.opens()
    world.host.journal.held = trio.Event()
    await page.writes("message-1", "hello")
    await page.hears_event()
    await wait_all_tasks_blocked()
    assert world.host.journal.accepted == []

    world.host.journal.held.set()

    assert (await page.hears_answer())["op"] == "kept"
    assert world.host.journal.texts() == ["hello"]


async def test_the_same_deed_again_is_the_same(world: World) -> None:
    """The page did not hear that it was kept: it says it again, on another connection."""
    page = world.page()
    await page.opens()
    await page.writes("message-1", "hello")
    await world.host.accepts(1)
    await page.cut()

    await page.opens()
    await page.writes("message-1", "hello")

    assert await page.hears_answer() == {"op": "kept", "id": "message-1", "seq": 1}
    assert page.seen == 1
    assert world.host.journal.texts() == ["hello"]


async def test_what_was_said_meanwhile_is_told_once_and_in_order(world: World) -> None:
    page = world.page()
    await page.opens()
    await page.writes("message-1", "hello")
    await page.hears_answer()
    await page.cut()
    for number in range(200):
        await world.bot_says(f"k{number}", str(number))

    await page.opens()

    told = [(await page.hears_event())["body"] for _ in range(201 - page.seen)]
    assert told[-200:] == [[{"text": str(number)}] for number in range(200)]
    assert page.seen == 201


async def test_a_reply_under_a_known_key_is_not_said_again(world: World) -> None:
    """Idempotent: what was unknown is repeated, and stands once."""
    page = world.page()
    await page.opens()
    await page.writes("message-1", "hello")
    await page.hears_answer()

    assert await world.bot_says("k1", "once") == await world.bot_says("k1", "once")
    await world.bot_says("k2", "then this")

    assert (await page.hears_event())["body"] == [{"text": "once"}]
    assert (await page.hears_event())["body"] == [{"text": "then this"}]


async def test_everything_survives_the_host(nursery: trio.Nursery) -> None:
    world = World(WebChatConfig(), nursery)
    page = world.page()
    async with world.runs():
        await page.opens()
        await page.writes("message-1", "hello")
        await page.hears_answer()
        await world.bot_says("k1", "one")
        await page.cut()
        epoch = page.epoch
        await world.bot_says("k2", "two")
    async with world.runs():
        await world.bot_says("k2", "two")  # of which nobody knew what became of it
        await world.bot_says("k3", "three")
        welcome = await page.opens()

        assert welcome["epoch"] == epoch
        told = [await page.hears_event() for _ in range(4 - page.seen)]
        assert [each["id"] for each in told][-2:] == ["k2", "k3"]


async def test_a_host_that_has_forgotten_says_so(world: World) -> None:
    page = world.page()
    page.epoch, page.seen = "another", 7

    welcome = await page.opens()

    assert (welcome["last"], welcome["epoch"] == "another") == (0, False)
    page.seen = 0  # as the page does
    await page.writes("message-1", "hello")
    assert (await page.hears_event())["id"] == "message-1"


async def test_all_pages_of_a_person_show_the_same(world: World) -> None:
    one, other, stranger = world.page(), world.page(), world.page(BOB)
    for page in (one, other, stranger):
        await page.opens()

    await one.writes("message-1", "hello")

    assert await one.hears_event() == await other.hears_event()
    await stranger.writes("message-2", "who is there?")
    assert (await stranger.hears_event())["id"] == "message-2"


async def test_the_oldest_of_too_many_pages_makes_room(world: World) -> None:
    pages = [world.page() for _ in range(TABS + 1)]
    for page in pages:
        await page.opens()

    assert await pages[0].hears() == {"op": "closed", "code": 4408}
    await pages[-1].writes("message-1", "hello")
    assert (await pages[1].hears_event())["id"] == "message-1"


async def test_a_page_that_does_not_confirm_is_told_a_windowful(
    world: World, autojump_clock: MockClock
) -> None:
    page = world.page()
    page.acks = False
    await page.opens()
    await page.writes("message-1", "hello")
    await page.hears_answer()
    for number in range(WINDOW + 10):
        await world.bot_says(f"k{number}", str(number))
    while page.seen < WINDOW:
        await page.hears()
    with trio.move_on_after(5) as quiet:
        await page.hears()
    assert quiet.cancelled_caught

    await page.says({"op": "ack", "seq": WINDOW})

    while page.seen < WINDOW + 11:
        await page.hears()


async def test_who_is_silent_for_long_is_gone(
    world: World, autojump_clock: MockClock
) -> None:
    page = world.page()
    await page.opens()
    ticks = 0
    while (frame := await page.hears())["op"] == "tick":
        ticks += 1

    assert frame["op"] == "closed"
    assert ticks >= 2
    assert trio.current_time() == SILENT_SECONDS


async def test_who_does_too_much_is_told_when_to_go_on(
    world: World, autojump_clock: MockClock
) -> None:
    page = world.page()
    await page.opens()
    for number in range(int(DEEDS_AT_ONCE)):
        await page.writes(f"message-{number:02}", "hello")
        assert (await page.hears_answer())["op"] == "kept"

    await page.writes("message-99", "too much")
    answer = await page.hears_answer()
    assert answer["op"] == "later"
    await page.writes("message-00", "hello")  # what is known costs nothing
    assert (await page.hears_answer())["op"] == "kept"
    assert isinstance(answer["seconds"], float)
    await trio.sleep(answer["seconds"])

    await page.writes("message-99", "too much")
    assert (await page.hears_answer())["op"] == "kept"


async def test_people_edit_delete_and_react(world: World) -> None:
    page = world.page()
    await page.opens()
    await page.writes("message-1", "hallo")
    deeds: list[dict[str, object]] = [
        {"op": "edit", "id": "edit-0001", "message": "message-1", "text": "hello"},
        {"op": "edit", "id": "edit-0002", "message": "message-1", "text": "hello!"},
        {"op": "react", "id": "react-001", "message": "message-1", "emoji": "👍"},
        {"op": "delete", "id": "delete-01", "message": "message-1"},
    ]
    await page.hears_answer()
    for deed in deeds:
        await page.says(deed)
        assert (await page.hears_answer())["op"] == "kept"
        await page.says(deed)  # it did not hear, and says it again
        assert (await page.hears_answer())["op"] == "kept"

    _, first, second, react, delete = world.host.journal.accepted
    assert (first.event, first.id, first.text) == (
        "message.edited",
        "message-1",
        "hello",
    )
    assert (second.id, second.text) == ("message-1", "hello!")
    assert 0 < first.edit < second.edit
    assert react.event == "message.reacted"
    assert react.facts == {"message": "message-1", "emojis": ["👍"], "added": True}
    assert (delete.event, delete.facts["message"]) == ("message.deleted", "message-1")


async def test_nobody_touches_what_is_not_theirs(world: World) -> None:
    ann, bob = world.page(), world.page(BOB)
    await ann.opens()
    await bob.opens()
    await ann.writes("message-1", "mine")
    await ann.hears_answer()

    for deed in ("edit", "delete"):
        rest = {"text": "ha"} if deed == "edit" else {}
        await bob.says(
            {"op": deed, "id": f"{deed}-0001", "message": "message-1", **rest}
        )
        assert (await bob.hears_answer())["op"] == "refused"

    assert len(world.host.journal.accepted) == 1


async def test_bots_edit_delete_and_react(world: World) -> None:
    page = world.page()
    await page.opens()
    await page.writes("message-1", "hello")
    await page.hears_answer()
    await world.bot_says("k1", "hi", Reply("message-1"))

    await world.desk.edit(saying("k2", "hi there"), "k1")
    await world.desk.react(saying("k3"), "message-1", "🎉", remove=False)
    await world.desk.delete(saying("k4"), "k1")

    while page.seen < 2:
        await page.hears()
    told = [await page.hears_event() for _ in range(3)]
    assert [(each["kind"], each["message"]) for each in told] == [
        ("edit", "k1"),
        ("react", "message-1"),
        ("delete", "k1"),
    ]
    with pytest.raises(Rejected):
        await world.desk.delete(saying("k5"), "nothing")


async def test_a_picture_goes_both_ways(world: World) -> None:
    page = world.page()
    await page.opens()
    client = world.client()
    headers = {"Authorization": f"Bearer {ANN}"}
    answer = await client.asks("/web/upload?name=a.png", PNG, headers=headers)
    file = json.loads(answer.body)["file"]
    body = [{"file": file, "alt": "a.png"}]
    await page.says({"op": "say", "id": "message-1", "body": body})
    assert (await page.hears_answer())["op"] == "kept"
    [event] = world.host.journal.accepted
    assert event.body == (Image(PNG, "a.png"),)

    await world.bot_says("k1", Image(PNG, "the same"))
    await world.bot_says("k1", Image(PNG, "the same"))
    told = await page.hears_event()
    assert isinstance(told["body"], list)
    part = told["body"][0]
    assert part["type"] == "image/png"
    shown = await client.asks(f"/web/files/{part['image']}")
    assert (shown.status, shown.body) == (200, PNG)
    assert shown.headers["content-security-policy"].endswith("sandbox")


async def test_what_is_said_to_nobody_is_rejected(world: World) -> None:
    with pytest.raises(Rejected):
        await world.bot_says("k1", "hello?")
    with pytest.raises(Rejected):
        await world.bot_says("k2", Image(PNG, "a picture"))
    assert await world.desk.link.shelf("files").sizes() == {}, (
        "it would push others' files out"
    )


async def test_a_ring_forgets_what_is_old_and_only_that(world: World) -> None:
    page = world.page()
    await page.opens()
    await page.writes("message-1", "hello")
    await page.hears_answer()
    await page.cut()
    for number in range(RING + 20):
        await world.bot_says(f"a{number}", "young")  # within the hour: all are kept
    ring = world.desk.keeper.rings.of(person_of(ANN))
    assert ring is not None
    assert len(ring) == RING + 21

    world.clock.now += 3601
    for number in range(20):
        await world.bot_says(f"b{number}", "old ones go")

    await wait_all_tasks_blocked()  # what is confirmed is tidied up behind
    assert len(ring) == RING
    again = world.page()
    welcome = await again.opens()
    assert welcome["first"] == ring.first
    assert ring.first > 1
