"""How fast things go out: a platform's rates are kept, and nothing is lost for it."""

from __future__ import annotations

from collections import defaultdict
from math import inf

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from trio.testing import MockClock

from actors.messages import Outbound, OutboundKind, OutboundState
from actors.sender import Retry, Sent, Terms
from supervision.limits import Pace, Pacer
from tests.actors.journal.builders import end_and_start_again, saying
from tests.actors.sender.offices import FakeLine, office

S = OutboundState


def paced(shared: str = "", each: str = "") -> Terms:
    def paces(text: str) -> list[Pace]:
        pairs = [one.split("/") for one in text.split()]
        return [Pace(int(count), float(seconds)) for count, seconds in pairs]

    return Terms(Pacer(paces(shared), paces(each)))


async def test_a_backlog_leaves_in_order_at_the_pace_of_its_platform(
    autojump_clock: MockClock,
) -> None:
    """A28, B34, B35, B37, law 7: all of it, old before new, one a second in each chat."""
    async with office() as (parts, _):
        for n in range(20):
            for room in "xy":
                await parts.outbox.say(saying(f"{room}{n:02}", room))
        await trio.sleep(30)
        line = FakeLine()
        started = trio.current_time()
        parts.lines.connect(line, paced(each="1/1"))
        last = await parts.outbox.say(saying("x99", "x"))
        assert (await last.outcome(within=100.0)).state is S.SENT
    for room in "xy":
        said = [(k, at - started) for k, at in line.said if k[0] == room]
        assert [key for key, _ in said] == sorted(key for key, _ in said)
        for n, (_, at) in enumerate(said):
            assert at == pytest.approx(n, abs=0.01)


async def test_chats_share_the_allowance_of_their_account(
    autojump_clock: MockClock,
) -> None:
    async with office() as (parts, _):
        line = FakeLine()
        parts.lines.connect(line, paced(shared="5/10"))
        started = trio.current_time()
        receipts = [await parts.outbox.say(saying(f"k{n}", str(n))) for n in range(12)]
        for receipt in receipts:
            assert (await receipt.outcome(within=100.0)).state is S.SENT
    times = [round(at - started) for _, at in line.said]
    assert times == [0] * 5 + [10] * 5 + [20] * 2


async def test_neither_a_new_line_nor_a_new_sender_begins_a_new_allowance(
    autojump_clock: MockClock,
) -> None:
    """A peer that reconnects, or a crash of ours, must not double the rate."""
    with capture_logs():
        async with office() as (parts, system):
            terms, line = paced(each="1/60"), FakeLine()
            started = trio.current_time()
            for n in range(4):
                await parts.outbox.say(saying(f"k{n}", kind=OutboundKind.NOTICE))
            parts.lines.connect(line, terms)
            await trio.sleep(1)
            parts.lines.disconnect(line)
            parts.lines.connect(line, terms)
            await trio.sleep(1)
            await end_and_start_again(system, "/sender", parts.sender)
            await trio.sleep(200)
    assert [round(at - started) for _, at in line.said] == [0, 60, 120, 180]


async def test_what_its_rate_keeps_for_too_long_expires_and_costs_no_token(
    autojump_clock: MockClock,
) -> None:
    """B38: pacing drops nothing; age does."""
    async with office() as (parts, _):
        line = FakeLine()
        parts.lines.connect(line, paced(each="1/400"))
        receipts = [await parts.outbox.say(saying(f"k{n}")) for n in range(3)]
        await trio.sleep(601)
        fresh = await parts.outbox.say(saying("fresh"))
        await trio.sleep(200)
        assert [r.state for r in receipts] == [S.SENT, S.SENT, S.EXPIRED]
        assert fresh.state is S.SENT
        assert line.keys == ["k0", "k1", "fresh"]


async def test_a_delay_of_the_platform_and_its_rate_hold_both(
    autojump_clock: MockClock,
) -> None:
    """Law 10: the server-given one wins where it is longer."""
    refused: list[str] = []

    def answer(out: Outbound) -> Sent:
        if not refused:
            refused.append(out.key)
            raise Retry(25.0, "slow down")
        return Sent()

    with capture_logs():
        async with office() as (parts, _):
            line = FakeLine(answer)
            parts.lines.connect(line, paced(each="1/10"))
            started = trio.current_time()
            for n in range(3):
                await parts.outbox.say(saying(f"k{n}"))
            await trio.sleep(100)
    said = [(key, round(at - started)) for key, at in line.said]
    assert said == [("k0", 0), ("k0", 25), ("k1", 35), ("k2", 45)]


async def test_not_now_is_not_for_ever(autojump_clock: MockClock) -> None:
    """A platform that says nonsense must not silence a chat for good."""

    def answer(out: Outbound) -> Sent:
        if out.key == "k0":
            raise Retry(inf, "slow down")
        return Sent()

    with capture_logs():
        async with office() as (parts, _):
            line = FakeLine(answer)
            parts.lines.connect(line)
            await parts.outbox.say(saying("k0", kind=OutboundKind.NOTICE))
            await trio.sleep(20 * 3600)
            await parts.outbox.say(saying("k1", kind=OutboundKind.NOTICE))
            await trio.sleep(5 * 3600)
    assert line.keys == ["k0", "k1"]


@settings(max_examples=40, deadline=None)
@given(
    shared=st.sampled_from(["", "3/1", "2/5 1/1"]),
    each=st.sampled_from(["", "1/1", "2/3", "1/1 3/10"]),
    wishes=st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from([0.0, 0.0, 0.3, 2.0])),
        max_size=40,
    ),
    slow=st.sampled_from([0.0, 0.4]),
)
def test_everything_goes_out_in_order_and_within_the_rate(
    shared: str, each: str, wishes: list[tuple[str, float]], slow: float
) -> None:
    """A28, B37: over the whole way, journal and sender included."""

    async def main() -> None:
        async with office() as (parts, _):
            line = FakeLine(seconds=slow)
            parts.lines.connect(line, paced(shared, each))
            for n, (room, pause) in enumerate(wishes):
                await trio.sleep(pause)
                await parts.outbox.say(saying(f"{room}{n:02}", room))
            await trio.sleep(500)
        times = defaultdict[str, list[float]](list)
        for key, at in line.said:
            times[key[0]].append(at)
        assert sorted(line.keys) == sorted(
            f"{r}{n:02}" for n, (r, _) in enumerate(wishes)
        )
        for room in "abc":
            mine = [key for key in line.keys if key[0] == room]
            assert mine == sorted(mine)
        for text, kept in (
            (shared, [[at for _, at in line.said]]),
            (each, list(times.values())),
        ):
            for count, seconds in (one.split("/") for one in text.split()):
                for said in kept:
                    for at in said:
                        window = [
                            t for t in said if at <= t < at + float(seconds) - 1e-6
                        ]
                        assert len(window) <= int(count)

    trio.run(main, clock=MockClock(autojump_threshold=0))
