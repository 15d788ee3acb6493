"""The laws of when: nothing too early, nothing that is stale, nothing beyond its time. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from rookery.testing.hostsim.bots import HANG_SECONDS, TICK_SECONDS
from rookery.testing.hostsim.laws import STALE, Books
from rookery.testing.hostsim.words import WALL_ZERO, Verb

LIVES_FOR = {"reply": 600.0, "notice": 24 * 3600.0}
"""Seconds until what waits to be said is worth nothing any more, by its kind."""
SLACK = 30.0
"""Seconds that may lie between a decision and what is seen of it: loops are blocked."""
CALL_SECONDS = 65.0
"""A handler's call takes no longer than its handler may."""
HAIR = 0.01
RECOVERED_SECONDS = 330.0
"""After which whoever ended is back: supervisors wait for 300 s at most."""
NOTICED_SECONDS = 150.0
"""Within which a scheduler that is well looks at the clock."""
_LISTENED = frozenset({Verb.HI, Verb.ANSWER})
"""No commands: an event is worth something for a day."""


def no_stale_command_is_begun(books: Books) -> Iterator[str]:
    """Whoever asked for something ten minutes ago has gone."""
    received = {
        one.said.number: one.received_at - WALL_ZERO
        for one in books.came
        if one.said is not None and one.said.verb not in _LISTENED
    }
    for (number, bot), runs in books.diary.runs.items():
        said, at = books.diary.said[number], received.get(number)
        # What is tried once more was begun in time, the first time.
        late = [] if said.verb is Verb.FLAKY or at is None else runs
        for run in late:
            if at is not None and run.began - at > STALE + SLACK:
                yield f"{bot} began {said.text!r} after {run.began - at:.0f} s"


def nothing_stale_is_said(books: Books) -> Iterator[str]:
    """Nor is anything given up for stale that is not."""
    fresh = {one.key: one for one in books.went}
    for server in books.servers.values():
        for heard in server.books.heard:
            one = fresh.get(heard.key)
            if one is None:
                continue
            age = heard.at + WALL_ZERO - one.queued_at
            if age > LIVES_FOR[one.kind] + SLACK:
                yield f"{server.name} heard {heard.text!r} after {age:.0f} s"
    for one in books.went:
        if one.state != "expired" or one.settled_at is None:
            continue
        age = one.settled_at - one.queued_at
        # Counted from the call that says it, which may have had to wait for the disk.
        if age < LIVES_FOR[one.kind] - CALL_SECONDS:
            yield f"{one.text!r} ({one.key}) is expired after {age:.0f} s"


def a_handler_ends_at_its_deadline(books: Books) -> Iterator[str]:
    """One that would hang for ever ends when it was told to."""
    for (number, bot), runs in books.diary.runs.items():
        said = books.diary.said[number]
        for run in runs if said.verb is Verb.HANG else ():
            if run.ended and run.lasted > HANG_SECONDS + SLACK:
                yield f"{bot} was at {said.text!r} for {run.lasted:.0f} s"


def nothing_comes_before_its_time(books: Books) -> Iterator[str]:
    """Neither what was asked for later nor a run of a schedule."""
    diary = books.diary
    for number, at in diary.rung.items():
        later = diary.laters.get(number)
        if later is not None and at < later.due - HAIR:
            yield f"later {number}, due at {later.due:.1f} s, came at {at:.1f} s"
    for due, at in diary.ticks:
        if at < due - HAIR:
            yield f"a tick that was due at {due:.1f} s came at {at:.1f} s"


def a_schedule_keeps_its_time(books: Books) -> Iterator[str]:
    """A run is left out only where nobody may have been able to begin it."""
    diary = books.diary
    begun = sorted(due for due, _ in diary.ticks)
    times = sorted([*diary.disturbed, *((at, at) for at in diary.ends)])
    for before, after in pairwise(begun):
        due = before + TICK_SECONDS
        while due < after - HAIR:
            since, until = due - RECOVERED_SECONDS, due + NOTICED_SECONDS
            if not any(begin <= until and end >= since for begin, end in times):
                yield f"the tick that was due at {due:.0f} s was left out"
            due += TICK_SECONDS


LAWS = (
    no_stale_command_is_begun,
    nothing_stale_is_said,
    a_handler_ends_at_its_deadline,
    nothing_comes_before_its_time,
    a_schedule_keeps_its_time,
)
