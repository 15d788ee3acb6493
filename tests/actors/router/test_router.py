"""The router and the desks: every event ends once, whoever dies in between."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import trio
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.journal import Claim, InboundRow, InboxLimits
from actors.kernel import System
from actors.messages import InboundState, Priority, Sender
from actors.router import Desks, DrainRouter, Ranking, Router, Settle
from actors.router.desks import HELD_PER_PLATFORM
from tests.actors.journal.builders import (
    end_and_start_again,
    event,
    journal,
    nest,
)

S = InboundState


class FakeDesk:
    """A bot that does nothing by itself."""

    def __init__(self, bot: str = "demo", *, only: str = "") -> None:
        self.bot = bot
        self.only = only
        self.attached = True
        self.got: list[tuple[str, Settle]] = []
        self.rows: list[InboundRow] = []
        self.refuses = False
        self.awaited = ""

    def wants(self, row: InboundRow) -> bool:
        if self.only == "raises":
            raise ValueError("a bug of the bot")
        return self.only in row.event.text

    def awaits(self, row: InboundRow) -> bool:
        return bool(self.awaited) and self.awaited == row.event.text

    def put(self, row: InboundRow, settle: Settle) -> None:
        if self.refuses:
            raise ValueError("full")
        self.rows.append(row)
        self.got.append((row.event.id, settle))

    @property
    def ids(self) -> list[str]:
        return [name for name, _ in self.got]

    def settle(self, name: str, state: S = S.DONE, why: str = "") -> None:
        dict(self.got)[name](state, why)


class Office:
    def __init__(self, limits: InboxLimits | None = None, window: int = 10_000) -> None:
        self.journal = journal(inbox=limits)
        self.desks = Desks(self.journal)
        self.window = window

    def router(self) -> Router:
        return Router(self.journal, self.desks, self.window)

    async def bring(self, *names: str, platform: str = "qq", room: str = "42") -> None:
        for name in names:
            await self.journal.append(
                platform, "1", event(name, room, text=name), trace=f"t-{name}"
            )

    def state(self, seq: int = 1) -> tuple[S, str] | None:
        return self.journal.state_of(seq)


@asynccontextmanager
async def office(
    limits: InboxLimits | None = None, window: int = 10_000
) -> AsyncIterator[tuple[Office, System]]:
    parts = Office(limits, window)
    async with nest(router=parts.router) as system:
        yield parts, system


async def test_events_reach_the_desk_in_order_and_are_settled_by_it(
    autojump_clock: MockClock,
) -> None:
    async with office() as (parts, _):
        desk = FakeDesk()
        parts.desks.connect(desk)
        await parts.bring(*"123")
        await wait_all_tasks_blocked()
        assert desk.ids == ["1", "2", "3"]
        assert parts.state() == (S.CLAIMED, "")
        desk.settle("1")
        desk.settle("1", S.FAILED)  # the first word counts
        assert parts.state() == (S.DONE, "")
        assert parts.desks.in_hand == 2


async def test_what_nobody_wants_is_done(autojump_clock: MockClock) -> None:
    """B29: without a handler an event is settled, not lost and not kept."""
    with capture_logs() as logs:
        async with office() as (parts, _):
            parts.desks.connect(FakeDesk(only="/ping"))
            parts.desks.connect(FakeDesk("broken", only="raises"))
            await parts.bring("hello")
            await wait_all_tasks_blocked()
            assert parts.state() == (S.DONE, "")
            assert parts.desks.in_hand == 0
    assert [line["event"] for line in logs] == ["desk.wants_raised"]


async def test_our_own_words_never_reach_a_bot(autojump_clock: MockClock) -> None:
    """Law 14: a host ignores its own messages."""
    async with office() as (parts, _):
        desk = FakeDesk()
        parts.desks.connect(desk)
        await parts.journal.append("qq", "1", event("1", from_self=True), trace="t")
        await wait_all_tasks_blocked()
        assert desk.ids == []
        assert parts.state() == (S.DONE, "")


async def test_each_bot_completes_for_itself(autojump_clock: MockClock) -> None:
    """Section 2 (router): per-handler completion; one failure is not the other's."""
    async with office() as (parts, _):
        one, two = FakeDesk("one"), FakeDesk("two")
        parts.desks.connect(one)
        parts.desks.connect(two)
        await parts.bring("1")
        await wait_all_tasks_blocked()
        one.settle("1", S.FAILED, "raised ValueError")
        assert parts.state() == (S.CLAIMED, "")
        two.settle("1")
        assert parts.state() == (S.FAILED, "one: raised ValueError")


async def test_a_desk_that_does_not_take_an_event_fails_that_event(
    autojump_clock: MockClock,
) -> None:
    async with office() as (parts, _):
        desk = FakeDesk()
        desk.refuses = True
        parts.desks.connect(desk)
        await parts.bring("1")
        await wait_all_tasks_blocked()
        assert parts.state() == (S.FAILED, "demo: its desk did not take it: full")


async def test_a_parked_event_makes_room_and_ends_later(
    autojump_clock: MockClock,
) -> None:
    """Law 2: its row is `parked`; it does not count against the window."""
    async with office(window=1) as (parts, _):
        desk = FakeDesk()
        parts.desks.connect(desk)
        await parts.bring("1", "2")
        await wait_all_tasks_blocked()
        assert desk.ids == ["1"]
        desk.settle("1", S.PARKED)
        assert parts.state() == (S.PARKED, "")
        await wait_all_tasks_blocked()
        assert desk.ids == ["1", "2"]
        desk.settle("1", S.EXPIRED, "too late")
        assert parts.state() == (S.FAILED, "demo: too late")


async def test_the_window_is_bounded_and_refilled(autojump_clock: MockClock) -> None:
    """Law 4, contract: backlogs live in the journal, memory holds a window."""
    async with office(window=3) as (parts, _):
        desk = FakeDesk()
        parts.desks.connect(desk)
        await parts.bring(*(str(n) for n in range(10)))
        for n in range(10):
            await wait_all_tasks_blocked()
            assert len(desk.ids) == min(10, n + 3)
            desk.settle(str(n))
        assert parts.desks.in_hand == 0


async def test_a_noisy_chat_delays_no_other_one(autojump_clock: MockClock) -> None:
    """B24, B28, law 4: its share of the window is bounded, whatever its backlog."""
    async with office() as (parts, _):
        desk = FakeDesk()
        parts.desks.connect(desk)
        await parts.bring(*(f"n{n}" for n in range(500)), room="noisy")
        await wait_all_tasks_blocked()
        assert len(desk.ids) == 64
        await parts.bring("quiet", room="quiet")
        await wait_all_tasks_blocked()
        assert desk.ids[-1] == "quiet"


async def test_a_handler_that_hangs_never_slows_the_socket(
    autojump_clock: MockClock,
) -> None:
    """B26, law 4: with the window full of hanging events only the backlog's bound makes
    `append` wait, that of its own platform; it goes on when an event has ended."""
    limits = InboxLimits(rows=50, claimed=10, claimed_per_chat=1, own=2, shared=8)
    async with office(limits, window=20) as (parts, _):
        desk = FakeDesk()  # it settles nothing
        parts.desks.connect(desk)
        began = trio.current_time()
        for n in range(50):
            await parts.bring(f"n{n}", platform="noisy", room=str(n))
        await wait_all_tasks_blocked()
        assert len(desk.ids) == 9  # one more is kept for what is urgent
        assert trio.current_time() == began

        with trio.move_on_after(5) as too_much:
            await parts.bring("n50", platform="noisy", room="50")
        assert too_much.cancelled_caught
        for n in range(50):
            await parts.bring(f"q{n}", platform="quiet", room=str(n))
        await wait_all_tasks_blocked()
        assert desk.ids[9:] == ["q0", "q1"]  # what is its own
        assert trio.current_time() == began + 5

        async with trio.open_nursery() as nursery:
            nursery.start_soon(partial(parts.bring, "n51", platform="noisy", room="51"))
            await wait_all_tasks_blocked()
            desk.settle("n0")
        assert trio.current_time() == began + 5


async def test_an_awaited_answer_overtakes_a_backlog(
    autojump_clock: MockClock,
) -> None:
    """Law 2 and 3: whoever was asked is not kept waiting by strangers."""
    limits = InboxLimits(claimed=10, claimed_per_chat=1, own=0, shared=10)
    async with office(limits) as (parts, _):
        desk = FakeDesk()
        parts.desks.connect(desk)
        ranking = Ranking(parts.desks, lambda _, user: user == "boss", lambda: 1e9)
        parts.journal.rank_by(ranking)
        for n in range(30):
            await parts.bring(f"n{n}", room=str(n))
        await wait_all_tasks_blocked()
        in_hand = len(desk.ids)

        desk.awaited = "Berlin"
        await parts.bring("Berlin", room="asked")
        await wait_all_tasks_blocked()
        assert desk.ids[in_hand:] == ["Berlin"]
        desk.settle("n0")
        desk.settle("n1")

        boss = evolve(event("help", "b"), sender=Sender("boss"))
        old = evolve(event("old", "c"), sent_at_utc=1.0)
        assert ranking("qq", "1", boss) is Priority.URGENT
        assert ranking("qq", "1", old) is Priority.BULK


async def test_what_one_platform_brings_to_a_bot_that_is_away_pushes_out_nobody(
    autojump_clock: MockClock,
) -> None:
    """B32: the bound is each platform's own."""
    async with office(InboxLimits(claimed_per_chat=5_000)) as (parts, _):
        parts.desks.expect("demo")
        await parts.bring(*(str(n) for n in range(1_010)), platform="noisy")
        await parts.bring("hello", platform="quiet")
        await wait_all_tasks_blocked()
        desk = FakeDesk()
        parts.desks.connect(desk)
        assert len(desk.ids) == 1_001
        assert "hello" in desk.ids

        for name in desk.ids:
            desk.settle(name)
        parts.desks.disconnect(desk)
        await parts.bring("later", platform="noisy")
        await wait_all_tasks_blocked()
        assert parts.desks.in_hand == 1, "what has ended takes no place among the next"


async def test_a_bot_that_hangs_in_a_chat_holds_up_no_other_there(
    autojump_clock: MockClock,
) -> None:
    """Law 2: it may lag behind; beyond a bound, which is its own, the others wait for it."""
    limits = InboxLimits(claimed_per_chat=4)
    async with office(limits, window=8) as (parts, system):
        hangs, works = FakeDesk("hangs"), FakeDesk("works")
        parts.desks.connect(hangs)
        parts.desks.connect(works)
        await parts.bring(*(str(n) for n in range(HELD_PER_PLATFORM + 10)))
        for _ in range(2 * HELD_PER_PLATFORM):
            await wait_all_tasks_blocked()
            before = len(works.got)
            for _, settle in works.got[-8:]:
                settle(S.DONE, "")
            await wait_all_tasks_blocked()
            if len(works.got) == before:
                break
        assert HELD_PER_PLATFORM <= len(works.got) <= HELD_PER_PLATFORM + 4
        assert hangs.ids == works.ids == [str(n) for n in range(len(works.got))]

        await end_and_start_again(system, "/router", parts.router)
        for _ in range(10):
            await wait_all_tasks_blocked()
            for _, settle in (*hangs.got, *works.got):
                settle(S.DONE, "")
        assert hangs.ids == works.ids == [str(n) for n in range(HELD_PER_PLATFORM + 10)]
        assert (parts.journal.counts().claimed, parts.desks.in_hand) == (0, 0)


async def test_only_bots_that_are_away_want_it_and_it_is_in_nobodys_way(
    autojump_clock: MockClock,
) -> None:
    async with office(InboxLimits(claimed_per_chat=2)) as (parts, _):
        away, works = FakeDesk("away", only="join"), FakeDesk("works", only="hi")
        away.attached = False
        parts.desks.connect(away)
        parts.desks.connect(works)
        await parts.bring("join1", "join2", "join3", "hi")
        await wait_all_tasks_blocked()
        assert works.ids == ["hi"]


async def test_what_waits_for_a_bot_that_is_away_is_not_suspected(
    autojump_clock: MockClock,
) -> None:
    """Law 8: on its last life, but nobody is at it; it may not hold up other chats."""
    async with office() as (parts, system):
        away, works = FakeDesk("away"), FakeDesk("works")
        away.attached = False
        parts.desks.connect(away)
        parts.desks.connect(works)
        for room in "abc":
            await parts.bring(room, room=room)
        for _ in range(2):
            await wait_all_tasks_blocked()
            await end_and_start_again(system, "/router", parts.router)
        await wait_all_tasks_blocked()
        for room in "abc":
            works.settle(room)
        await wait_all_tasks_blocked()
        for room in "abc":
            await parts.bring(f"{room}2", room=room)
        await wait_all_tasks_blocked()
        assert sorted(works.ids[3:]) == ["a2", "b2", "c2"]


async def test_a_new_router_goes_on_without_running_anything_twice(
    autojump_clock: MockClock,
) -> None:
    """Design 5: claims are freed; what a bot has in hand already is not put again."""
    async with office() as (parts, system):
        desk = FakeDesk()
        parts.desks.connect(desk)
        await parts.bring("1", "2")
        await wait_all_tasks_blocked()

        await end_and_start_again(system, "/router", parts.router)
        await parts.bring("3")
        await wait_all_tasks_blocked()

        assert desk.ids == ["1", "2", "3"]
        for name in "123":
            desk.settle(name)
        assert [parts.state(n) for n in (1, 2, 3)] == [(S.DONE, "")] * 3


async def test_what_was_settled_between_two_routers_is_not_run_again(
    autojump_clock: MockClock,
) -> None:
    async with office() as (parts, system):
        desk = FakeDesk()
        parts.desks.connect(desk)
        await parts.bring("1", "2")
        await wait_all_tasks_blocked()

        await end_and_start_again(system, "/router", parts.router)
        desk.settle("1", S.FAILED, "raised")  # before the new one has pulled
        await wait_all_tasks_blocked()

        assert desk.ids == ["1", "2"]
        assert parts.state(1) == (S.FAILED, "demo: raised")
        assert not parts.desks._untold


async def test_what_was_parked_between_two_routers_is_not_run_again(
    autojump_clock: MockClock,
) -> None:
    """Law 2: the journal could not be told that it was, and hands it out once more."""
    async with office() as (parts, _):
        desk = FakeDesk()
        parts.desks.connect(desk)
        await parts.bring("1")
        await wait_all_tasks_blocked()
        claim = Claim("/router", 99)
        parts.desks.take_over(claim)
        await parts.journal.release(claim)
        desk.settle("1", S.PARKED)
        desk.settle("1", S.FAILED, "nobody answered")
        (row,) = await parts.journal.claim_inbound(claim, 10)
        parts.desks.route(row)
        assert desk.ids == ["1"]
        assert parts.state() == (S.FAILED, "demo: nobody answered")
        assert parts.desks.in_hand == 0


async def test_after_three_boots_a_row_is_quarantined(
    autojump_clock: MockClock,
) -> None:
    """Law 8: a row that ends its claimer again and again does not go on for ever."""
    async with office() as (parts, system):
        parts.desks.connect(FakeDesk())
        await parts.bring("1")
        await wait_all_tasks_blocked()
        for _ in range(3):
            await end_and_start_again(system, "/router", parts.router)
            await wait_all_tasks_blocked()
        known = parts.state()
        assert known is not None
        assert known[0] is S.QUARANTINED


async def test_a_bot_that_comes_back_finds_its_events(
    autojump_clock: MockClock,
) -> None:
    """Design 4: a restart of a bot loses nothing that was said to it."""
    async with office() as (parts, _):
        first = FakeDesk()
        parts.desks.connect(first)
        await parts.bring("1", "2")
        await wait_all_tasks_blocked()
        first.settle("1")
        parts.desks.disconnect(first)
        await parts.bring("3", "other")
        await wait_all_tasks_blocked()
        assert parts.desks.working == 0

        second = FakeDesk()
        parts.desks.connect(second)
        assert second.ids == ["2", "3", "other"]
        parts.desks.disconnect(first)  # a late farewell changes nothing
        for name in ("2", "3", "other"):
            second.settle(name)
        assert parts.desks.in_hand == 0


async def test_what_was_begun_is_put_to_the_successor_whatever_that_one_wants(
    autojump_clock: MockClock,
) -> None:
    """Law 8: half done is not done; a successor that has no handler for it says so itself."""
    async with office() as (parts, _):
        before, after = FakeDesk(), FakeDesk(only="/ping")
        parts.desks.connect(before)
        await parts.bring("1")
        await wait_all_tasks_blocked()
        parts.desks.disconnect(before)
        await parts.bring("2")
        await wait_all_tasks_blocked()
        parts.desks.connect(after)
        assert after.ids == ["1"]
        assert parts.state(2) == (S.DONE, "")


async def test_a_bot_that_dies_with_it_three_times_does_not_get_it_again(
    autojump_clock: MockClock,
) -> None:
    async with office() as (parts, _):
        desk = FakeDesk()
        parts.desks.connect(desk)
        await parts.bring("1")
        await wait_all_tasks_blocked()
        for _ in range(3):
            parts.desks.disconnect(desk)
            desk = FakeDesk()
            parts.desks.connect(desk)
        assert desk.ids == []
        known = parts.state()
        assert known is not None
        assert known[0] is S.QUARANTINED


async def test_a_parked_handler_dies_with_its_bot(autojump_clock: MockClock) -> None:
    """Law 2: failed(interrupted), and the event is not run again."""
    async with office() as (parts, _):
        desk = FakeDesk()
        parts.desks.connect(desk)
        await parts.bring("1")
        await wait_all_tasks_blocked()
        desk.settle("1", S.PARKED)
        parts.desks.disconnect(desk)
        assert parts.state() == (S.FAILED, "demo: interrupted")
        newer = FakeDesk()
        parts.desks.connect(newer)
        assert newer.ids == []


async def test_events_wait_for_a_bot_that_is_expected(
    autojump_clock: MockClock,
) -> None:
    async with office(InboxLimits(claimed_per_chat=5_000)) as (parts, _):
        parts.desks.expect("demo")
        await parts.bring(*(str(n) for n in range(1_010)))
        await wait_all_tasks_blocked()
        assert parts.desks.in_hand == 1_000  # bounded: the others failed, visibly
        desk = FakeDesk(only="7")
        parts.desks.connect(desk)
        assert desk.ids == [str(n) for n in range(1_000) if "7" in str(n)]
        parts.desks.forget("demo")
        assert parts.desks.in_hand == 0


async def test_drain_pulls_nothing_more_and_waits_for_the_bots(
    autojump_clock: MockClock,
) -> None:
    """Design 5, leaving: claims pause, events are still journalled, lanes finish."""
    async with office() as (parts, system):
        desk = FakeDesk()
        parts.desks.connect(desk)
        await parts.bring("1", "2")
        await wait_all_tasks_blocked()
        address = system.find("/router", Router)
        left: list[int] = []

        async def drain(within: float) -> None:
            left.append(await address.ask(DrainRouter(within), within=30.0))

        started = trio.current_time()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(drain, 8.0)
            await trio.sleep(2)
            await parts.bring("3")
            desk.settle("1")
            await trio.sleep(1)
            assert desk.ids == ["1", "2"]
            desk.settle("2")
        assert trio.current_time() - started == 3.0
        assert left == [0]
        assert parts.journal.counts().new == 1


async def test_drain_has_a_deadline(autojump_clock: MockClock) -> None:
    async with office() as (parts, system):
        parts.desks.connect(FakeDesk())
        await parts.bring("1")
        await wait_all_tasks_blocked()
        address = system.find("/router", Router)
        assert await address.ask(DrainRouter(4.0), within=30.0) == 1


steps = st.lists(
    st.sampled_from(
        ["event", "event", "event", "done", "fail", "park", "router", "bot", "away"]
    ),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(plan=steps, data=st.data())
def test_every_accepted_event_is_handled_whoever_dies(
    plan: list[str], data: st.DataObject
) -> None:
    """Law 8: handled means settled with any outcome; nothing hangs, nothing ends twice."""

    async def main() -> None:
        async with office() as (parts, system):
            desk: FakeDesk = FakeDesk()
            parts.desks.connect(desk)
            brought = 0

            def open_ones() -> list[str]:
                slips = parts.desks._bots["demo"].open
                return [str(s.passage.row.event.id) for s in slips.values() if s.desk]

            for step in plan:
                await wait_all_tasks_blocked()
                match step:
                    case "event":
                        brought += 1
                        await parts.bring(str(brought), room=str(brought % 3))
                    case "router":
                        await end_and_start_again(system, "/router", parts.router)
                    case "bot":
                        parts.desks.disconnect(desk)
                        desk = FakeDesk()
                        parts.desks.connect(desk)
                    case "away":
                        parts.desks.disconnect(desk)
                    case _ if names := open_ones():
                        name = data.draw(st.sampled_from(names))
                        state = {"done": S.DONE, "fail": S.FAILED, "park": S.PARKED}
                        desk.settle(name, state[step])
                    case _:
                        pass
            await wait_all_tasks_blocked()
            desk = FakeDesk()
            parts.desks.connect(desk)
            await wait_all_tasks_blocked()
            # More than once: what is on its last life is handed out alone.
            while slips := list(parts.desks._bots["demo"].open.values()):
                for slip in slips:
                    slip(S.DONE)
                await wait_all_tasks_blocked()
            counts = parts.journal.counts()
            assert (counts.new, counts.claimed, counts.parked) == (0, 0, 0)
            assert sum(counts.ended.values()) == brought
            assert parts.desks.in_hand == 0
            assert not parts.desks._passages

    with capture_logs():
        trio.run(main, clock=MockClock(autojump_threshold=0))
