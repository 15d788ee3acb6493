"""A change finds the message that it is meant for, or says why there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from trio.testing import MockClock

from actors.journal import OutgoingLimits
from actors.messages import (
    Change,
    Delete,
    Edit,
    Emoji,
    Ours,
    Outbound,
    OutboundState,
    Outcome,
    React,
)
from actors.sender import OutcomeUnknown, Rejected, Retry, Sent, Terms
from actors.sender.aiming import aimed
from tests.actors.journal.builders import saying
from tests.actors.journal.forms import in_file
from tests.actors.sender.offices import FakeLine, office

S = OutboundState
OURS = Ours("a")
outcomes = st.builds(
    Outcome, st.sampled_from(S), st.text(max_size=5), st.sampled_from(["", "id-a"])
)
changes: st.SearchStrategy[Change] = st.sampled_from(
    [Edit(OURS), Delete(OURS), React(OURS, "👍"), React(OURS, Emoji("1"), remove=True)]
)


@given(changes, st.none() | outcomes, st.booleans())
def test_only_what_was_said_and_has_an_id_can_be_changed(
    change: Change, outcome: Outcome | None, repeated: bool
) -> None:
    out = saying("b", change=change)
    if outcome is not None and outcome.delivered and outcome.message_id:
        meant = aimed(out, change, outcome, repeated=repeated)
        assert meant == evolve(out, change=evolve(change, target="id-a"))
        return
    lost = outcome is None or outcome.state in (S.UNKNOWN, S.QUEUED, S.SENDING)
    with pytest.raises(
        OutcomeUnknown if repeated and lost else Rejected,
        match=f"the message to {type(change).__name__.lower()}",
    ):
        aimed(out, change, outcome, repeated=repeated)


async def test_what_may_have_gone_out_is_not_called_rejected_because_its_aim_is_gone(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law 6: only the platform can say that it has not done it."""

    def answer(out: Outbound) -> Sent:
        if out.key == "b":
            raise OutcomeUnknown("cut")
        return Sent("id-a")

    with capture_logs():
        async with office() as (parts, _):
            find = parts.outbox.find_outcome
            found: list[Outcome | None] = []

            async def forgetful(key: str) -> Outcome | None:
                found.append(None if found else await find(key))
                return found[-1]

            monkeypatch.setattr(parts.outbox, "find_outcome", forgetful)
            line = FakeLine(answer)
            parts.lines.connect(line, Terms(idempotent_for=43_200.0))
            await parts.outbox.say(saying("a"))
            receipt = await parts.outbox.say(saying("b", change=Edit(OURS)))
            await trio.sleep(1000)
    assert line.keys == ["a", "b"]
    assert len(found) > 1
    assert receipt.state is S.UNKNOWN


async def test_an_edit_waits_for_what_it_edits_and_goes_to_its_id(
    autojump_clock: MockClock,
) -> None:
    """Law 7: in order per chat, also where the first is refused for a while."""
    answers: list[Exception | None] = [Retry(30.0), None, None, None]

    def answer(out: Outbound) -> Sent:
        error = answers.pop(0)
        if error is not None:
            raise error
        return Sent("" if isinstance(out.change, React) else "7")

    with capture_logs():
        async with office() as (parts, _):
            await parts.outbox.say(saying("a"))
            edit = await parts.outbox.say(saying("b", text="no", change=Edit(OURS)))
            react = await parts.outbox.say(
                saying("c", text="", change=React(OURS, "x"))
            )
            line = FakeLine(answer)
            parts.lines.connect(line)
            assert (await edit.outcome(within=60.0)).state is S.SENT
            assert (await react.outcome(within=60.0)).state is S.SENT
    assert line.keys == ["a", "a", "b", "c"]
    assert [out.change for out in line.outs[2:]] == [Edit("7"), React("7", "x")]


async def test_an_id_of_the_platform_goes_as_it_is(autojump_clock: MockClock) -> None:
    async with office() as (parts, _):
        line = FakeLine()
        parts.lines.connect(line)
        receipt = await parts.outbox.say(saying("b", text="", change=Delete("99")))
        await receipt.outcome(within=60.0)
    assert [out.change for out in line.outs] == [Delete("99")]


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (Rejected("banned"), "the message to delete was never said (rejected: banned)"),
        (OutcomeUnknown("cut"), "nobody knows whether the message to delete was said"),
    ],
)
async def test_what_was_not_said_is_not_changed_and_the_receipt_tells_why(
    error: Exception, why: str, autojump_clock: MockClock
) -> None:
    """Law 6: an unknown one holds nobody up; nothing of the change leaves."""

    def answer(_: Outbound) -> Sent:
        raise error

    with capture_logs():
        async with office() as (parts, _):
            line = FakeLine(answer)
            parts.lines.connect(line)
            await parts.outbox.say(saying("a"))
            receipt = await parts.outbox.say(saying("b", text="", change=Delete(OURS)))
            outcome = await receipt.outcome(within=60.0)
    assert outcome == Outcome(S.REJECTED, why)
    assert line.keys == ["a"]


async def test_an_edit_of_what_was_said_in_parts_is_rejected(
    autojump_clock: MockClock,
) -> None:
    with capture_logs():
        async with office() as (parts, _):
            parts.lines.connect(FakeLine())
            await parts.outbox.say(saying("a"))
            change = Edit(Ours("a", parts=3))
            outcome = await (
                await parts.outbox.say(saying("b", change=change))
            ).outcome()
    assert outcome.state is S.REJECTED
    assert "said in 3 parts" in outcome.detail


async def test_a_change_that_is_repeated_has_the_same_aim(
    tmp_path: Path, autojump_clock: MockClock
) -> None:
    """Law 8: killed on the way, the next process knows which message was meant."""
    limits = OutgoingLimits(settled=1)
    with capture_logs():
        async with in_file(tmp_path, outbox=limits) as kept, office(kept) as (parts, _):
            line = FakeLine()
            parts.lines.connect(line)
            for key in "axyz":  # more than are kept in mind
                receipt = await parts.outbox.say(saying(key))
                await receipt.outcome(within=60.0)
            parts.lines.disconnect(line)
            await parts.outbox.say(saying("b", text="new", change=Edit(OURS)))
        async with in_file(tmp_path, outbox=limits) as kept, office(kept) as (parts, _):
            line = FakeLine()
            parts.lines.connect(line)
            await trio.sleep(5)
    assert [(out.key, out.change) for out in line.outs] == [("b", Edit("id-a"))]
    assert line.outs[0].body == saying("b", text="new").body


async def test_a_change_whose_aim_cannot_be_looked_up_waits(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law 6: no byte of it has left, so it is not unknown."""
    with capture_logs() as logs:
        async with office() as (parts, _):
            find, asked = parts.outbox.find_outcome, []

            async def broken(key: str) -> Outcome | None:
                asked.append(trio.current_time())
                if len(asked) == 1:
                    raise RuntimeError("no disk")
                if len(asked) == 2:
                    await trio.sleep_forever()
                return await find(key)

            monkeypatch.setattr(parts.outbox, "find_outcome", broken)
            line = FakeLine()
            parts.lines.connect(line)
            await parts.outbox.say(saying("a"))
            receipt = await parts.outbox.say(saying("b", text="", change=Delete(OURS)))
            assert (await receipt.outcome(within=500.0)).state is S.SENT
    assert asked == [0.0, 10.0, 80.0]
    assert line.keys == ["a", "b"]
    assert [line["event"] for line in logs].count("delivery.not_aimed") == 1


@pytest.mark.parametrize("withdrawn_after", [1.5, 3.5])
async def test_an_edit_of_which_nobody_knows_does_not_come_after_a_newer_one(
    autojump_clock: MockClock, withdrawn_after: float
) -> None:
    """A repeat of what a newer edit has replaced would bring back what it said."""

    def answer(out: Outbound) -> Sent:
        if out.key == "older" and line.keys.count("older") < 3:
            raise OutcomeUnknown("502")
        return Sent(f"id-{out.key}")

    line = FakeLine(answer, seconds=1.0)
    with capture_logs():
        async with office() as (parts, _):
            parts.lines.connect(line, Terms(idempotent_for=43_200.0))
            await parts.outbox.say(saying("a"))
            older = await parts.outbox.say(saying("older", change=Edit(OURS)))
            await trio.sleep(withdrawn_after)  # on its way; or it waits to be repeated
            newer = await parts.outbox.say(saying("newer", change=Edit(OURS)))
            assert not parts.outbox.withdraw("older", "a newer edit took its place")
            await trio.sleep(1000)
            parts.lines.connect(line, Terms(idempotent_for=43_200.0))
            await trio.sleep(100)
    assert line.keys[-1] == "newer"
    assert newer.state is S.SENT
    assert older.unknown
