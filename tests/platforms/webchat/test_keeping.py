"""What is remembered stays remembered, whoever is forgotten and whatever cannot be read."""

from __future__ import annotations

from contextlib import suppress

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.journal import MemoryShelf
from actors.sender import OutcomeUnknown, SendRefused
from platforms.webchat import WebChatConfig
from platforms.webchat.doorkeeper import person_of
from platforms.webchat.keeping import Keeper, NoRoom
from platforms.webchat.ring import KEYS_SECONDS, Item
from platforms.webchat.wire import GAP
from tests.platforms.webchat.pages import ANN, Clock, World, saying

HELLO = {"kind": "message", "by": "me", "body": [{"text": "hello"}]}


class SlowShelf(MemoryShelf):
    """A disk that takes its time to let go of something, when a test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.lets_go = trio.Event()
        self.lets_go.set()

    async def drop(self, name: str) -> None:
        await self.lets_go.wait()
        await super().drop(name)


def keeper_on(shelf: MemoryShelf, clock: Clock, nursery: trio.Nursery) -> Keeper:
    return Keeper(shelf, MemoryShelf(), clock, nursery)


async def test_who_comes_back_while_being_forgotten_loses_nothing(
    nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new ring began at 1 while the old 1 was being dropped from the disk."""
    monkeypatch.setattr("platforms.webchat.rings.MAX_PEOPLE", 1)
    shelf, clock = SlowShelf(), Clock()
    keeper = keeper_on(shelf, clock, nursery)
    await keeper.load()
    await keeper.append("ann", "me 1", HELLO)
    clock.now += 3601
    shelf.lets_go = trio.Event()

    async def stranger_comes() -> None:
        with suppress(NoRoom):  # ann may be back first
            await keeper.append("bob", "me 1", HELLO)

    nursery.start_soon(stranger_comes)
    await wait_all_tasks_blocked()  # ann has to make room, and the disk is slow

    nursery.start_soon(keeper.append, "ann", "me 2", HELLO)
    await wait_all_tasks_blocked()
    shelf.lets_go.set()
    await wait_all_tasks_blocked()

    again = keeper_on(shelf, clock, nursery)
    await again.load()
    assert again.rings.known("ann", "me 2") == 1


async def test_who_says_something_meanwhile_is_not_forgotten(
    nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platforms.webchat.rings.MAX_PEOPLE", 2)
    shelf, clock = SlowShelf(), Clock()
    keeper = keeper_on(shelf, clock, nursery)
    await keeper.load()
    await keeper.append("ann", "me 1", HELLO)
    clock.now += 1
    await keeper.append("bob", "me 1", HELLO)
    clock.now += 3601
    async with keeper.lock("ann"):
        nursery.start_soon(keeper.append, "cat", "me 1", HELLO)
        await wait_all_tasks_blocked()  # it is ann who would have to make room
        keeper.rings.add("ann", Item(2, "me 2", clock.now, GAP))
    await wait_all_tasks_blocked()

    assert keeper.rings.known("ann", "me 2") == 2
    assert keeper.rings.of("bob") is None
    assert keeper.rings.known("cat", "me 1") == 1


async def test_whoever_asked_for_room_may_leave(
    nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a person would be left on the disk, and be there again after a restart."""
    monkeypatch.setattr("platforms.webchat.rings.MAX_PEOPLE", 1)
    shelf, clock = SlowShelf(), Clock()
    keeper = keeper_on(shelf, clock, nursery)
    await keeper.load()
    for number in range(3):
        await keeper.append("ann", f"me {number}", HELLO)
    clock.now += 3601
    shelf.lets_go = trio.Event()
    with trio.CancelScope() as asking:
        nursery.start_soon(wait_all_tasks_blocked)
        async with trio.open_nursery() as leaving:
            leaving.start_soon(keeper.append, "bob", "me 1", HELLO)
            await wait_all_tasks_blocked()
            asking.cancel()
    shelf.lets_go.set()
    await wait_all_tasks_blocked()

    assert keeper.rings.of("ann") is None
    assert [name for name in await shelf.all() if name.startswith("ann")] == []


@pytest.mark.parametrize("body", [b"", b"\xff\xff", b'[2,"me 2",1.8e9', b'[2,"me 2"]'])
async def test_what_cannot_be_read_is_set_aside(body: bytes, world: World) -> None:
    """One such thing kept the whole chat from starting."""
    page = world.page()
    await page.opens()
    await page.writes("message-1", "hello")
    await page.hears_answer()
    await world.bot_says("k1", "one")
    await world.bot_says("k2", "two")
    rings = world.desk.link.shelf("rings")
    name = f"{person_of(ANN)} {2:016d}"
    await rings.drop(name)
    await rings.put(name, body)
    epoch = (await rings.all())["epoch"]

    again = Keeper(rings, MemoryShelf(), world.clock, world.nursery)
    with capture_logs() as logs:
        await again.load()

    ring = again.rings.of(person_of(ANN))
    assert ring is not None
    assert [item.key for item in ring.after(0, 10)] == [
        "me message-1",
        "gap 2",
        "bot k2",
    ]
    assert [each["event"] for each in logs] == ["webchat.unreadable"]
    assert (await rings.all())[f"aside {name}"] == body
    assert (await rings.all())["epoch"] == epoch

    third = Keeper(rings, MemoryShelf(), world.clock, world.nursery)
    with capture_logs() as logs:
        await third.load()
    assert logs == [], "it is set aside once"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ann", "bob"]),
            st.sampled_from(["me", "bot", "edit"]),
            st.integers(1, 30),
            st.sampled_from([0.0, 1.0, 4000.0]),
        ),
        max_size=60,
    )
)
@settings(max_examples=60)
def test_what_is_kept_has_bounds_and_what_falls_out_is_known(
    deeds: list[tuple[str, str, int, float]],
) -> None:
    """Whatever is said: no more than so much is kept; what is missing was replaced, or
    is lost, and told as that; a key is known for an hour. A restart changes nothing.
    """

    async def main() -> None:
        shelf, clock = MemoryShelf(), Clock()
        said: dict[tuple[str, str], tuple[int, float]] = {}
        async with trio.open_nursery() as nursery:
            keeper = keeper_on(shelf, clock, nursery)
            await keeper.load()
            for number, (who, kind, size, pause) in enumerate(deeds):
                clock.now += pause
                what = {"kind": "message", "body": [{"text": "x" * size}]}
                by = "me" if kind == "me" else "bot"
                if kind == "edit":
                    what |= {"kind": "edit", "message": "the-message"}
                key = f"{by} {number}"
                try:
                    seq = await keeper.append(who, key, what, new=kind == "me")
                except NoRoom:
                    continue
                if seq is not None:
                    said[who, key] = (seq, clock.now)
                await wait_all_tasks_blocked()
                check(keeper, said, clock)
            again = keeper_on(shelf, clock, nursery)
            await again.load()
            check(again, said, clock)
            for who in ("ann", "bob"):
                now, then = again.rings.of(who), keeper.rings.of(who)
                assert (now is None) == (then is None)
                if now is not None and then is not None:
                    assert now.after(0, 1000) == then.after(0, 1000)
            nursery.cancel_scope.cancel()

    def check(
        keeper: Keeper, said: dict[tuple[str, str], tuple[int, float]], clock: Clock
    ) -> None:
        total = said_bytes = 0
        for who in ("ann", "bob"):
            ring = keeper.rings.of(who)
            if ring is None:
                continue
            total += ring.size
            said_bytes += ring.said
            items = ring.after(0, 1000)
            assert ring.told <= 2000 or len(items) == 1
            there = {item.seq for item in items}
            latest = max((i.seq for i in items if i.edits), default=0)
            for (whose, key), (seq, at) in said.items():
                if whose == who and at >= clock.now - KEYS_SECONDS:
                    assert keeper.rings.known(who, key) == seq
            for seq in range(ring.first, ring.last + 1):
                replaced = seq < latest
                assert seq in there or replaced
        assert (keeper.rings._size, keeper.rings._said) == (total, said_bytes)
        assert total <= 3000 or all(
            ring is None or len(ring) < 2
            for ring in map(keeper.rings.of, ("ann", "bob"))
        )

    with pytest.MonkeyPatch.context() as patch, capture_logs() as logs:
        patch.setattr("platforms.webchat.ring.RING", 10)
        patch.setattr("platforms.webchat.ring.MAX_SAID_BYTES", 2000)
        patch.setattr("platforms.webchat.ring.MAX_TOLD_BYTES", 2000)
        patch.setattr("platforms.webchat.rings.MAX_BYTES", 2500)
        patch.setattr("platforms.webchat.rings.MAX_ALL_BYTES", 3000)
        trio.run(main, clock=MockClock(autojump_threshold=0))
    assert logs == []


async def test_a_text_that_is_written_live_takes_no_more_room_than_it_shows(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each edit is kept until there are too many: then only the last one is missed."""
    monkeypatch.setattr("platforms.webchat.ring.MAX_TOLD_BYTES", 20_000)
    page = world.page()
    await page.opens()
    await page.writes("message-1", "hello")
    await page.hears_answer()
    await page.cut()

    await world.bot_says("k0", "")
    for number in range(1, 101):
        text = "x" * number * 10
        await world.desk.edit(saying(f"k{number}", text), "k0")
    await wait_all_tasks_blocked()

    again = world.page()
    again.skips = True
    welcome = await again.opens()
    assert welcome["first"] == 1, "nothing is lost"
    told = [await again.hears_event()]
    while again.seen < 102:
        told.append(await again.hears_event())
    assert [each["id"] for each in told[:2]] == ["message-1", "k0"]
    assert told[-1]["body"] == [{"text": "x" * 1000}]
    assert len(told) < 50
    rings = world.desk.keeper.rings
    assert rings.known(person_of(ANN), "bot k1") == 3, "not to be said again"


async def test_a_page_is_told_what_it_has_missed_for_good(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platforms.webchat.ring.MAX_TOLD_BYTES", 20_000)
    page, fresh = world.page(), world.page()
    await page.opens()
    await page.writes("message-1", "hello")
    await page.hears_answer()
    await page.cut()
    for number in range(100):
        await world.bot_says(f"k{number}", "x" * 1000)
    await wait_all_tasks_blocked()

    for each in (page, fresh):
        each.skips = True
        before = each.seen
        welcome = await each.opens()
        first = welcome["first"]
        assert isinstance(first, int)
        assert first > 80
        assert (await each.hears_event())["kind"] == "gap"
        assert each.seen == first - 1 > before
        told = [await each.hears_event() for _ in range(101 - each.seen)]
        assert told[-1]["id"] == "k99"
    rings = world.desk.link.shelf("rings")
    again = Keeper(rings, MemoryShelf(), world.clock, world.nursery)
    await again.load()
    assert again.rings.known(person_of(ANN), "bot k1") == 3, "not to be said again"
    world.clock.now += 3601
    await again.append(person_of(ANN), "bot new", HELLO, new=False)
    await wait_all_tasks_blocked()
    assert again.rings.known(person_of(ANN), "bot k1") is None
    assert [name for name in await rings.all() if name.startswith("past")] == []


async def test_who_was_told_most_gives_way_to_what_others_are_told(
    nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platforms.webchat.rings.MAX_ALL_BYTES", 10_000)
    shelf = MemoryShelf()
    keeper = keeper_on(shelf, Clock(), nursery)
    await keeper.load()
    long = {"kind": "message", "body": [{"text": "x" * 1000}]}
    for who in ("ann", "bob"):
        await keeper.append(who, "me 1", HELLO)
    for number in range(9):
        await keeper.append("ann", f"bot {number}", long, new=False)
    for number in range(3):
        await keeper.append("bob", f"bot {number}", long, new=False)
    await wait_all_tasks_blocked()

    ann, bob = keeper.rings.of("ann"), keeper.rings.of("bob")
    assert ann is not None
    assert bob is not None
    assert ann.size + bob.size <= 10_000
    assert (len(bob), bob.lost) == (4, 0)
    # And nobody has to wait for what bots have said.
    monkeypatch.setattr("platforms.webchat.rings.MAX_BYTES", 2_000)
    assert await keeper.append("cat", "me 1", HELLO) == 1
    assert ann.lost > 0


class StuckShelf(MemoryShelf):
    """A disk that takes what it is given, and says so when a test wants it."""

    def __init__(self) -> None:
        super().__init__()
        self.says = trio.Event()
        self.says.set()

    async def put(self, name: str, body: bytes) -> None:
        await super().put(name, body)
        await self.says.wait()


async def test_what_is_being_written_when_the_session_ends_is_refused_to_nobody(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    """It was called rejected, and was on the disk: its bot said it again, in other words."""
    world, shelf = World(WebChatConfig(), nursery), StuckShelf()
    world.shelves = lambda name: shelf if name.endswith("rings") else MemoryShelf()
    became: list[object] = []

    async def bot_says() -> None:
        try:
            became.append(await world.bot_says("k1", "hello"))
        except SendRefused as refused:
            became.append(refused)

    async with world.runs():
        page = world.page()
        await page.opens()
        await page.writes("first-deed", "hi")
        await page.hears_answer()
        shelf.says = trio.Event()
        nursery.start_soon(bot_says)
        await wait_all_tasks_blocked()

    assert [type(each) for each in became] == [OutcomeUnknown]
    shelf.says.set()
    async with world.runs():
        assert (await world.bot_says("k1", "hello")).id == "k1"
        page = world.page()
        await page.opens()
        assert [(await page.hears_event())["id"] for _ in range(2)] == [
            "first-deed",
            "k1",
        ]
