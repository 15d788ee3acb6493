"""A connection lives one session per incarnation, and its end says what comes next."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import pytest
import trio
from attrs import frozen
from structlog.testing import capture_logs
from trio.testing import MockClock

from actors.journal import Appended, Arrived
from actors.kernel import Crash, NeedsOperator, Normal, Shutdown, System
from actors.messages import Image, Inbound, Outbound, Text, plain_text
from platforms.base import (
    Actions,
    Caps,
    Connection,
    Fault,
    Finished,
    Link,
    Platform,
    Rejected,
    Sent,
    SessionEnded,
)
from platforms.base.arrivals import ON_THEIR_WAY
from platforms.base.seats import Seat
from tests.platforms.base.hosts import FakeHost, FakeJournal, saying


@frozen
class NoConfig:
    def faults(self) -> tuple[Fault, ...]:
        return ()


class Scripted(Platform[NoConfig]):
    """Its session is what the test says."""

    name = "scripted"
    config_type = NoConfig
    caps = Caps(segments=frozenset({Text}))

    def __init__(self, script: Callable[[Link], Awaitable[None]]) -> None:
        super().__init__(NoConfig())
        self.script = script
        self.said: list[str] = []

    async def session(self, link: Link) -> None:
        await self.script(link)

    async def send(self, link: Link, out: Outbound) -> Sent:
        self.said.append(plain_text(out.body))
        return Sent("m1")


class Running:
    """A connection as the root of a system of its own."""

    def __init__(self, script: Callable[[Link], Awaitable[None]]) -> None:
        self.host = FakeHost()
        self.platform = Scripted(script)
        self.seat = Seat("session")
        self.system = System(
            lambda: Connection("qq", self.platform, self.host.host(), self.seat)
        )

    @property
    def told(self) -> list[str]:
        return [f"{account}: {state}" for _, account, state in self.host.told]


async def forever(link: Link) -> None:
    link.up(account="10001")
    await trio.sleep_forever()


async def test_up_puts_a_line_into_the_lines_and_the_end_takes_it_out() -> None:
    running = Running(forever)
    async with running.system:
        line = await running.host.line("10001")
        assert (line.platform, line.account) == ("qq", "10001")
        assert (await line.send(saying("hi"))).id == "m1"
        assert running.platform.said == ["hi"]
    assert running.host.lines == {}
    assert running.told == [
        ": connecting",
        "10001: connecting",
        "10001: up",
        "10001: stopping",
        "10001: stopped",
    ]


async def test_what_cannot_be_shown_is_told_and_the_receipt_says_so() -> None:
    running = Running(forever)
    async with running.system:
        line = await running.host.line("10001")
        out = saying("hi")
        picture = Outbound(key="k", to=out.to, body=(Text("see "), Image("http://x/y")))
        assert (await line.send(picture)).degraded == "image as text"
    assert running.platform.said == ["see [image http://x/y]"]


@pytest.mark.parametrize(
    "raises", [None, OSError("reset"), ExceptionGroup("x", [OSError("reset")])]
)
async def test_a_session_that_ends_ends_its_incarnation(
    autojump_clock: MockClock, raises: Exception | None
) -> None:
    """B15: a raise anywhere is contained; B13: nothing reconnects by itself."""

    async def script(link: Link) -> None:
        link.up(account="10001")
        if raises is not None:
            raise raises

    running = Running(script)
    async with running.system as system:
        with trio.fail_after(5):
            reason = await system.ended()
    assert isinstance(reason, Crash)
    assert isinstance(reason.exception, SessionEnded)
    assert reason.exception.why == ("OSError: reset" if raises else "the peer left")
    assert running.host.lines == {}


async def test_a_mistake_of_ours_is_logged_with_its_traceback() -> None:
    async def script(link: Link) -> None:
        raise KeyError("post_type")

    running = Running(script)
    with capture_logs() as logs:
        async with running.system as system:
            await system.ended()
    assert [log["event"] for log in logs if log.get("exc_info")] == ["session.failed"]


async def test_a_person_is_needed() -> None:
    async def script(link: Link) -> None:
        raise NeedsOperator("token refused")

    running = Running(script)
    async with running.system as system:
        reason = await system.ended()
    assert isinstance(reason, NeedsOperator)
    assert running.told[-1] == ": needs_operator (token refused)"


async def test_finished_is_a_normal_end() -> None:
    async def script(link: Link) -> None:
        link.up(account="local")
        raise Finished("nothing more")

    running = Running(script)
    async with running.system as system:
        assert await system.ended() == Normal()
    assert running.told[-1] == "local: finished (nothing more)"
    assert running.host.lines == {}


async def test_what_was_read_before_the_end_can_still_be_answered() -> None:
    async def script(link: Link) -> None:
        link.up(account="local")
        raise Finished("end of input", still_sends=True)

    running = Running(script)
    async with running.system:
        await running.host.state("local", "finished (end of input)")
        line = await running.host.line("local")
        await line.send(saying("pong"))
        assert running.platform.said == ["pong"]
    assert running.host.lines == {}
    assert running.told[-1] == "local: finished (end of input)"


async def test_stopping_lets_the_session_say_goodbye(autojump_clock: MockClock) -> None:
    said: list[str] = []

    async def script(link: Link) -> None:
        try:
            await forever(link)
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(2)
            said.append("goodbye")

    running = Running(script)
    async with running.system as system:
        await running.host.line("10001")
        await system.stop(Shutdown("test"))
        assert said == ["goodbye"]


async def test_a_session_that_leaves_cannot_be_up_again() -> None:
    async def script(link: Link) -> None:
        try:
            await forever(link)
        finally:
            link.degraded("half of it is gone")
            link.up()

    running = Running(script)
    async with running.system:
        await running.host.line("10001")
    assert running.told[-3:] == ["10001: up", "10001: stopping", "10001: stopped"]


async def test_degraded_may_still_send_or_not() -> None:
    steps = trio.Event(), trio.Event()

    async def script(link: Link) -> None:
        link.up(account="10001")
        link.degraded("the account is offline")
        await steps[0].wait()
        link.degraded("nothing can be said", sends=False)
        await steps[1].wait()
        link.up()
        await trio.sleep_forever()

    running = Running(script)
    async with running.system:
        await running.host.state("10001", "degraded (the account is offline)")
        first = await running.host.line("10001")
        steps[0].set()
        await running.host.state("10001", "degraded (nothing can be said)")
        assert running.host.lines == {}
        steps[1].set()
        assert await running.host.line("10001") is not first


async def test_another_account_is_another_line() -> None:
    async def script(link: Link) -> None:
        link.up(account="10001")
        link.up(account="10002")
        await trio.sleep_forever()

    running = Running(script)
    async with running.system:
        line = await running.host.line("10002")
        assert line.account == "10002"
        assert list(running.host.lines) == [("qq", "10002")]
        assert list(running.host.states) == [("qq", "10002")]


async def test_an_event_that_is_refused_ends_no_session() -> None:
    """B27: one poisonous event must not come again and again, nor cost those behind it."""
    became: list[Appended] = []
    over = trio.Event()

    async def script(link: Link) -> None:
        link.up(account="10001")
        for name, text in (("m1", "hi"), ("m1", "hi"), ("m2", "huge")):
            appended = await link.deliver(Inbound(name, body=(Text(text),)))
            became.append(appended)
        both = [Inbound("m3", body=(Text("huge"),)), Inbound("m4", body=(Text("yo"),))]
        became.extend(await link.deliver_all(both))
        over.set()
        await trio.sleep_forever()

    running = Running(script)
    running.host.journal.refuses = "huge"
    with capture_logs() as logs:
        async with running.system:
            await over.wait()
    refused = [bool(one.refused) for one in became]
    assert refused == [False, False, True, True, False]
    assert [one.duplicate for one in became] == [False, True, False, False, False]
    assert running.host.journal.texts() == ["hi", "yo"]
    assert "session.ended" not in [log["event"] for log in logs]


async def test_what_is_acknowledged_together_moves_the_cursor_with_its_last() -> None:
    """Law 1: a process that ends in the middle of a batch is told all of it again."""
    seen: list[str | None] = []

    async def script(link: Link) -> None:
        link.up(account="10001")
        batch = [Inbound(name, body=(Text(name),)) for name in ("m1", "m2")]
        await link.deliver_all(batch, cursor=7)
        seen.append(link.cursor)
        await link.deliver_all(batch)
        await link.deliver_all([], cursor="8")
        seen.append(link.cursor)
        await trio.sleep_forever()

    running = Running(script)
    journal = running.host.journal
    async with running.system:
        await running.host.accepts(2)
        await trio.testing.wait_all_tasks_blocked()
        assert journal.brought[:2] == [("m1", None), ("m2", "7")]
        assert journal.cursors["qq", "10001"] == "8"
    assert seen == ["7", "8"]


class SlowDisk(FakeJournal):
    """Takes everything, and commits when a test says so."""

    commits: list[Callable[[], None]]

    def append_now(
        self,
        platform: str,
        account: str,
        arrived: Sequence[Arrived],
        told: Callable[[Arrived, Appended], None],
    ) -> bool:
        self.commits += [partial(told, one, Appended(1, False)) for one in arrived]
        return True


async def test_so_many_are_on_their_way_to_the_disk_and_no_more() -> None:
    """Law 4: beyond that a session waits, and then its peer."""
    taken: list[bool] = []

    async def script(link: Link) -> None:
        link.up(account="10001")
        batch = [Inbound(str(n)) for n in range(ON_THEIR_WAY - 1)]
        taken.append(link.deliver_now(batch))
        taken.append(link.deliver_now(batch[:2]))
        taken.append(link.deliver_now(batch[:1]))
        disk.commits.pop(0)()
        disk.commits.pop(0)()
        taken.append(link.deliver_now(batch[:2]))
        over.set()
        await trio.sleep_forever()

    over = trio.Event()
    running = Running(script)
    running.host.journal = disk = SlowDisk()
    disk.commits = []
    async with running.system:
        await over.wait()
    assert taken == [True, False, True, True]
    assert len(disk.commits) == ON_THEIR_WAY


async def test_deliver_returns_once_it_is_journalled() -> None:
    delivered = trio.Event()

    async def script(link: Link) -> None:
        link.up(account="10001")
        for _ in range(3):
            await link.deliver(Inbound("m1", body=(Text("hi"),)), cursor="7")
        await link.advance("8")
        assert link.cursor == "8"
        delivered.set()
        await trio.sleep_forever()

    running = Running(script)
    journal = running.host.journal
    journal.held = trio.Event()
    with capture_logs() as logs:
        async with running.system:
            await running.host.line("10001")
            await trio.testing.wait_all_tasks_blocked()
            assert not delivered.is_set()
            journal.held.set()
            await delivered.wait()
    assert journal.texts() == ["hi"], "delivered three times, accepted once"
    traces = [log["trace"] for log in logs if log["event"] == "event.accepted"]
    assert len(set(traces)) == 3


async def test_a_platform_without_actions_says_so() -> None:
    running = Running(forever)
    async with running.system:
        line = await running.host.line("10001")
        assert isinstance(line, Actions)
        with pytest.raises(Rejected, match="no action 'dance'"):
            await line.call("dance", {})


async def test_the_account_is_remembered_by_the_next_incarnation() -> None:
    running = Running(forever)
    running.seat.account = "10001"
    async with running.system:
        await running.host.line("10001")
    assert running.told[0] == "10001: connecting"
