"""Platforms whose code is wrong: what they answer is no text, as its author took it for one."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
from structlog.testing import capture_logs
from trio.testing import MockClock

from actors.messages import Outbound, OutboundState
from actors.sender import OutcomeUnknown, Rejected, Sent
from tests.actors.journal.builders import saying
from tests.actors.journal.forms import in_file
from tests.actors.sender.offices import FakeLine, office

S = OutboundState


@pytest.mark.parametrize(
    ("answer", "state", "message_id"),
    [
        (Sent(5), S.SENT, "5"),  # type: ignore[arg-type]
        (Sent(None), S.SENT, ""),
        (Sent("5", ("no", "pictures")), S.DEGRADED, "5"),  # type: ignore[arg-type]
        (Rejected(ValueError("no")), S.REJECTED, ""),  # type: ignore[arg-type]
        (OutcomeUnknown(504), S.UNKNOWN, ""),  # type: ignore[arg-type]
    ],
    ids=["number", "nothing", "tuple", "exception", "status"],
)
async def test_an_answer_that_holds_no_text_costs_nobody_else_anything(
    autojump_clock: MockClock,
    tmp_path: Path,
    answer: Sent | Rejected | OutcomeUnknown,
    state: OutboundState,
    message_id: str,
) -> None:
    """Law 11: a platform whose ids are numbers may not keep the journal from writing."""

    def answers(out: Outbound) -> Sent:
        if out.key != "a":
            return Sent("1")
        if isinstance(answer, Sent):
            return answer
        raise answer

    with capture_logs():
        async with in_file(tmp_path) as journal, office(journal) as (parts, _):
            parts.lines.connect(FakeLine(answers))
            receipt = await parts.outbox.say(saying("a", "x"))
            outcome = await receipt.outcome(within=60.0)
            assert (outcome.state, outcome.message_id) == (state, message_id)
            await trio.sleep(60)
            with trio.fail_after(60):
                other = await parts.outbox.say(saying("b", "y"))
            assert (await other.outcome(within=60.0)).state is S.SENT
            assert journal.health.state == "open"
        async with in_file(tmp_path) as journal:
            with trio.fail_after(60):
                found = await journal.find_outcome("a")
            assert found is not None
            assert (found.state, found.message_id) == (state, message_id)


async def test_a_reason_that_is_no_text_costs_nobody_else_anything(
    autojump_clock: MockClock, tmp_path: Path
) -> None:
    """Law 11: nor may a bot that says as its reason what it has caught."""
    with capture_logs():
        async with in_file(tmp_path) as journal, office(journal) as (parts, _):
            await parts.outbox.say(saying("a", "x"))
            why = ValueError("changed my mind")
            assert parts.outbox.withdraw("a", why)  # type: ignore[arg-type]
            await trio.sleep(60)
            parts.lines.connect(FakeLine())
            with trio.fail_after(60):
                other = await parts.outbox.say(saying("b", "y"))
            assert (await other.outcome(within=60.0)).state is S.SENT
        async with in_file(tmp_path) as journal:
            found = await journal.find_outcome("a")
            assert found is not None
            assert (found.state, found.detail) == (S.CANCELLED, "changed my mind")
