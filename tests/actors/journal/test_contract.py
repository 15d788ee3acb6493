"""What a journal promises, over both of its forms, against a list that is looked through.

One case is a string of operations on a virtual clock. The form in a file is also killed
and opened again in between; it must then know what it had promised.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from math import inf
from pathlib import Path
from typing import TypeVar

import pytest
import trio
from attrs import define, field
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from actors.journal import (
    GIVES_WAY,
    Claim,
    FileJournal,
    InboundRow,
    Kind,
    Letter,
    OutboundRow,
    OutgoingLimits,
    Said,
    Sought,
    kind_of,
    place_of,
)
from actors.journal.doubts import RETRY_SECONDS
from actors.journal.suspects import MAX_BOOTS
from actors.messages import (
    DEAD_INBOUND,
    DEAD_OUTBOUND,
    Change,
    Edit,
    Emoji,
    IllegalTransition,
    InboundState,
    Ours,
    Outbound,
    OutboundKind,
    OutboundState,
    Outcome,
    React,
)
from tests.actors.journal.builders import event, saying
from tests.actors.journal.claiming import claimed_outbound
from tests.actors.journal.forms import AnyJournal, crash, in_file, in_memory

I = InboundState  # noqa: E741 - the rules below are read aloud
O = OutboundState  # noqa: E741
T = TypeVar("T")
CAP = 5

_small = st.integers(0, 30)
_operations = st.one_of(
    st.tuples(st.just("append"), st.sampled_from(["qq", "irc"]), st.sampled_from("xy"), _small),
    st.tuples(st.just("take"), st.integers(1, 4)),
    st.tuples(st.just("settle"), _small, st.sampled_from([I.DONE, I.FAILED, I.EXPIRED, I.PARKED])),
    st.tuples(st.just("router_dies")),
    st.tuples(st.just("say"), st.integers(0, 90), st.sampled_from("xy"), st.sampled_from(OutboundKind)),
    st.tuples(st.just("say"), st.integers(0, 90), st.sampled_from("xy"), st.sampled_from(OutboundKind)),
    st.tuples(st.just("send"), st.integers(1, 3)),
    st.tuples(st.just("answer"), _small, st.sampled_from([O.SENT, O.DEGRADED, O.REJECTED, O.UNKNOWN])),
    st.tuples(st.just("not_now"), _small, st.integers(1, 20)),
    st.tuples(st.just("answered_late"), _small),
    st.tuples(st.just("withdraw"), _small),
    st.tuples(st.just("say_again"), _small, st.integers(5, 60)),
    st.tuples(st.just("hear_again"), _small),
    st.tuples(st.just("discard"), _small),
    st.tuples(st.just("put_away"), _small, st.booleans()),
    st.tuples(st.just("look"), st.integers(3, 9)),
    st.tuples(st.just("sender_dies")),
    st.tuples(st.just("line_changes"), st.sampled_from([0.0, 12.0, 1e9])),
    st.tuples(st.just("time_passes"), st.integers(1, 15)),
    st.tuples(st.just("sweep")),
    st.tuples(st.just("restart")),
)  # fmt: skip
# Left to itself, Hypothesis draws short ones, in which nothing has a past.
_cases = st.lists(_operations, min_size=30, max_size=80)
_DEAD: tuple[Kind, ...] = (*DEAD_INBOUND, *DEAD_OUTBOUND)
CHANGES: dict[str, Change] = {
    "2x": Edit("7"),
    "2y": Edit(Ours("k7")),
    "3x": React("7", "👍"),
    "3y": React("7", Emoji("👍")),
}
"""What some of the texts do to a message instead of saying something new."""
TTL = {OutboundKind.REPLY: 10.0, OutboundKind.NOTICE: 40.0}


def wanted(key: str, room: str, text: str, kind: OutboundKind) -> Outbound:
    change = CHANGES.get(text)
    said = text if change is None else text[0]
    return saying(key, room, text=said, kind=kind, change=change)


@define
class In:
    seq: int
    platform: str
    room: str
    name: str
    state: I = I.NEW
    boots: int = 0
    away: bool = False


@define
class Out:
    key: str
    room: str
    expires_at: float
    text: str
    kind: OutboundKind
    state: O = O.QUEUED
    seq: int = 0
    tried_at: float | None = None
    doubts: int = 0
    later_at: float | None = None
    away: bool = False
    spent: O = O.EXPIRED


@define
class Model:
    """A journal as somebody would write it who has all the time in the world."""

    inbound: list[In] = field(factory=list)
    outbound: list[Out] = field(factory=list)
    not_before: dict[str, float] = field(factory=dict)
    router: int = 1
    sender: int = 1
    idempotent_for: float = 0.0
    first: list[Out] = field(factory=list)
    """Rows of which nobody knows, and which are tried again as soon as they may."""

    def came(self, *states: I) -> list[In]:
        return [row for row in self.inbound if row.state in states]

    def said(self, *states: O) -> list[Out]:
        return [row for row in self.outbound if row.state in states]

    def heads(self) -> dict[str, Out]:
        """Who may leave now: the oldest of each chat that has nothing on the wire."""
        busy = {row.room for row in self.said(O.SENDING)}
        heads: dict[str, Out] = {}
        ready = [*self.first, *self.said(O.QUEUED)]
        for row in sorted(ready, key=lambda row: row.seq):
            if row.room not in busy and self.not_before.get(row.room, 0) <= _now():
                heads.setdefault(row.room, row)
        return heads

    def died(self) -> None:
        for row in self.came(I.PARKED):
            row.state = I.FAILED
        for row in self.came(I.CLAIMED):
            row.boots += 1
            row.state = I.QUARANTINED if row.boots >= MAX_BOOTS else I.NEW

    def lost(self) -> None:
        for row in self.said(O.SENDING):
            self.doubt(row)

    def doubt(self, row: Out) -> None:
        row.state = O.UNKNOWN
        row.doubts += 1
        self.repeat(row)

    def line_is_gone(self) -> None:
        """With the process: nothing is tried again before there is a new one."""
        self.idempotent_for = 0.0
        self.first.clear()
        for row in self.outbound:
            row.later_at = None
            # Why one was withdrawn is known in memory only; the file has its date.
            row.spent = O.EXPIRED

    def known_until(self, row: Out) -> float:
        assert row.tried_at is not None
        return min(row.tried_at + self.idempotent_for, row.expires_at)

    def repeat(self, row: Out) -> None:
        if row.doubts > len(RETRY_SECONDS):
            return
        at = _now() + RETRY_SECONDS[row.doubts - 1]
        if at >= self.known_until(row):
            return
        if at > _now():
            row.later_at = at
        else:
            self.first.append(row)

    def ended(self, row: Out, state: O) -> None:
        row.state, row.later_at = state, None
        if row in self.first:
            self.first.remove(row)

    def spent(self, row: Out) -> bool:
        doubtful = row.state is O.UNKNOWN
        return _now() >= (self.known_until(row) if doubtful else row.expires_at)

    def end_spent(self, row: Out) -> None:
        self.ended(row, O.UNKNOWN if row.state is O.UNKNOWN else row.spent)


def _now() -> float:
    return trio.current_time()


def _pick(rows: list[T], n: int) -> T | None:
    return rows[n % len(rows)] if rows else None


class Case:
    """One journal beside its model."""

    def __init__(self, journal: AnyJournal, model: Model) -> None:
        self.journal = journal
        self.model = model

    @property
    def router(self) -> Claim:
        return Claim("router", self.model.router)

    @property
    def sender(self) -> Claim:
        return Claim("sender", self.model.sender)

    async def append(self, platform: str, room: str, n: int) -> None:
        model, name = self.model, str(n)
        (known,) = [
            row.seq
            for row in model.inbound
            if (row.platform, row.room, row.name) == (platform, room, name)
        ] or (None,)

        accepted = await self.journal.append(
            platform, "1", event(name, room), trace="t", cursor=f"{platform}{n}"
        )

        assert accepted.duplicate == (known is not None)
        assert known in (None, accepted.row)
        assert await self.journal.cursor(platform, "1") == f"{platform}{n}"
        if known is None:
            assert all(accepted.row > row.seq for row in model.inbound)
            model.inbound.append(In(accepted.row, platform, room, name))

    async def take(self, limit: int) -> None:
        rows = await self.journal.claim_inbound(self.router, limit)
        for row in rows:
            self._taken(row)
        assert len(rows) <= limit
        suspects = [row for row in self.model.came(I.CLAIMED) if row.boots == 2]
        assert len(suspects) <= 1, "on its last life a row is alone with its claimer"
        assert len(rows) == limit or suspects or not self.model.came(I.NEW)

    def _taken(self, row: InboundRow) -> None:
        chat = row.event.chat
        assert chat is not None
        waiting = [
            mine
            for mine in self.model.came(I.NEW)
            if (mine.platform, mine.room) == (row.platform, chat.id)
        ]
        assert waiting[0].seq == row.seq, "rows of one chat come in order, each once"
        assert (waiting[0].name, waiting[0].boots) == (row.event.id, row.boots)
        waiting[0].state = I.CLAIMED

    async def settle(self, n: int, state: I) -> None:
        row = _pick(self.model.came(I.CLAIMED, I.PARKED), n)
        if row is None:
            return
        stale = Claim("router", self.model.router - 1)
        assert not self.journal.settle_inbound(stale, row.seq, state)
        if row.state is I.PARKED and state in (I.EXPIRED, I.PARKED):
            with pytest.raises(IllegalTransition):
                self.journal.settle_inbound(self.router, row.seq, state)
            return
        assert self.journal.settle_inbound(self.router, row.seq, state, "so")
        row.state = state

    async def router_dies(self) -> None:
        self.model.router += 1
        assert await self.journal.release(self.router) == []
        self.model.died()

    async def say(self, n: int, room: str, kind: OutboundKind) -> None:
        model, key = self.model, f"k{n}"
        known = next((row for row in model.outbound if row.key == key), None)
        text = f"{n % 4}{room}"
        expires_at = _now() + TTL[kind]

        queued = await self.journal.enqueue(
            wanted(key, room, text, kind), expires_at=expires_at
        )

        assert queued.fresh == (known is None)
        if known is not None:
            assert queued.same == (text == known.text)
            assert queued.outcome.state is known.state
            return
        waiting = model.said(O.QUEUED)
        row = Out(key, room, expires_at, text, kind, seq=queued.seq)
        model.outbound.append(row)
        if len(waiting) >= CAP:
            kinds = [w.kind for w in waiting]
            first = next((k for k in GIVES_WAY[kind] if k in kinds), None)
            victim = row if first is None else waiting[kinds.index(first)]
            model.ended(victim, O.DROPPED)
        assert queued.outcome.state is row.state

    async def send(self, limit: int) -> None:
        model = self.model
        for row in sorted(model.outbound, key=lambda row: (row.later_at or 0, row.seq)):
            if row.later_at is not None and row.later_at <= _now():
                row.later_at = None
                model.first.append(row)
        rows = await claimed_outbound(self.journal, self.sender, ("qq", "1"), limit)
        assert len(rows) <= limit
        for taken in rows:
            self._sent(taken)
        if len(rows) < limit:  # whatever else could have left is of no use any more
            while heads := model.heads():
                for head in heads.values():
                    assert model.spent(head)
                    model.end_spent(head)
        self._see_spent()

    def _sent(self, row: OutboundRow) -> None:
        model, room = self.model, row.out.chat.id
        while (mine := model.heads()[room]).key != row.out.key:
            assert model.spent(mine), "only what is of no use is passed over"
            model.end_spent(mine)
        assert not model.spent(mine)
        assert row.out == wanted(mine.key, room, mine.text, row.out.kind)
        assert row.doubts == mine.doubts
        model.ended(mine, O.SENDING)
        if mine.tried_at is None:
            mine.tried_at = _now()

    def _see_spent(self) -> None:
        """How many of them a claim met is its own business."""
        for row in [*self.model.said(O.QUEUED), *self.model.first]:
            record = self.journal._outgoing.find(row.key)
            if self.model.spent(row) and (record is None or not record.waits):
                self.model.end_spent(row)

    async def answer(self, n: int, state: O) -> None:
        row = _pick(self.model.said(O.SENDING), n)
        if row is not None:
            outcome = Outcome(state, "so", "77")
            stale = Claim("sender", self.model.sender - 1)
            assert not self.journal.settle_outbound(stale, row.seq, outcome)
            assert self.journal.settle_outbound(self.sender, row.seq, outcome)
            row.state = state
            if state is O.UNKNOWN:
                self.model.doubt(row)

    async def not_now(self, n: int, pause: int) -> None:
        row = _pick(self.model.said(O.SENDING), n)
        if row is not None:
            until = self.model.not_before[row.room] = _now() + pause
            assert self.journal.requeue_outbound(self.sender, row.seq, until)
            if row.doubts:
                row.state = O.UNKNOWN
                self.model.first.append(row)
            else:
                row.state, row.tried_at = O.QUEUED, None

    async def line_changes(self, idempotent_for: float) -> None:
        model = self.model
        model.idempotent_for = idempotent_for
        self.journal.trust_keys(("qq", "1"), idempotent_for)
        for row in reversed(model.said(O.UNKNOWN)):
            waits = row in model.first or row.later_at is not None
            if idempotent_for and not waits:
                model.repeat(row)

    async def answered_late(self, n: int) -> None:
        row = _pick(self.model.outbound, n)
        if row is not None:
            late = self.journal.resolve_outbound(row.key, Outcome(O.SENT))
            assert (late is not None) == (row.state is O.UNKNOWN)
            if late:
                self.model.ended(row, O.SENT)

    async def withdraw(self, n: int) -> None:
        row = _pick(self.model.outbound, n)
        if row is not None:
            withdrawn = self.journal.cancel_outbound(row.key, "so")
            assert withdrawn == (row.state is O.QUEUED)
            row.state = O.CANCELLED if withdrawn else row.state
            if not withdrawn:  # it is not worth saying any more
                row.expires_at = min(row.expires_at, _now())
                row.spent = O.CANCELLED

    async def say_again(self, n: int, seconds: int) -> None:
        row = _pick(self.model.outbound, n)
        if row is not None:
            state = await self.journal.recall(row.key)
            assert state is row.state
            done = await self.journal.say_again(row.key, _now() + seconds)
            assert done == (row.state is O.UNKNOWN)
            if done:
                self.model.ended(row, O.QUEUED)
                row.expires_at, row.doubts = _now() + seconds, 0
                row.spent = O.EXPIRED

    async def hear_again(self, n: int) -> None:
        row = _pick(self.model.inbound, n)
        if row is not None:
            before = await self.journal.hear_again(row.seq)
            assert before is row.state
            if before in DEAD_INBOUND:
                row.state, row.boots, row.away = I.NEW, 0, False

    async def discard(self, n: int) -> None:
        row = _pick(self.model.outbound, n)
        if row is not None:
            gone = self.journal.resolve_outbound(row.key, Outcome(O.CANCELLED))
            assert (gone is not None) == (row.state is O.UNKNOWN)
            if gone:
                self.model.ended(row, O.CANCELLED)

    async def put_away(self, n: int, inbound: bool) -> None:
        rows: Sequence[In | Out] = (
            self.model.inbound if inbound else self.model.outbound
        )
        row = _pick(list(rows), n)
        if row is not None and row.state in _DEAD:
            (state,) = await self.journal.put_away(0 if inbound else 1, [row.seq])
            assert state is row.state
            row.away = True

    async def look(self, limit: int) -> None:
        """Page by page, an operator sees exactly what there is, and each row once."""
        model, states = self.model, list(OutboundState)
        seen: list[Said] = []
        while page := await self.journal.said(
            Sought(states, after=seen[-1].seq if seen else 0, limit=limit)
        ):
            seen += page
        assert [(row.key, row.outcome.state) for row in seen] == [
            (row.key, row.state) for row in model.outbound
        ]
        shelf: list[Letter] = []
        while page_of := await self.journal.letters(
            list(_DEAD), place_of(shelf[-1]) if shelf else None, limit
        ):
            shelf += page_of
        dead = [
            (0, row.state.value, row.seq)
            for row in model.inbound
            if row.state in DEAD_INBOUND and not row.away
        ] + [
            (1, row.state.value, row.seq)
            for row in model.outbound
            if row.state in DEAD_OUTBOUND and not row.away
        ]
        found = [(place_of(row).rank, kind_of(row).value, row.seq) for row in shelf]
        assert sorted(found) == sorted(dead)
        assert sorted(map(place_of, shelf), reverse=True) == list(map(place_of, shelf))
        counts = await self.journal.on_the_shelf()
        assert counts == Counter((rank, state) for rank, state, _ in dead)

    async def sender_dies(self) -> None:
        self.model.sender += 1
        lost = await self.journal.release(self.sender)
        mine = {row.key for row in self.model.said(O.SENDING)}
        assert {one.out.key for one in lost} == mine
        self.model.lost()

    async def time_passes(self, seconds: int) -> None:
        await trio.sleep(seconds)

    async def sweep(self) -> None:
        self.journal.take_expired(1_000)
        for row in self.model.said(O.QUEUED):
            if row.expires_at <= _now():
                row.state = row.spent

    def check(self) -> None:
        model, counts = self.model, self.journal.counts()
        assert counts.new == len(model.came(I.NEW))
        assert counts.claimed == len(model.came(I.CLAIMED))
        assert counts.parked == len(model.came(I.PARKED))
        assert counts.queued == len(model.said(O.QUEUED))
        assert counts.sending == len(model.said(O.SENDING))
        assert counts.unknown == len(model.said(O.UNKNOWN))
        assert self.journal.next_claim(("qq", "1")) <= min(
            (row.later_at for row in model.outbound if row.later_at), default=inf
        )
        waiting = [row.expires_at for row in model.said(O.QUEUED)]
        if waiting:
            next_expiry = self.journal.next_expiry()
            assert next_expiry == pytest.approx(min(waiting))


async def run(
    case: Case, operations: list[tuple[object, ...]]
) -> list[tuple[object, ...]]:
    """Perform *operations* up to the next restart; return those behind it."""
    for index, (name, *arguments) in enumerate(operations):
        if name == "restart":
            return operations[index + 1 :]
        operation: Callable[..., Awaitable[None]] = getattr(case, str(name))
        await operation(*arguments)
        case.check()
    return []


LIMITS = OutgoingLimits(queued=CAP)


@settings(max_examples=60, deadline=None)
@given(_cases)
def test_a_journal_in_memory_does_what_the_model_does(
    operations: list[tuple[object, ...]],
) -> None:
    async def main() -> None:
        async with in_memory(Path(), outbox=LIMITS) as journal:
            case = Case(journal, Model())
            left = operations
            while left:  # it ends with its process: there is nothing to restart
                left = await run(case, left)

    trio.run(main, clock=MockClock(autojump_threshold=0))


@settings(max_examples=60, deadline=None)
@given(_cases, st.booleans())
def test_a_journal_in_a_file_does_what_the_model_does_over_kills_and_restarts(
    operations: list[tuple[object, ...]], killed: bool
) -> None:
    async def main() -> None:
        left, model = operations, Model()
        with tempfile.TemporaryDirectory() as folder:
            while left:
                async with in_file(Path(folder), outbox=LIMITS) as journal:
                    await opened(journal)
                    case = Case(journal, model)
                    case.check()
                    left = await run(case, left)
                    if killed:
                        await journal._pump.settled()  # the rest may be lost, or not
                        await crash(journal)
                model.died()
                model.line_is_gone()
                model.lost()
                model.not_before.clear()

    trio.run(main, clock=MockClock(autojump_threshold=0))


async def opened(journal: FileJournal) -> None:
    await journal.cursor("", "")
