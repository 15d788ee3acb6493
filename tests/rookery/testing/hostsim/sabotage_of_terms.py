"""More ways to break the host: the terms on which it handles, says and gives up. `TERMS`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any

import pytest
from attrs import evolve
from msgspec.structs import replace

from actors.bots import asking, runner
from actors.bots.bot import Bot
from actors.bots.matching import Match
from actors.bots.runner import Runner
from actors.bots.turn import Turn
from actors.buffer import outbox
from actors.buffer.outbox import Outbox
from actors.buffer.parts import rows_of
from actors.journal import Claim, InboundRow, OutboundRow, OutgoingLimits
from actors.journal.outgoing import Outgoing
from actors.journal.sayings import OutgoingRecord
from actors.journal.sqlite import loading
from actors.journal.waiting import OutgoingAccount
from actors.messages import Chat, ChatAddress, ChatKind, Outbound, OutboundKind
from actors.router import desks
from actors.schedule import Later, Owed, owed, scheduler
from actors.schedule.timetable import Timetable
from actors.sender import Retry
from actors.sender.settling import Settling
from actors.sender.terms import Terms
from actors.tracker import STALE_SECONDS, Receipt, Tracker

Way = Callable[[pytest.MonkeyPatch], None]


def handles_what_went_stale(patch: pytest.MonkeyPatch) -> None:
    command = Bot.command

    def lasting(self: Bot, name: str, **options: Any) -> Any:
        return command(self, name, **{"max_age": 1e6, **options})

    patch.setattr(Bot, "command", lasting)


def says_what_went_stale(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(STALE_SECONDS, OutboundKind.REPLY, 1e6)


def gives_up_what_is_fresh(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(STALE_SECONDS, OutboundKind.REPLY, 20.0)


def ignores_a_delay(patch: pytest.MonkeyPatch) -> None:
    again = Settling._again

    def soon(self: Settling, row: OutboundRow, retry: Retry, terms: Terms) -> None:
        again(self, row, evolve(retry, after=0.0), terms)

    patch.setattr(Settling, "_again", soon)


def drops_too_early(patch: pytest.MonkeyPatch) -> None:
    def full(self: OutgoingAccount, _: OutgoingLimits, __: int) -> str:
        return "3 messages" if len(self.by_age) >= 3 else ""

    patch.setattr(OutgoingAccount, "full", full)


def loses_the_trace(patch: pytest.MonkeyPatch) -> None:
    say = Outbox.say

    async def traceless(self: Outbox, out: Outbound) -> Receipt:
        return await say(self, evolve(out, trace="lost"))

    patch.setattr(Outbox, "say", traceless)


def cancels_at_will(patch: pytest.MonkeyPatch) -> None:
    say = Outbox.say
    said = count(1)

    async def fickle(self: Outbox, out: Outbound) -> Receipt:
        receipt = await say(self, out)
        if next(said) % 15 == 0:
            self.withdraw(out.key, "no reason")
        return receipt

    patch.setattr(Outbox, "say", fickle)


def says_it_elsewhere(patch: pytest.MonkeyPatch) -> None:
    def elsewhere(out: Outbound) -> Outbound:
        to = ChatAddress(out.to.platform, out.to.account, Chat(ChatKind.GROUP, "other"))
        return evolve(out, to=to)

    _launch(patch, elsewhere)


def says_something_else(patch: pytest.MonkeyPatch) -> None:
    bodies: list[Any] = [()]

    def mixed(out: Outbound) -> Outbound:
        bodies.append(out.body)
        return evolve(out, body=bodies[-2])

    _launch(patch, mixed)


def _launch(patch: pytest.MonkeyPatch, changed: Callable[[Outbound], Outbound]) -> None:
    launch = Outgoing._launch
    launched = count(1)

    def wrong(
        self: Outgoing, claim: Claim, record: OutgoingRecord, now: float
    ) -> OutboundRow:
        row = launch(self, claim, record, now)
        if row.out.change is not None or next(launched) % 20:
            return row
        return replace(row, out=changed(row.out))

    patch.setattr(Outgoing, "_launch", wrong)


def writes_each_part_alone(patch: pytest.MonkeyPatch) -> None:
    async def one_by_one(self: Outbox, rows: Sequence[Outbound], at: float) -> Receipt:
        queued = [await self._journal.enqueue(out, expires_at=at) for out in rows]
        return [self._begun(*part) for part in zip(rows, queued, strict=True)][-1]

    patch.setattr(Outbox, "_say_all", one_by_one)


def says_parts_backwards(patch: pytest.MonkeyPatch) -> None:
    def backwards(out: Outbound, bodies: Any) -> list[Outbound]:
        return rows_of(out, bodies[::-1])

    patch.setattr(outbox, "rows_of", backwards)


def ignores_late_answers(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Outbox, "answered_late", lambda *_: False)


def tells_bots_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Tracker, "settle", lambda *_: None)


def tries_too_often(patch: pytest.MonkeyPatch) -> None:
    run = Runner._run

    async def stubborn(self: Runner, turn: Turn, match: Match, *, alone: bool) -> None:
        try:
            await run(self, turn, match, alone=alone)
        except Exception:
            if not match.handler.retry:
                raise
            await run(self, turn, match, alone=alone)

    patch.setattr(Runner, "_run", stubborn)


def forgets_deadlines(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(runner, "_limit", lambda _: 300.0)


def takes_anybodys_answer(patch: pytest.MonkeyPatch) -> None:
    answers = asking.answers

    def anybodys(row: InboundRow) -> asking.Asked | None:
        asked = answers(row)
        return None if asked is None else (*asked[:3], "quizzer")

    patch.setattr(asking, "answers", anybodys)


def rings_early(patch: pytest.MonkeyPatch) -> None:
    due = Timetable.due_laters

    def early(self: Timetable, now: float) -> Iterator[Later]:
        return due(self, now + 30)

    patch.setattr(Timetable, "due_laters", early)


def leaves_out_runs(patch: pytest.MonkeyPatch) -> None:
    looks = count(1)

    def forgetful(*plan: Any) -> Owed:
        debt = owed(*plan)
        return evolve(debt, due=()) if debt.due and next(looks) % 3 == 0 else debt

    patch.setattr(scheduler, "owed", forgetful)


def never_quarantines(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(loading, "MAX_BOOTS", 1_000)
    patch.setattr(desks, "MAX_DEATHS", 1_000)


TERMS: dict[str, Way] = {
    way.__name__: way
    for way in (
        handles_what_went_stale,
        says_what_went_stale,
        gives_up_what_is_fresh,
        ignores_a_delay,
        drops_too_early,
        loses_the_trace,
        cancels_at_will,
        says_it_elsewhere,
        says_something_else,
        writes_each_part_alone,
        says_parts_backwards,
        ignores_late_answers,
        tells_bots_nothing,
        tries_too_often,
        forgets_deadlines,
        takes_anybodys_answer,
        rings_early,
        leaves_out_runs,
        never_quarantines,
    )
}
