"""What nobody knows is said again, under its key, as long as the platform knows the key."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from math import inf
from pathlib import Path
from typing import TypeAlias

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from actors.journal import FileJournal
from actors.messages import Edit, Ours, Outbound, OutboundKind, OutboundState
from actors.sender import OutcomeUnknown, Retry, Sent, Terms
from tests.actors.journal.builders import end_and_start_again, saying
from tests.actors.journal.forms import crash, in_file
from tests.actors.sender.offices import FakeLine, Office, office

S = OutboundState
FOR_EVER = Terms(idempotent_for=inf)


async def test_a_lost_line_is_no_reason_to_say_it_twice_or_never(
    autojump_clock: MockClock,
) -> None:
    """Law 6, A25, B36: unknown at once; sent again when the line is back, before the rest."""
    with capture_logs() as logs:
        async with office() as (parts, _):
            line = FakeLine(seconds=1e9)
            parts.lines.connect(line, FOR_EVER)
            first = await parts.outbox.say(saying("a"))
            second = await parts.outbox.say(saying("b"))
            await trio.sleep(5)
            parts.lines.disconnect(line)
            assert (await first.outcome(within=60.0)).unknown
            assert second.state is S.QUEUED
            await trio.sleep(60)

            newer = FakeLine()
            parts.lines.connect(newer, FOR_EVER)
            assert (await second.outcome(within=60.0)).state is S.SENT
            assert newer.keys == ["a", "b"]
            assert (first.state, first.current.message_id) == (S.SENT, "id-a")
    (repeated,) = [line for line in logs if line["event"] == "delivery.repeated"]
    assert (repeated["trace"], repeated["attempt"]) == ("t-a", 2)


async def test_a_line_that_was_replaced_at_once_is_no_different(
    autojump_clock: MockClock,
) -> None:
    with capture_logs():
        async with office() as (parts, _):
            parts.lines.connect(FakeLine(seconds=1e9), FOR_EVER)
            first = await parts.outbox.say(saying("a"))
            second = await parts.outbox.say(saying("b"))
            await trio.sleep(5)
            newer = FakeLine()
            parts.lines.connect(newer, FOR_EVER)
            assert (await second.outcome(within=60.0)).state is S.SENT
            assert newer.keys == ["a", "b"]
            assert first.state is S.SENT


async def test_when_its_key_is_forgotten_there_it_stays_unknown(
    autojump_clock: MockClock,
) -> None:
    """Law 6: counted from the first attempt, not from when we noticed."""
    with capture_logs():
        async with office() as (parts, _):
            line = FakeLine(seconds=1e9)
            terms = Terms(idempotent_for=60.0)
            parts.lines.connect(line, terms)
            receipt = await parts.outbox.say(saying("a"))
            await trio.sleep(50)
            parts.lines.disconnect(line)
            await trio.sleep(9)
            newer = FakeLine(seconds=1e9)
            parts.lines.connect(newer, terms)
            await trio.sleep(0.5)
            assert newer.keys == ["a"]
            parts.lines.disconnect(newer)
            newest = FakeLine()
            parts.lines.connect(newest, terms)
            await trio.sleep(100)
            assert newest.keys == []
            assert receipt.unknown
            assert parts.journal.counts().unknown == 1


async def test_a_platform_that_knows_no_keys_is_never_told_twice(
    autojump_clock: MockClock,
) -> None:
    """A25: nothing is repeated by a guess."""
    with capture_logs():
        async with office() as (parts, _):
            line = FakeLine(seconds=1e9)
            parts.lines.connect(line)
            await parts.outbox.say(saying("a"))
            await trio.sleep(100)
            parts.lines.connect(FakeLine())
            await trio.sleep(1000)
            assert line.keys == ["a"]
            assert parts.journal.counts().unknown == 1


async def test_what_is_stale_by_then_is_not_repeated(autojump_clock: MockClock) -> None:
    """B38: nor is it called expired: it may have gone out."""
    with capture_logs():
        async with office() as (parts, _):
            line = FakeLine(seconds=1e9)
            parts.lines.connect(line, FOR_EVER)
            receipt = await parts.outbox.say(saying("a"))
            await trio.sleep(5)
            parts.lines.disconnect(line)
            await trio.sleep(700)
            newer = FakeLine()
            parts.lines.connect(newer, FOR_EVER)
            await trio.sleep(100)
            parts.outbox.sweep()
            assert newer.keys == []
            assert receipt.unknown
            assert parts.shelf == []


async def test_a_second_doubt_lets_the_chat_go_on(autojump_clock: MockClock) -> None:
    """Law 6: unknown blocks neither the chat nor the asker."""

    def answer(out: Outbound) -> Sent:
        if out.key == "bad":
            raise OutcomeUnknown("no answer")
        return Sent()

    with capture_logs():
        async with office() as (parts, _):
            line = FakeLine(answer)
            parts.lines.connect(line, FOR_EVER)
            started = trio.current_time()
            bad = await parts.outbox.say(saying("bad"))
            good = await parts.outbox.say(saying("good"))
            assert (await bad.outcome(within=1.0)).unknown
            assert (await good.outcome(within=1.0)).state is S.SENT
            await trio.sleep(10_000)
            assert bad.unknown
    said = [(key, round(at - started)) for key, at in line.said]
    assert said == [
        *(("bad", 0), ("bad", 0), ("good", 0)),
        *(("bad", 10), ("bad", 70), ("bad", 370)),
    ]


async def test_not_now_after_a_doubt_does_not_make_it_sure(
    autojump_clock: MockClock,
) -> None:
    """The second attempt was refused; what became of the first is as unknown as before."""
    answers: list[Exception] = [OutcomeUnknown("?"), Retry(20.0, "slow mode")]

    def answer(out: Outbound) -> Sent:
        if answers:
            raise answers.pop(0)
        return Sent("77")

    with capture_logs():
        async with office() as (parts, _):
            line = FakeLine(answer)
            parts.lines.connect(line, FOR_EVER)
            receipt = await parts.outbox.say(saying("a"))
            await trio.sleep(10)
            assert receipt.unknown
            await trio.sleep(15)
            assert receipt.current.message_id == "77"


async def test_a_sender_that_ends_leaves_its_doubts_to_the_next(
    autojump_clock: MockClock,
) -> None:
    with capture_logs():
        async with office() as (parts, system):
            line = FakeLine(seconds=10.0)
            parts.lines.connect(line, FOR_EVER)
            first = await parts.outbox.say(saying("a"))
            second = await parts.outbox.say(saying("b"))
            await trio.sleep(5)
            await end_and_start_again(system, "/sender", parts.sender)
            assert (await second.outcome(within=60.0)).state is S.SENT
            assert first.state is S.SENT
            assert line.keys == ["a", "a", "b"]


Process: TypeAlias = Callable[
    [], AbstractAsyncContextManager[tuple[Office, FileJournal]]
]


@pytest.fixture
def process(tmp_path: Path) -> Process:
    """One life of a host on the same file."""

    @asynccontextmanager
    async def process() -> AsyncIterator[tuple[Office, FileJournal]]:
        async with in_file(tmp_path) as kept, office(kept) as (parts, _):
            yield parts, kept

    return process


@pytest.mark.parametrize(
    ("away", "idempotent_for", "said"),
    [
        (20.0, inf, ["a", "b"]),
        (20.0, 60.0, ["a", "b"]),
        (20.0, 20.0, ["b"]),
        (20.0, 0.0, ["b"]),
    ],
)
async def test_a_killed_process_is_remembered_by_the_next(
    autojump_clock: MockClock,
    process: Process,
    away: float,
    idempotent_for: float,
    said: list[str],
) -> None:
    """Law 6, law 8, E21: `sending` at the kill is unknown; its first attempt is dated."""
    terms = Terms(idempotent_for=idempotent_for)
    with capture_logs():
        async with process() as (parts, kept):
            parts.lines.connect(FakeLine(seconds=1e9), terms)
            await parts.outbox.say(saying("a"))
            await parts.outbox.say(saying("b"))
            await trio.sleep(1)
            await crash(kept)
        await trio.sleep(away - 1)
        async with process() as (parts, kept):
            line = FakeLine()
            parts.lines.connect(line, terms)  # perhaps before the file is open
            await trio.sleep(5)
            assert line.keys == said
            assert kept.counts().unknown == 2 - len(said)


async def test_a_message_that_kills_the_process_is_given_up_in_the_end(
    autojump_clock: MockClock, process: Process
) -> None:
    """Section 2 (poison): how often it was in doubt outlives the process, too."""
    attempts = 0
    with capture_logs():
        for _ in range(8):
            async with process() as (parts, kept):
                line = FakeLine(seconds=1e9)
                parts.lines.connect(line, FOR_EVER)
                await parts.outbox.say(saying("bad", kind=OutboundKind.NOTICE))
                await trio.sleep(400)
                attempts += len(line.keys)
                await crash(kept)
    assert attempts == 5


@pytest.mark.parametrize("withdrawn_after", [1.5, 3.5])
async def test_the_next_process_does_not_repeat_an_edit_that_a_newer_one_replaced(
    autojump_clock: MockClock, process: Process, withdrawn_after: float
) -> None:
    """Law 8: the newer one is out, and what it has replaced must not come after it."""

    def answer(out: Outbound) -> Sent:
        if out.key == "older":
            raise OutcomeUnknown("502")
        return Sent(f"id-{out.key}")

    terms = Terms(idempotent_for=43_200.0)
    with capture_logs():
        async with process() as (parts, kept):
            parts.lines.connect(FakeLine(answer, seconds=1.0), terms)
            await parts.outbox.say(saying("a"))
            await parts.outbox.say(saying("older", change=Edit(Ours("a"))))
            await trio.sleep(withdrawn_after)  # on its way; or it waits to be repeated
            await parts.outbox.say(saying("newer", change=Edit(Ours("a"))))
            assert not parts.outbox.withdraw("older", "a newer edit took its place")
            await trio.sleep(5)
            await crash(kept)
        async with process() as (parts, kept):
            line = FakeLine()
            parts.lines.connect(line, terms)
            await trio.sleep(1000)
            assert line.keys == []
            assert kept.counts().unknown == 1
