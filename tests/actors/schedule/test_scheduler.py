"""What comes due is in the journal: once, in time, whoever dies in between."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import count

import pytest
import trio
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from trio.testing import MockClock

from actors.journal import Appended, InboxLimits
from actors.kernel import System
from actors.messages import Chat, ChatAddress, ChatKind, Inbound, Sender
from actors.schedule import Later, Missed, Plan, Schedule, TooManyLaters, cron, every
from actors.schedule.timetable import LATERS_PER_BOT, LATERS_PER_CHAT
from tests.actors.schedule.office import MONDAY, Office, hours

HOUR, DAY = 3600.0, 86400.0
ROOM = ChatAddress("qq", "10001", Chat(ChatKind.GROUP, "42"))
report = Schedule("every:report", every("1h"))
morning = Schedule("cron:morning", cron("0 9 * * *"))


def asked(due: float, name: str = "x", to: ChatAddress | None = ROOM) -> Later:
    return Later(id=name, bot="demo", handler="later:remind", due=MONDAY + due, to=to)


@pytest.fixture
def office(autojump_clock: MockClock) -> Office:
    return Office()


async def kill(system: System) -> None:
    incarnation = system.find("/scheduler").cell.incarnation
    assert incarnation is not None
    incarnation.kill()
    await trio.sleep(0.5)


# --- in time ----------------------------------------------------------------------------------


async def test_each_hour_and_at_nine(office: Office, autojump_clock: MockClock) -> None:
    async with office.open("demo", report, morning):
        await office.pass_by(10 * HOUR + 1)
        rows = await office.rows()
    told = [(row.account, row.event.facts["due"]) for row in rows]
    assert [account for account, _ in told].count("demo/every:report") == 10
    assert [due for account, due in told if account == "demo/cron:morning"] == [
        MONDAY + 9 * HOUR
    ]
    assert {row.platform for row in rows} == {"schedule"}
    assert {row.event.chat for row in rows} == {None}


async def test_a_year_of_workdays_takes_no_time(
    office: Office, autojump_clock: MockClock
) -> None:
    schedule = Schedule("cron:x", cron("0 9 * * 1-5", "America/New_York"))
    async with office.open("demo", schedule):
        await office.pass_by(364 * DAY)
        rows = await office.rows()
    zone = schedule.plan.zone
    dues = [row.event.facts["due"] for row in rows]
    shown = [datetime.fromtimestamp(due, zone) for due in dues]  # type: ignore[arg-type]
    assert len(shown) == 52 * 5
    assert {(at.hour, at.minute) for at in shown} == {(9, 0)}
    assert {at.weekday() for at in shown} == {0, 1, 2, 3, 4}


async def test_it_sleeps_until_something_is_due(
    office: Office, autojump_clock: MockClock
) -> None:
    async with office.open("demo", morning) as system:
        cell = system.find("/scheduler").cell
        before = cell.handled
        await office.pass_by(8 * HOUR)
        assert cell.handled == before
        await office.pass_by(2 * HOUR)
        assert await office.due() == hours(9)


# --- nobody was there -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("missed", "made_up"),
    [("skip", []), ("once", [54]), ("all", [49, 50, 51, 52, 53, 54])],
)
async def test_runs_that_were_missed_are_made_up_for_as_declared(
    office: Office, autojump_clock: MockClock, missed: str, made_up: list[float]
) -> None:
    schedule = evolve(report, missed=Missed(missed))
    async with office.open("demo", schedule):
        await office.pass_by(48.5 * HOUR)
        assert len(await office.due()) == 48
    await trio.sleep(6 * HOUR)
    with capture_logs() as logs:
        async with office.open("demo", schedule):
            await office.pass_by(1)
            assert await office.due() == hours(*made_up)
            await office.pass_by(HOUR)
            # A restart moves nothing: still on the hour.
            assert await office.due() == hours(55)
    told = [entry for entry in logs if entry["event"] == "schedule.runs_missed"]
    assert [(entry["runs"], entry["begun"]) for entry in told] == {
        "skip": [(6, 0)],
        "once": [(5, 1)],
        "all": [],
    }[missed]


async def test_a_restart_before_the_first_run_does_not_put_it_off(
    office: Office, autojump_clock: MockClock
) -> None:
    daily = Schedule("every:x", every("1d"))
    for _ in range(5):
        async with office.open("demo", daily):
            await office.pass_by(6 * HOUR)
    assert await office.due() == hours(24)


async def test_a_restart_within_the_minute_misses_nothing(
    office: Office, autojump_clock: MockClock
) -> None:
    schedule = evolve(morning, missed=Missed.SKIP)
    async with office.open("demo", schedule):
        await office.pass_by(9 * HOUR - 1)
    await trio.sleep(30)
    async with office.open("demo", schedule):
        await office.pass_by(1)
        assert await office.due() == hours(9)


# --- once, whoever dies ---------------------------------------------------------------------


class Dying(Exception):
    pass


@given(
    missed=st.sampled_from(Missed),
    lives=st.lists(
        st.tuples(st.integers(0, 5 * 3600), st.integers(0, 5 * 3600), st.booleans()),
        min_size=1,
        max_size=6,
    ),
)
@settings(max_examples=20)
def test_no_run_is_begun_twice_whatever_dies_when(
    missed: Missed, lives: list[tuple[int, int, bool]]
) -> None:
    """Processes come and go, schedulers are killed between an event and its note."""

    async def main() -> None:
        office = Office()
        schedule = evolve(report, missed=missed)
        dying = False
        append = office.journal.append

        async def fatal(*args: object, **kwargs: object) -> Appended:
            nonlocal dying
            appended = await append(*args, **kwargs)  # type: ignore[arg-type]
            if dying:
                dying = False
                incarnation = system.find("/scheduler").cell.incarnation
                assert incarnation is not None
                incarnation.kill()
                await trio.sleep_forever()
            return appended

        office.journal.append = fatal  # type: ignore[method-assign]
        begun: list[float] = []
        for up, down, dies in lives:
            dying = dies
            async with office.open("demo", schedule) as system:
                await office.pass_by(up + 1)
                begun += await office.due()
            await trio.sleep(down)
        assert begun == sorted(set(begun))
        if missed is not Missed.SKIP and begun:
            assert all(due % HOUR == 0 for due in begun)
        if missed is Missed.ALL:
            assert begun == hours(*range(1, len(begun) + 1))

    trio.run(main, clock=MockClock(autojump_threshold=0))


async def test_a_crash_of_the_scheduler_loses_nothing(
    office: Office, autojump_clock: MockClock
) -> None:
    async with office.open("demo", report) as system:
        await office.timetable.keep(asked(5 * HOUR))
        for _ in range(10):
            await office.pass_by(HOUR)
            await kill(system)
        assert sorted(await office.due()) == sorted(hours(*range(1, 11), 5))


async def test_a_scheduler_that_dies_while_it_waits_for_room_forgets_nothing(
    autojump_clock: MockClock,
) -> None:
    """The journal lets a cursor stand after that, until it is asked for it again."""
    office = Office(room=InboxLimits(rows=1))
    schedule = evolve(report, missed=Missed.ALL)
    async with office.open("demo", schedule) as system:
        await office.pass_by(2.5 * HOUR)
        await kill(system)
        assert await office.due() == hours(1, 2)
        await office.pass_by(HOUR)
        assert await office.due() == hours(3)
    async with office.open("demo", schedule):
        await office.pass_by(0.1 * HOUR)
        assert await office.due() == []


# --- clocks ---------------------------------------------------------------------------------


async def test_a_clock_that_is_set_forward_makes_due_what_it_skips(
    office: Office, autojump_clock: MockClock
) -> None:
    office.nap = 60
    async with office.open("demo", morning):
        await office.timetable.keep(asked(8 * HOUR))
        office.wall.ahead += 9.5 * HOUR
        await office.pass_by(61)
        assert sorted(await office.due()) == hours(8, 9)


async def test_a_clock_that_is_set_back_a_little_repeats_nothing(
    office: Office, autojump_clock: MockClock
) -> None:
    office.nap = 60
    async with office.open("demo", morning):
        await office.pass_by(9 * HOUR + 1)
        office.wall.ahead -= 2 * HOUR
        await office.pass_by(26 * HOUR)
        assert await office.due() == hours(9, 33)


async def test_a_clock_that_was_far_ahead_does_not_stop_schedules(
    office: Office, autojump_clock: MockClock
) -> None:
    office.nap = 60
    async with office.open("demo", report, morning):
        with capture_logs() as logs:
            office.wall.ahead += 1000 * DAY
            await office.pass_by(120)
            office.wall.ahead -= 1000 * DAY
            await office.pass_by(120)
        await office.rows()
        await office.pass_by(24 * HOUR)
        assert len(await office.due()) == 25
    told = [entry for entry in logs if entry["event"] == "schedule.clock_went_back"]
    assert len(told) == 2


# --- what bots declare ----------------------------------------------------------------------


async def test_a_reload_leaves_alone_what_did_not_change(
    office: Office, autojump_clock: MockClock
) -> None:
    async with office.open("demo", report, morning):
        await office.pass_by(1.5 * HOUR)
        changed = evolve(morning, plan=cron("0 2 * * *"))
        office.timetable.declare("demo", [report, changed])
        await office.pass_by(HOUR)
        assert sorted(await office.due()) == hours(1, 2, 2)


async def test_what_is_gone_is_not_run_and_begins_anew_when_it_comes_back(
    office: Office, autojump_clock: MockClock
) -> None:
    async with office.open("demo", report):
        await office.pass_by(1.5 * HOUR)
        office.timetable.withdraw("demo")
        await office.pass_by(10 * HOUR)
        assert await office.due() == hours(1)
        office.timetable.declare("demo", [report])
        await office.pass_by(1.1 * HOUR)
        assert await office.due() == hours(12.5)


async def test_a_changed_plan_begins_where_it_is_declared(
    office: Office, autojump_clock: MockClock
) -> None:
    async with office.open("demo", report):
        await office.pass_by(1.5 * HOUR)
    await trio.sleep(100 * HOUR)
    often = evolve(report, plan=every("30m"), missed=Missed.ALL)
    async with office.open("demo", often):
        await office.pass_by(HOUR + 1)
        assert await office.due() == hours(1, 102, 102.5)


async def test_what_is_gone_while_its_bot_is_away_begins_anew_too(
    office: Office, autojump_clock: MockClock
) -> None:
    async with office.open("demo", report, morning):
        await office.pass_by(1.5 * HOUR)
        office.timetable.pause("demo")
        office.timetable.declare("demo", [morning])
        await office.pass_by(4 * HOUR)
        office.timetable.declare("demo", [report, morning])
        await office.pass_by(1.1 * HOUR)
        assert await office.due() == hours(1, 6.5)


async def test_a_bot_that_is_away_misses_runs(
    office: Office, autojump_clock: MockClock
) -> None:
    async with office.open("demo", report):
        office.timetable.pause("demo")
        await office.pass_by(5.5 * HOUR)
        assert await office.due() == []
        office.timetable.declare("demo", [report])
        await office.pass_by(HOUR)
        assert await office.due() == hours(5, 6)


async def test_one_schedule_that_cannot_be_run_keeps_no_other_from_it(
    office: Office, autojump_clock: MockClock
) -> None:
    class Broken:
        zone, patience = report.plan.zone, 0.0

        def next(self, after: float) -> float:
            raise Dying

        def before(self, now: float, after: float) -> list[float]:
            raise Dying

    broken: Plan = Broken()  # type: ignore[assignment]
    async with office.open("demo", Schedule("every:a", broken), report):
        await office.pass_by(2 * HOUR + 1)
        assert await office.due() == hours(1, 2)


# --- laters ---------------------------------------------------------------------------------


async def test_laters_are_events_of_their_chat_in_the_order_they_are_due(
    office: Office, autojump_clock: MockClock
) -> None:
    someone = Sender("7", "Ann")
    async with office.open():
        await office.timetable.keep(evolve(asked(300, "b"), args={"text": "tea"}))
        await office.timetable.keep(evolve(asked(60, "a"), sender=someone, trace="t9"))
        await office.timetable.keep(asked(120, "c", to=None))
        await office.pass_by(301)
        rows = await office.rows()
    told = {row.event.id: row for row in rows}
    first, second = told["schedule.due a"], told["schedule.due b"]
    assert (first.platform, first.account) == ("qq", "10001")
    assert (first.event.chat, first.event.sender) == (ROOM.chat, someone)
    assert first.trace == "t9"
    assert first.seq < second.seq
    assert second.event.facts["args"] == {"text": "tea"}
    alone = told["schedule.due c"]
    assert (alone.platform, alone.account) == ("schedule", "demo/later:remind")


async def test_a_later_outlives_the_process_and_comes_late_rather_than_never(
    office: Office, autojump_clock: MockClock
) -> None:
    async with office.open():
        await office.timetable.keep(asked(60))
        await office.timetable.keep(asked(5 * HOUR, "y"))
    await trio.sleep(2 * HOUR)
    async with office.open():
        await office.pass_by(1)
        assert await office.due() == [60]
        await office.pass_by(3 * HOUR)
        assert await office.due() == hours(5)
    assert await office.store.load() == []


async def test_the_same_later_is_kept_once_and_begun_once(
    office: Office, autojump_clock: MockClock
) -> None:
    async with office.open():
        await office.timetable.keep(asked(60))
        await office.timetable.keep(asked(90))
        await office.pass_by(70)
        # The handler that asked for it is run again, after it was begun.
        await office.timetable.keep(asked(100))
        await office.pass_by(100)
        assert await office.due() == [60]
    assert await office.store.load() == []


async def test_a_platform_that_is_full_delays_no_other(
    office: Office, autojump_clock: MockClock
) -> None:
    append, room = office.journal.append, trio.Event()

    async def full(platform: str, *args: object, **kwargs: object) -> Appended:
        if platform == "qq":
            await room.wait()
        return await append(platform, *args, **kwargs)  # type: ignore[arg-type]

    office.journal.append = full  # type: ignore[method-assign]
    elsewhere = evolve(ROOM, platform="irc")
    async with office.open("demo", report):
        await office.timetable.keep(asked(60))
        await office.timetable.keep(asked(61, "y"))
        await office.timetable.keep(asked(120, "z", elsewhere))
        await office.pass_by(HOUR + 1)
        assert sorted(await office.due()) == [120, HOUR]
        room.set()
        await office.pass_by(1)
        assert await office.due() == [60, 61]


async def test_so_many_may_wait_in_a_chat(
    office: Office, autojump_clock: MockClock
) -> None:
    async with office.open():
        for number in range(LATERS_PER_CHAT):
            await office.timetable.keep(asked(60, str(number)))
        with pytest.raises(TooManyLaters, match="100 things wait in qq/10001/group:42"):
            await office.timetable.keep(asked(60, "more"))
        await office.timetable.keep(asked(60, "other", evolve(ROOM, account="2")))
        await office.pass_by(61)
        await office.timetable.keep(asked(60, "more"))


async def test_so_many_may_wait_for_a_bot(
    office: Office, autojump_clock: MockClock
) -> None:
    async with office.open():
        for number in range(LATERS_PER_BOT):
            await office.timetable.keep(asked(60, str(number), None))
        with pytest.raises(TooManyLaters, match="10000 things wait for the bot 'demo'"):
            await office.timetable.keep(asked(60, "more", None))
        await office.timetable.keep(evolve(asked(60, "more", None), bot="other"))


async def test_what_could_not_be_written_down_does_not_count(
    office: Office, autojump_clock: MockClock
) -> None:
    add, fails = office.store.add, count()

    async def broken(later: Later) -> None:
        if next(fails) == 0:
            raise Dying
        await add(later)

    office.store.add = broken  # type: ignore[method-assign]
    async with office.open():
        with pytest.raises(Dying):
            await office.timetable.keep(asked(60))
        await office.timetable.keep(asked(90))
        await office.pass_by(100)
        assert await office.due() == [90]
        assert office.timetable.laters == ()


async def test_what_is_due_meanwhile_is_found_by_who_is_cancelled(
    office: Office, autojump_clock: MockClock
) -> None:
    """A handler at its deadline: what was handed over is written all the same."""
    add = office.store.add

    async def slow(later: Later) -> None:
        await add(later)
        await trio.sleep(10)

    office.store.add = slow  # type: ignore[method-assign]
    async with office.open():
        with trio.move_on_after(1):
            await office.timetable.keep(asked(60))
        await office.pass_by(60)
        assert await office.due() == [60]


async def test_one_later_that_cannot_be_begun_keeps_no_other_from_it(
    office: Office, autojump_clock: MockClock
) -> None:
    append: Callable[..., object] = office.journal.append

    async def picky(
        platform: str, account: str, event: Inbound, **kwargs: str
    ) -> object:
        if event.id.endswith("bad"):
            raise Dying
        return await append(platform, account, event, **kwargs)  # type: ignore[misc]

    office.journal.append = picky  # type: ignore[assignment,method-assign]
    async with office.open():
        await office.timetable.keep(asked(60, "bad"))
        await office.timetable.keep(asked(61, "good"))
        await office.pass_by(62)
        assert await office.due() == [61]
    # It is tried again by the next process.
    assert [one.id for one in await office.store.load()] == ["bad"]
