"""Things are said to an address; who carries them there is found out when they leave."""

from __future__ import annotations

import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from actors.messages import ChatAddress, Outbound, OutboundKind, OutboundState, Text
from tests.actors.journal.builders import saying
from tests.actors.sender.offices import FakeLine, office

S = OutboundState


def notice(key: str, address: str) -> Outbound:
    to = ChatAddress.parse(address)
    return Outbound(key=key, to=to, body=(Text("hi"),), kind=OutboundKind.NOTICE)


async def test_what_no_event_started_needs_no_session_to_be_said(
    autojump_clock: MockClock,
) -> None:
    """A29, A30: by address; who is offline has a buffer, not `None`."""
    async with office() as (parts, _):
        receipt = await parts.outbox.say(notice("n", "qq/1/group:42"))
        await trio.sleep(3600)
        assert receipt.state is S.QUEUED
        line = FakeLine()
        parts.lines.connect(line)
        assert (await receipt.outcome(within=1.0)).state is S.SENT


async def test_after_a_reload_the_new_line_is_used_and_the_old_one_is_not(
    autojump_clock: MockClock,
) -> None:
    """A30: found by name when it leaves, never kept."""
    with capture_logs():
        async with office() as (parts, _):
            stale, fresh = FakeLine(), FakeLine()
            parts.lines.connect(stale)
            first = await parts.outbox.say(saying("a"))
            await first.outcome(within=1.0)
            parts.lines.connect(fresh)
            second = await parts.outbox.say(saying("b"))
            assert (await second.outcome(within=1.0)).state is S.SENT
    assert (stale.keys, fresh.keys) == (["a"], ["b"])


async def test_no_other_account_speaks_for_one_that_is_away(
    autojump_clock: MockClock,
) -> None:
    """A31: the receipt names the account, and that is the one that said it."""
    with capture_logs():
        async with office() as (parts, _):
            ours, other = FakeLine(seconds=1e9), FakeLine(account="2")
            parts.lines.connect(ours)
            parts.lines.connect(other)
            first = await parts.outbox.say(saying("a"))
            second = await parts.outbox.say(saying("b"))
            await trio.sleep(1)
            parts.lines.disconnect(ours)
            await trio.sleep(100)
            assert first.unknown
            assert second.state is S.QUEUED
            assert other.keys == []
            again = FakeLine()
            parts.lines.connect(again)
            assert (await second.outcome(within=1.0)).state is S.SENT
            assert (second.to.platform, second.to.account) == ("qq", "1")


async def test_a_lines_deadline_is_short_and_what_it_said_is_known_for_long(
    autojump_clock: MockClock,
) -> None:
    """E20, E16: a minute for an answer; a day for an edit or a recall of what was sent."""
    with capture_logs():
        async with office() as (parts, _):
            line = FakeLine()
            parts.lines.connect(line)
            sent = await parts.outbox.say(saying("a"))
            await sent.outcome(within=1.0)
            parts.lines.connect(FakeLine(seconds=1e9))
            mute = await parts.outbox.say(saying("b"))
            started = trio.current_time()
            assert (await mute.outcome(within=1e6)).unknown
            assert trio.current_time() - started == 60.0
            await trio.sleep(20 * 3600)
            parts.tracker.expire()
            for key, state in (("a", S.SENT), ("b", S.UNKNOWN)):
                final = parts.tracker.index.final(key)
                assert final is not None
                assert final.outcome.state is state


async def test_whoever_said_it_may_die_and_it_is_said_all_the_same(
    autojump_clock: MockClock,
) -> None:
    """E11: once it is written down it is nobody's but the outbox's."""
    async with office() as (parts, _):
        with trio.CancelScope() as scope:
            await parts.outbox.say(saying("a"))
            scope.cancel()
            await trio.sleep(1)
        line = FakeLine()
        parts.lines.connect(line)
        await trio.sleep(1)
        outcome = parts.journal.outcome_of("a")
        assert outcome is not None
        assert outcome.state is S.SENT
