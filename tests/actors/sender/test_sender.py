"""The sender: in order per chat, side by side otherwise, honest about what it cannot know."""

from __future__ import annotations

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock, wait_all_tasks_blocked

from actors.messages import Outbound, OutboundState
from actors.sender import (
    DrainSends,
    OutcomeUnknown,
    Rejected,
    Retry,
    Sender,
    Sent,
)
from tests.actors.journal.builders import end_and_start_again, saying
from tests.actors.sender.offices import FakeLine, office

S = OutboundState


async def test_what_is_said_is_sent_and_the_receipt_tells(
    autojump_clock: MockClock,
) -> None:
    """A24: a receipt for everything; law 12: its trace is current while it is sent."""
    async with office() as (parts, _):
        line = FakeLine(seconds=2.0)
        parts.lines.connect(line)
        receipt = await parts.outbox.say(saying("a"))
        outcome = await receipt.outcome(within=60.0)
    assert (outcome.state, outcome.message_id) == (S.SENT, "id-a")
    assert line.traces == ["t-a"]


async def test_offline_keeps_and_replays_in_order_old_before_new(
    autojump_clock: MockClock,
) -> None:
    """B31, B34, B35: driven by the connection; drains until empty; no overtaking."""
    async with office() as (parts, _):
        receipts = [
            await parts.outbox.say(saying(f"{room}{n}", room))
            for n in range(60)
            for room in "xy"
        ]
        await trio.sleep(30)
        line = FakeLine(seconds=0.1)
        parts.lines.connect(line)
        receipts.append(await parts.outbox.say(saying("x-new", "x")))
        for receipt in receipts:
            assert (await receipt.outcome(within=60.0)).state is S.SENT
    assert [k for k in line.keys if k[0] == "x"] == [
        *(f"x{n}" for n in range(60)),
        "x-new",
    ]
    assert line.most == 2  # the two chats side by side, one at a time each


async def test_accounts_and_chats_do_not_wait_for_each_other(
    autojump_clock: MockClock,
) -> None:
    """Issue: a peer that never reads; the others do not notice."""
    async with office() as (parts, _):
        stuck, fine = FakeLine(seconds=1e9), FakeLine(account="2")
        parts.lines.connect(stuck)
        parts.lines.connect(fine)
        for n in range(200):
            await parts.outbox.say(saying(f"s{n}", str(n)))
        receipt = await parts.outbox.say(saying("f", account="2"))
        assert (await receipt.outcome(within=1.0)).state is S.SENT
        assert stuck.most == 32


@pytest.mark.parametrize(
    ("raised", "state"),
    [
        (Rejected("muted"), S.REJECTED),
        (OutcomeUnknown("link lost"), S.UNKNOWN),
        (ConnectionResetError("torn"), S.UNKNOWN),
        (ValueError("a bug of the platform"), S.UNKNOWN),
    ],
)
async def test_refusals_are_told_apart_from_what_nobody_knows(
    autojump_clock: MockClock, raised: Exception, state: OutboundState
) -> None:
    """A25, section 2 (seed 004): an exception may hide that it went out. Sent once."""

    def answer(out: Outbound) -> Sent:
        if out.key == "bad":
            raise raised
        return Sent()

    with capture_logs():
        async with office() as (parts, _):
            line = FakeLine(answer)
            parts.lines.connect(line)
            bad = await parts.outbox.say(saying("bad"))
            good = await parts.outbox.say(saying("good"))
            assert (await bad.outcome(within=60.0)).state is state
            assert str(raised) in bad.current.detail
            assert (await good.outcome(within=60.0)).state is S.SENT
            await trio.sleep(3600)
    assert line.keys == ["bad", "good"]


async def test_degraded_says_how(autojump_clock: MockClock) -> None:
    """A27: what was lost is told, not hidden."""
    async with office() as (parts, _):
        parts.lines.connect(FakeLine(lambda _: Sent("1", degraded="no picture")))
        receipt = await parts.outbox.say(saying("a"))
        outcome = await receipt.outcome(within=60.0)
    assert (outcome.state, outcome.detail) == (S.DEGRADED, "no picture")


async def test_nonsense_from_a_platform_is_unknown(autojump_clock: MockClock) -> None:
    with capture_logs():
        async with office() as (parts, _):
            line = FakeLine()
            line._answer = lambda _: None  # type: ignore[assignment, return-value]
            parts.lines.connect(line)
            receipt = await parts.outbox.say(saying("a"))
            assert (await receipt.outcome(within=60.0)).unknown
            assert "NoneType" in receipt.current.detail


async def test_not_now_waits_as_long_as_the_platform_says(
    autojump_clock: MockClock,
) -> None:
    """B37, law 10: a server-given delay wins; the chat keeps its order, others go on."""
    refused: list[str] = []

    def answer(out: Outbound) -> Sent:
        if out.key == "a1" and len(refused) < 2:
            refused.append(out.key)
            raise Retry(7.0, "slow mode")
        return Sent()

    with capture_logs():
        async with office() as (parts, _):
            line = FakeLine(answer)
            parts.lines.connect(line)
            started = trio.current_time()
            a1 = await parts.outbox.say(saying("a1", "a"))
            a2 = await parts.outbox.say(saying("a2", "a"))
            await parts.outbox.say(saying("b1", "b"))
            await a2.outcome(within=100.0)
            assert a1.state is S.SENT
    times = [(key, at - started) for key, at in line.said]
    assert times == [("a1", 0), ("b1", 0), ("a1", 7), ("a1", 14), ("a2", 14)]


async def test_not_now_to_the_whole_account_holds_all_of_its_chats(
    autojump_clock: MockClock,
) -> None:
    """A20, B37: what the platform names waits, and nothing else does."""
    refused: list[str] = []

    def answer(out: Outbound) -> Sent:
        if not refused:
            refused.append(out.key)
            raise Retry(30.0, "flood", whole_account=True)
        return Sent()

    with capture_logs():
        async with office() as (parts, _):
            line, other = FakeLine(answer), FakeLine(account="2")
            parts.lines.connect(line)
            parts.lines.connect(other)
            started = trio.current_time()
            await parts.outbox.say(saying("a1", "a"))
            await trio.sleep(1)
            a2 = await parts.outbox.say(saying("a2", "a"))
            b1 = await parts.outbox.say(saying("b1", "b"))
            elsewhere = await parts.outbox.say(saying("e", account="2"))
            for receipt in (elsewhere, a2, b1):
                assert (await receipt.outcome(within=100.0)).state is S.SENT
    assert [at - started for _, at in other.said] == [1]
    times = [(key, at - started) for key, at in line.said]
    assert times[0] == ("a1", 0)
    assert sorted(times[1:]) == [("a1", 30), ("a2", 30), ("b1", 30)]
    assert line.keys[1:].index("a1") < line.keys[1:].index("a2")


async def test_a_chat_that_waits_goes_on_after_a_restart_of_the_sender(
    autojump_clock: MockClock,
) -> None:
    """Design 4: its timer ended with it; what it was for did not."""
    refused: list[str] = []

    def answer(out: Outbound) -> Sent:
        if not refused:
            refused.append(out.key)
            raise Retry(30.0, "slow mode")
        return Sent()

    with capture_logs():
        async with office() as (parts, system):
            line = FakeLine(answer)
            parts.lines.connect(line)
            started = trio.current_time()
            receipt = await parts.outbox.say(saying("a"))
            await trio.sleep(5)
            await end_and_start_again(system, "/sender", parts.sender)
            assert (await receipt.outcome(within=100.0)).state is S.SENT
    assert [at - started for _, at in line.said] == [0, 30]


@pytest.mark.parametrize("after", [0.0, -5.0, float("nan"), float("inf")])
async def test_a_senseless_delay_hurts_nobody(
    autojump_clock: MockClock, after: float
) -> None:
    """B08: a peer cannot make us spin, and what cannot be said expires."""

    def answer(_: Outbound) -> Sent:
        raise Retry(after)

    with capture_logs():
        async with office() as (parts, _):
            line = FakeLine(answer)
            parts.lines.connect(line)
            receipt = await parts.outbox.say(saying("a"))
            await trio.sleep(10)
            assert len(line.said) <= 101
            await trio.sleep(601)
            parts.outbox.sweep()
            assert receipt.state is S.EXPIRED


async def test_a_lost_line_settles_at_once_and_the_rest_waits(
    autojump_clock: MockClock,
) -> None:
    """Law 6, pitfall: a disconnect must settle pending answers as unknown at once."""
    with capture_logs():
        async with office() as (parts, _):
            line = FakeLine(seconds=1e9)
            parts.lines.connect(line)
            first = await parts.outbox.say(saying("a"))
            second = await parts.outbox.say(saying("b"))
            await trio.sleep(5)
            started = trio.current_time()
            parts.lines.disconnect(line)
            assert (await first.outcome(within=60.0)).unknown
            assert trio.current_time() == started
            assert "lost" in first.current.detail
            assert second.state is S.QUEUED

            newer = FakeLine()
            parts.lines.connect(newer)
            assert (await second.outcome(within=60.0)).state is S.SENT
            assert newer.keys == ["b"]
            assert first.unknown


async def test_a_newer_line_takes_over_and_a_late_farewell_changes_nothing(
    autojump_clock: MockClock,
) -> None:
    """Issue: newest connection wins; clean-up compares identity."""
    with capture_logs():
        async with office() as (parts, _):
            older, newer = FakeLine(seconds=1e9), FakeLine()
            parts.lines.connect(older)
            first = await parts.outbox.say(saying("a"))
            await trio.sleep(1)
            parts.lines.connect(newer)
            assert (await first.outcome(within=1.0)).unknown
            parts.lines.disconnect(older)
            second = await parts.outbox.say(saying("b"))
            assert (await second.outcome(within=1.0)).state is S.SENT
            assert parts.lines.accounts() == [("qq", "1")]


async def test_a_line_that_never_answers_is_given_up(
    autojump_clock: MockClock,
) -> None:
    with capture_logs():
        async with office() as (parts, _):
            parts.lines.connect(FakeLine(seconds=1e9))
            receipt = await parts.outbox.say(saying("a"))
            started = trio.current_time()
            assert (await receipt.outcome(within=1e6)).unknown
            assert trio.current_time() - started == 60.0


async def test_a_new_incarnation_repeats_nothing(autojump_clock: MockClock) -> None:
    """B36, law 6: what was on the wire at a crash is unknown; the rest is sent."""
    with capture_logs():
        async with office() as (parts, system):
            line = FakeLine(seconds=10.0)
            parts.lines.connect(line)
            first = await parts.outbox.say(saying("a"))
            second = await parts.outbox.say(saying("b"))
            await trio.sleep(5)

            await end_and_start_again(system, "/sender", parts.sender)

            assert (await first.outcome(within=60.0)).unknown
            assert (await second.outcome(within=60.0)).state is S.SENT
            assert line.keys == ["a", "b"]


async def test_saying_while_the_sender_is_down_raises_nothing(
    autojump_clock: MockClock,
) -> None:
    with capture_logs():
        async with office() as (parts, system):
            line = FakeLine()
            parts.lines.connect(line)
            incarnation = system.cells["/sender"].incarnation
            assert incarnation is not None
            await incarnation.kill_and_fence()
            receipt = await parts.outbox.say(saying("a"))
            another = FakeLine()
            parts.lines.connect(another)
            assert receipt.state is S.QUEUED
            assert line.keys == []


async def test_drain_begins_nothing_and_awaits_answers(
    autojump_clock: MockClock,
) -> None:
    """Design 5, leaving: acknowledgements are awaited, the rest becomes unknown."""
    with capture_logs():
        async with office() as (parts, system):
            line = FakeLine(seconds=3.0)
            slow = FakeLine(account="2", seconds=1e9)
            parts.lines.connect(line)
            parts.lines.connect(slow)
            first = await parts.outbox.say(saying("a"))
            stuck = await parts.outbox.say(saying("s", account="2"))
            second = await parts.outbox.say(saying("b"))
            await wait_all_tasks_blocked()
            started = trio.current_time()
            address = system.find("/sender", Sender)

            missing = await address.ask(DrainSends(within=8.0), within=20.0)

            assert trio.current_time() - started == 8.0
            assert missing == 1
            assert first.state is S.SENT
            assert (await stuck.outcome(within=1.0)).unknown
            assert second.state is S.QUEUED
            third = await parts.outbox.say(saying("c", "other"))
            await trio.sleep(10)
            assert third.state is S.QUEUED
            assert line.keys == ["a"]


async def test_drain_with_nothing_on_the_wire_returns_at_once(
    autojump_clock: MockClock,
) -> None:
    async with office() as (_, system):
        started = trio.current_time()
        address = system.find("/sender", Sender)
        assert await address.ask(DrainSends(within=8.0), within=20.0) == 0
        assert trio.current_time() == started


def test_refusals_say_why() -> None:
    assert str(Retry(2.5, "slow mode")) == "try again in 2.5 s: slow mode"
    assert str(Rejected("muted")) == "muted"
    assert isinstance(OutcomeUnknown("x"), Exception)
