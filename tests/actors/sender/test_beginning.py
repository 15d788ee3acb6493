"""Lines that are told to begin: what they raise at once, and what they never answer."""

from __future__ import annotations

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from actors.messages import Outbound, OutboundState
from actors.sender import (
    DrainSends,
    Leave,
    OutcomeUnknown,
    Rejected,
    Retry,
    Sender,
    Sent,
    Told,
)
from actors.sender.delivery import SEND_SECONDS
from actors.sender.pump import SIDE_BY_SIDE
from tests.actors.journal.builders import end_and_start_again, saying
from tests.actors.sender.offices import FakeLine, office

S = OutboundState


@pytest.fixture
def prompt() -> None:
    """These lines say themselves what they do."""


class Hasty(FakeLine):
    """Raises in the call that begins it, the first times."""

    def __init__(self, error: BaseException, times: int) -> None:
        super().__init__()
        self.error = error
        self.times = times

    def begin(self, out: Outbound, told: Told) -> Leave | None:
        if not self.times:
            return None
        self.times -= 1
        raise self.error


class Mute(FakeLine):
    """Begins whatever it is told to, and is told of what nobody waits for any more."""

    def __init__(self) -> None:
        super().__init__()
        self.begun: dict[str, Told] = {}
        self.left: list[str] = []

    def begin(self, out: Outbound, told: Told) -> Leave | None:
        self.begun[out.key] = told
        return lambda: self.left.append(out.key)


class Instant(FakeLine):
    """Knows in the very call that begins it what became of it, and says so at once."""

    def __init__(self, became: Sent | Exception) -> None:
        super().__init__()
        self.became = became
        self.left: list[str] = []

    def begin(self, out: Outbound, told: Told) -> Leave | None:
        self._hear(out)
        told(self.became)
        return lambda: self.left.append(out.key)


@pytest.mark.parametrize(
    ("became", "state"),
    [(Sent("1"), S.SENT), (Rejected("no"), S.REJECTED), (KeyError("id"), S.UNKNOWN)],
)
async def test_what_is_told_within_the_call_counts(
    autojump_clock: MockClock, became: Sent | Exception, state: OutboundState
) -> None:
    """Seed 004. However many wait: each of them ends by itself, not inside of another."""
    with capture_logs():
        async with office() as (parts, _):
            receipts = [
                await parts.outbox.say(saying(f"k{n}", f"room{n}")) for n in range(300)
            ]
            line = Instant(became)
            began = trio.current_time()
            parts.lines.connect(line)
            for receipt in receipts:
                assert (await receipt.outcome(within=200.0)).state is state
            assert trio.current_time() == began
            assert len(line.keys) == len(set(line.keys)) == 300
            assert not line.left


@pytest.mark.parametrize(
    ("raised", "state"),
    [
        (Rejected("no"), S.REJECTED),
        (OutcomeUnknown("who knows"), S.UNKNOWN),
        (ZeroDivisionError("oops"), S.UNKNOWN),
        (SystemExit("a library that thinks it is a program"), S.UNKNOWN),
        (Retry(5.0, "busy"), S.SENT),
    ],
)
async def test_what_is_raised_at_once_means_what_send_would_mean_by_it(
    autojump_clock: MockClock, raised: BaseException, state: OutboundState
) -> None:
    """Seed 004. However many wait: each of them ends by itself, not inside of another."""
    with capture_logs():
        async with office() as (parts, _):
            receipts = [
                await parts.outbox.say(saying(f"k{n}", f"room{n}")) for n in range(300)
            ]
            line = Hasty(raised, len(receipts))
            parts.lines.connect(line)
            for receipt in receipts:
                assert (await receipt.outcome(within=60.0)).state is state
            assert len(line.keys) == (300 if state is S.SENT else 0)


async def test_what_is_never_answered_is_unknown_in_the_end_and_may_come_late(
    autojump_clock: MockClock,
) -> None:
    """A25: the line has forgotten its own deadline."""
    line = Mute()
    with capture_logs():
        async with office() as (parts, _):
            parts.lines.connect(line)
            receipt = await parts.outbox.say(saying("a"))
            began = trio.current_time()
            outcome = await receipt.outcome(within=1000.0)
            assert trio.current_time() - began == pytest.approx(SEND_SECONDS)
            assert outcome.state is S.UNKNOWN
            assert line.left == ["a"]
            line.begun["a"](Sent("1"))
            assert receipt.unknown, "what nobody waits for is told another way"


async def test_a_lost_line_ends_what_it_has_begun_and_no_other(
    autojump_clock: MockClock,
) -> None:
    line, other = Mute(), Mute()
    other.account = "2"
    with capture_logs():
        async with office() as (parts, _):
            parts.lines.connect(line)
            parts.lines.connect(other)
            lost = await parts.outbox.say(saying("a"))
            kept = await parts.outbox.say(saying("b", account="2"))
            await trio.sleep(1)
            parts.lines.disconnect(line)
            assert lost.unknown
            assert "the line was lost" in lost.current.detail
            assert line.left == ["a"]
            assert not kept.settled
            other.begun["b"](Sent("1"))
            assert kept.current.state is S.SENT
            assert not other.left


async def test_what_has_begun_is_waited_for_when_the_host_leaves(
    autojump_clock: MockClock,
) -> None:
    line = Mute()
    with capture_logs():
        async with office() as (parts, system):
            parts.lines.connect(line)
            answered = await parts.outbox.say(saying("a", "x"))
            mute = await parts.outbox.say(saying("b", "y"))
            await trio.sleep(1)
            line.begun["a"](Sent("1"))
            sender = system.find("/sender", Sender)
            assert await sender.ask(DrainSends(3.0), within=10.0) == 1
            assert answered.current.state is S.SENT
            assert mute.unknown
            assert line.left == ["b"]


async def test_a_sender_that_ends_gives_up_what_it_has_begun(
    autojump_clock: MockClock,
) -> None:
    """Law 6: nobody can know; and an answer to the one before is none to its successor."""
    line = Mute()
    with capture_logs():
        async with office() as (parts, system):
            parts.lines.connect(line)
            lost = await parts.outbox.say(saying("a"))
            await trio.sleep(1)
            await end_and_start_again(system, "/sender", parts.sender)
            assert lost.unknown
            assert line.left == ["a"]
            line.begun["a"](Sent("1"))
            assert lost.unknown
            again = await parts.outbox.say(saying("b"))
            await trio.sleep(1)
            line.begun["b"](Sent("2"))
            assert again.current.message_id == "2"


class Broken(Mute):
    """Cannot be left without an exception."""

    def begin(self, out: Outbound, told: Told) -> Leave | None:
        super().begin(out, told)

        def leave() -> None:
            raise ZeroDivisionError

        return leave


async def test_a_line_that_cannot_be_left_does_not_use_up_the_places_of_its_account(
    autojump_clock: MockClock,
) -> None:
    """Law 11: what it raises costs its message, and none of those that come later."""
    line = Broken()
    with capture_logs():
        async with office() as (parts, _):
            parts.lines.connect(line)
            for n in range(2 * SIDE_BY_SIDE):
                await parts.outbox.say(saying(f"k{n}", f"room{n}"))
            await trio.sleep(3 * SEND_SECONDS)
            assert len(line.begun) == 2 * SIDE_BY_SIDE
            last = await parts.outbox.say(saying("last"))
            line.begun["last"](Sent("1"))
            assert last.current.state is S.SENT
