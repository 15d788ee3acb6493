"""The laws of what is said, dropped and answered: as it was meant, and for a reason. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator
from math import inf

from rookery.testing.hostsim.diary import CUT
from rookery.testing.hostsim.laws import LIVES, Books
from rookery.testing.hostsim.words import Verb, long_reply

TRIES = 3
"""Of a handler that says `retry=2`."""
TROUBLE_SECONDS = 600.0
"""How long the disk may be in trouble."""


def what_is_heard_is_what_was_written(books: Books) -> Iterator[str]:
    """Under its key, in its chat, word for word."""
    written = {(one.platform, one.key): one for one in books.went}
    for server in books.servers.values():
        for heard in server.books.heard:
            one = written.get((server.name, heard.key))
            if one is not None and (one.chat, one.text) != (heard.chat, heard.text):
                yield (
                    f"{server.name} {heard.chat} heard {heard.text!r} under {heard.key}, "
                    f"which says {one.text!r} in {one.chat}"
                )


def a_reply_bears_the_trace_of_its_event(books: Books) -> Iterator[str]:
    """From the frame that came in to the receipt of the reply."""
    traces = {one.said.number: one.trace for one in books.came if one.said is not None}
    for one in books.went:
        number = one.text.partition(":")[0]
        trace = traces.get(int(number)) if number.isdecimal() else None
        if trace is not None and trace != one.trace:
            yield f"{one.text!r} has the trace {one.trace}, its event has {trace}"


def parts_are_written_together(books: Books) -> Iterator[str]:
    """In order, in one commit: whoever dies in it leaves all of them or none."""
    written = {one.text: one.seq for one in books.went}
    for said in books.diary.said.values():
        parts = long_reply(said.number, "alpha") if said.verb is Verb.LONG else ()
        there = [written[part] for part in parts if part in written]
        if len(there) not in (0, len(parts)) or there != sorted(there):
            yield f"of the {len(parts)} parts for {said.text!r} there are {there}"


def what_is_dropped_makes_room(books: Books) -> Iterator[str]:
    """Nothing gives way that has not seen the outbox of its account full."""
    queued, settled = defaultdict(list), defaultdict(list)
    for one in books.went:
        queued[one.platform].append(one.queued_at)
        settled[one.platform].append(inf if one.settled_at is None else one.settled_at)
    for times in (*queued.values(), *settled.values()):
        times.sort()
    for one in books.went:
        if one.state != "dropped" or one.settled_at is None:
            continue
        came, left = queued[one.platform], settled[one.platform]
        first = bisect_left(came, one.queued_at)
        last = bisect_right(came, one.settled_at)
        # What is settled may be written down a little later: never too few are counted.
        most = max(n + 1 - bisect_left(left, came[n]) for n in range(first, last))
        if most < books.outbox_rows:
            yield f"{one.text!r} gave way, and {most} were there at most"


def what_is_cancelled_gave_way_to_something_newer(books: Books) -> Iterator[str]:
    """Nobody in these worlds takes anything back, but for an edit that is edited again."""
    newest: dict[str, int] = {}
    for one in books.went:
        if one.text.startswith("edit "):
            newest[one.target] = one.seq
    for one in books.went:
        # What is the newest itself, or no edit at all, has nothing to give way to.
        is_edit = one.text.startswith("edit ")
        if one.state == "cancelled" and not (is_edit and newest[one.target] > one.seq):
            yield f"{one.text!r} ({one.key}) is cancelled ({one.detail})"


def an_answer_is_of_whom_was_asked(books: Books) -> Iterator[str]:
    """Nobody else's words are one, in no other chat."""
    diary = books.diary
    for number in diary.answers:
        answer = diary.said[number]
        if not any(
            other.verb is Verb.ASK
            and (other.platform, other.chat) == (answer.platform, answer.chat)
            and other.user == answer.user
            and other.number < number
            for other in diary.said.values()
        ):
            yield f"{answer.text!r} of {answer.user} was taken for an answer"


def a_handler_is_tried_as_often_as_it_says(books: Books) -> Iterator[str]:
    """And anew by whoever comes after one that ended with it in hand."""
    diary = books.diary
    for (number, bot), runs in books.diary.runs.items():
        if diary.said[number].verb is not Verb.FLAKY:
            continue
        first, last = runs[0].began, runs[-1].began
        ends = sum(first <= at <= last for at in diary.ends)
        if len(runs) > TRIES * (1 + ends):
            what = diary.said[number].text
            yield f"{bot} ran {what!r} {len(runs)} times over {ends} ends"


def nobody_costs_too_many_processes(books: Books) -> Iterator[str]:
    """What was in hand at three boots is quarantined.

    The first death may not count: a claim of what has just come is written a moment later.
    """
    diary = books.diary
    for (number, bot), runs in diary.runs.items():
        died = {run.life.number for run in runs if run.ended == CUT} & diary.killed
        if len(died) > LIVES + 1:
            yield f"{bot} was at {diary.said[number].text!r} when {len(died)} were killed"


def who_has_answered_late_is_believed(books: Books) -> Iterator[str]:
    """An answer that comes after all makes *unknown* sent, if somebody lives to note it.

    While the disk is in trouble, nobody can.
    """
    for one in books.went:
        at = books.servers[one.platform].books.late.get(one.key)
        if one.state != "unknown" or at is None:
            continue
        if not any(
            at - 60 <= end <= at + 60 + TROUBLE_SECONDS for end in books.diary.ends
        ):
            yield f"{one.text!r} ({one.key}) was answered at {at:.0f} s, and is unknown"


LAWS = (
    what_is_heard_is_what_was_written,
    a_reply_bears_the_trace_of_its_event,
    parts_are_written_together,
    what_is_dropped_makes_room,
    what_is_cancelled_gave_way_to_something_newer,
    an_answer_is_of_whom_was_asked,
    a_handler_is_tried_as_often_as_it_says,
    nobody_costs_too_many_processes,
    who_has_answered_late_is_believed,
)
