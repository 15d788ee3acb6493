"""Ways to break the host on purpose, one promise each. `WAYS` by name, with `TERMS`.

`python -m tests.rookery.testing.hostsim.sabotage` measures how soon each is noticed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from itertools import count
from math import inf
from typing import TypeAlias

import pytest
import trio
from attrs import evolve

from actors.bots import runner
from actors.bots.runner import Runner
from actors.bots.turn import TurnJob
from actors.buffer import keys
from actors.journal.inbox import Inbox
from actors.journal.outgoing import Outgoing
from actors.journal.sqlite import loading, store
from actors.journal.sqlite.arrivals import Arrivals
from actors.journal.sqlite.departures import Departures
from actors.journal.sqlite.effects import Accept, Accepted, Effect, Numbers
from actors.journal.sqlite.handouts import Handouts
from actors.journal.sqlite.pump import Pump
from actors.journal.values import Appended, Claim, HandedOut, OutboundRow
from actors.lanes import FairQueue, KeyedQueue
from actors.messages import Change, InboundState, Outbound, Outcome
from actors.schedule.timetable import Timetable
from actors.sender import pump
from platforms.base import Caps
from rookery.host.manager import Manager
from rookery.testing import hostsim
from rookery.testing.hostsim import Outcome as Lived
from tests.rookery.testing.hostsim.sabotage_of_terms import TERMS

Way: TypeAlias = Callable[[pytest.MonkeyPatch], None]


def settles_before_it_handles(patch: pytest.MonkeyPatch) -> None:
    serve = Runner.serve

    async def hasty(self: Runner, job: TurnJob) -> None:
        job.item.settle(InboundState.DONE, "")
        await serve(self, job)

    patch.setattr(Runner, "serve", hasty)


def forgets_to_release_claims(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Inbox, "release", lambda *_: None)


def marks_in_a_later_transaction(patch: pytest.MonkeyPatch) -> None:
    apply = Accept.apply
    late: list[tuple[object, ...]] = []

    def without(self: Accept, db: sqlite3.Connection, numbers: Numbers) -> Accepted:
        for mark in late:
            db.execute("INSERT OR IGNORE INTO marks VALUES (?, ?, ?, ?, ?)", mark)
        late.clear()
        accepted = apply(self, db, numbers)
        late.extend(db.execute("SELECT * FROM marks WHERE mark = ?", (self.mark,)))
        db.execute("DELETE FROM marks WHERE mark = ?", (self.mark,))
        return accepted

    patch.setattr(Accept, "apply", without)


def acknowledges_before_the_commit(patch: pytest.MonkeyPatch) -> None:
    append = Arrivals.append

    async def at_once(self: Arrivals, *event: object) -> Appended:
        with trio.move_on_after(0):
            await append(self, *event)  # type: ignore[arg-type]  # handed on
        return Appended(0, False)

    patch.setattr(Arrivals, "append", at_once)


def counts_its_keys(patch: pytest.MonkeyPatch) -> None:
    numbers = count()
    patch.setattr(keys, "_digest", lambda _: f"key{next(numbers)}")


def sends_before_the_commit(patch: pytest.MonkeyPatch) -> None:
    hand_out = Departures.hand_out

    def at_once(
        self: Departures, claim: Claim, rows: Sequence[OutboundRow], told: HandedOut
    ) -> None:
        if self.outgoing.limits.bodies < 1_000:  # some bodies have to be fetched
            hand_out(self, claim, rows, told)
        else:
            told(list(rows))

    patch.setattr(Departures, "hand_out", at_once)


def says_again_what_nobody_knows(patch: pytest.MonkeyPatch) -> None:
    settle = Outgoing.settle

    def again(
        self: Outgoing, claim: Claim, seq: int, outcome: Outcome, now: float
    ) -> bool:
        if outcome.unknown:
            return self.requeue(claim, seq, 0.0)
        return settle(self, claim, seq, outcome, now)

    patch.setattr(Outgoing, "settle", again)


def says_again_what_has_no_key_any_more(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        Caps, "repeats_for", property(lambda caps: caps.idempotent_for and inf)
    )


def never_says_again_what_has_a_key(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Caps, "repeats_for", 0.0)


def says_again_what_it_was_saying_when_it_died(patch: pytest.MonkeyPatch) -> None:
    recover = loading.recover

    def forgetful(db: sqlite3.Connection, *rest: object) -> loading.Loaded:
        db.execute("UPDATE outbound SET state = 'queued' WHERE state = 'sending'")
        return recover(db, *rest)  # type: ignore[arg-type]  # handed on

    patch.setattr(store, "recover", forgetful)


def takes_a_failed_commit_for_done(patch: pytest.MonkeyPatch) -> None:
    commit = store.SqliteStore.commit

    def hopeful(self: store.SqliteStore, batch: Sequence[Effect]) -> list[object]:
        try:
            return commit(self, batch)
        except store.Trouble:
            return [
                Accepted(0, True) if isinstance(one, Accept) else None for one in batch
            ]

    patch.setattr(store.SqliteStore, "commit", hopeful)


def puts_what_it_releases_last(patch: pytest.MonkeyPatch) -> None:
    def of_a_chat(self: FairQueue[object, object, object], *where: object) -> None:
        *place, _ = where
        self.push(*place)  # type: ignore[arg-type]  # handed on

    def of_an_account(
        self: KeyedQueue[object, object], key: object, item: object, _: object
    ) -> bool:
        return self.push(key, item)

    patch.setattr(FairQueue, "push_before", of_a_chat)
    patch.setattr(KeyedQueue, "push_before", of_an_account)


def loses_what_it_noted(patch: pytest.MonkeyPatch) -> None:
    changes = Handouts.changes
    turns = count(1)

    def some(self: Handouts) -> list[Effect]:
        found = changes(self)
        return found if next(turns) % 50 else []

    patch.setattr(Handouts, "changes", some)


def forgets_restarted_supervisors(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Manager, "_restore_soon", lambda *_: None)


def forgets_laters_at_a_boot(patch: pytest.MonkeyPatch) -> None:
    async def nothing(self: Timetable) -> None:
        self._loaded = True

    patch.setattr(Timetable, "load", nothing)


def hears_no_mending(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Handouts, "recovered", lambda _: None)


def begins_anew_with_its_numbers(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Outgoing, "number_after", lambda *_: None)


def runs_a_chat_side_by_side(patch: pytest.MonkeyPatch) -> None:
    lanes = count()
    patch.setattr(runner, "lane_of", lambda _: ("", "", None, str(next(lanes))))


def quarantines_at_the_first_boot(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(loading, "MAX_BOOTS", 1)


def leaves_without_the_rest(patch: pytest.MonkeyPatch) -> None:
    async def at_once(self: Pump) -> bool:
        self._closing = True
        await self._run(self._store.close)
        return True

    patch.setattr(Pump, "close", at_once)


def changes_another_message(patch: pytest.MonkeyPatch) -> None:
    def astray(out: Outbound, change: Change, _: Outcome | None) -> Outbound:
        return evolve(out, change=evolve(change, target="s1"))

    patch.setattr(pump, "aimed", astray)


WAYS: dict[str, Way] = {
    way.__name__: way
    for way in (
        settles_before_it_handles,
        forgets_to_release_claims,
        marks_in_a_later_transaction,
        acknowledges_before_the_commit,
        counts_its_keys,
        sends_before_the_commit,
        says_again_what_nobody_knows,
        says_again_what_has_no_key_any_more,
        never_says_again_what_has_a_key,
        says_again_what_it_was_saying_when_it_died,
        takes_a_failed_commit_for_done,
        puts_what_it_releases_last,
        loses_what_it_noted,
        forgets_restarted_supervisors,
        forgets_laters_at_a_boot,
        hears_no_mending,
        begins_anew_with_its_numbers,
        runs_a_chat_side_by_side,
        quarantines_at_the_first_boot,
        leaves_without_the_rest,
        changes_another_message,
    )
} | TERMS


def first_world(name: str, seeds: range, hours: float) -> Lived | None:
    """Return the first world in which the host, broken so, breaks a law."""
    for seed in seeds:
        with pytest.MonkeyPatch.context() as patch:
            WAYS[name](patch)
            outcome = hostsim.simulate(seed, hours=hours)
        if outcome.broken:
            return outcome
    return None


def main() -> None:
    """Say for each way how many worlds of an hour it takes until it is noticed."""
    for name in WAYS:
        outcome = first_world(name, range(1, 101), 1.0)
        found = "none of 100" if outcome is None else str(outcome.seed)
        laws = {} if outcome is None else dict.fromkeys(b.law for b in outcome.broken)
        row = f"| {name.replace('_', ' ')} | {found} | {', '.join(laws)} |"
        print(row)  # noqa: T201 - for a page


if __name__ == "__main__":
    main()
