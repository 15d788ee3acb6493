"""The laws of a whole host, over everybody's books once it is all over. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING

from attrs import frozen

from rookery.testing.hostsim.diary import CUT, DONE, Diary
from rookery.testing.hostsim.words import FAIL, LISTENERS, WALL_ZERO, Said, Verb

if TYPE_CHECKING:
    from rookery.testing.hostsim.servers import Server

STALE = 300.0
"""Seconds after which a command is not handled any more."""
LIVES = 3
MOST_DOUBTS = 4
FINAL_IN = {"done", "failed", "expired", "quarantined"}
ENDS = {DONE, CUT, "AsAsked", "TurnEnded"}
"""How a run of a handler may end."""
UNSAID = {"rejected", "expired", "dropped", "cancelled"}


@frozen(kw_only=True)
class Came:
    """A row of what came in."""

    seq: int
    state: str
    why: str
    received_at: float
    settled_at: float | None
    said: Said | None
    """`None` for what no person has said."""
    later: int | None = None
    """Which later it is that comes here."""
    trace: str = ""


@frozen(kw_only=True)
class Went:
    """A row of what was to be said."""

    seq: int
    key: str
    state: str
    detail: str
    expires_at: float
    platform: str
    chat: str
    text: str
    """Or what it does to which message."""
    target: str = ""
    """Key of the message of ours that it changes."""
    kind: str = "reply"
    queued_at: float = 0.0
    settled_at: float | None = None
    doubts: int = 0
    """How often nobody knew whether it went out."""
    trace: str = ""


@frozen
class Books:
    """Everything there is to know at the end."""

    diary: Diary
    servers: Mapping[str, Server]
    came: Sequence[Came]
    went: Sequence[Went]
    left_at: float
    """When the last process was told to leave, by the wall clock."""
    outbox_rows: int = 10_000
    """What may wait for one account."""


def settled_for_good(
    table: str, before: Mapping[int, str], now: Mapping[int, str]
) -> Iterator[str]:
    """What is settled stays so, except that an unknown may become known."""
    for seq, state in before.items():
        if state == "unknown":
            continue
        if now.get(seq) != state:
            yield f"{table} {seq} was {state} and is {now.get(seq, 'gone')}"


# --- what came in -----------------------------------------------------------------------


def everything_said_is_accepted(books: Books) -> Iterator[str]:
    """Whatever was lost on the way comes again."""
    times = _times(books)
    for number, said in books.diary.said.items():
        if number not in times:
            told = number in books.diary.acknowledged
            lie = ", and yet it was acknowledged" if told else ""
            yield f"{said.text!r} was never accepted{lie}"


def nothing_is_accepted_twice(books: Books) -> Iterator[str]:
    """However often it comes."""
    for number, times in _times(books).items():
        if times > 1:
            yield f"{books.diary.said[number].text!r} was accepted {times} times"


def _times(books: Books) -> Counter[int]:
    return Counter(one.said.number for one in books.came if one.said is not None)


def everything_accepted_is_settled(books: Books) -> Iterator[str]:
    """With some outcome, that everybody can see."""
    for one in books.came:
        if one.said is None and one.received_at >= books.left_at:
            continue  # news of connections that were closed; for the next process
        if one.state not in FINAL_IN or one.settled_at is None:
            what = one.said.text if one.said else "an event"
            yield f"row {one.seq} ({what}) is {one.state}"


def done_means_done(books: Books) -> Iterator[str]:
    """A row that is done was handled to the end by every bot that listens."""
    diary = books.diary
    for one in books.came:
        said = one.said
        if said is None or one.state != "done" or said.number in diary.answers:
            continue
        if said.verb is Verb.ASK and _may_be_an_answer(said, diary):
            continue
        for bot in LISTENERS[said.verb]:
            if not diary.ran(said.number, bot, lambda ended: ended == DONE):
                yield f"row {one.seq} ({said.text}) is done, and {bot} never did it"


def _may_be_an_answer(said: Said, diary: Diary) -> bool:
    """Was it said while a question to the same person was open? Who then died knows."""
    return any(
        other.verb is Verb.ASK
        and (other.chat, other.user) == (said.chat, said.user)
        and other.number < said.number
        for other in diary.said.values()
    )


def failed_has_a_reason(books: Books) -> Iterator[str]:
    """Somebody has tried and did not get to the end, or it was too late, or too often."""
    for one in books.came:
        said = one.said
        if said is None or one.settled_at is None:
            continue
        bots = LISTENERS[said.verb]
        what = f"row {one.seq} ({said.text}) is {one.state} ({one.why})"
        match one.state:
            case "failed":
                tried = (
                    books.diary.ran(said.number, bot, lambda ended: ended != DONE)
                    for bot in bots
                )
                # Who was asked something may have answered just before the end.
                parked = said.verb is Verb.ASK and "interrupted" in one.why
                if not any(tried) and not parked:
                    yield f"{what}, and nobody failed"
                elif said.verb not in FAIL and "AsAsked" in one.why:
                    yield f"{what}, which nobody had asked for"
            case "expired" if one.settled_at - one.received_at < STALE:
                yield f"{what} after {one.settled_at - one.received_at:.0f} s"
            case "quarantined":
                ends = sum(
                    one.received_at <= at + WALL_ZERO <= one.settled_at
                    for at in books.diary.ends
                )
                if ends < LIVES:
                    yield f"{what} after {ends} ends"
            case _:
                pass


def handlers_raise_what_they_mean(books: Books) -> Iterator[str]:
    """The host gives them no other reason: what they may call, works or waits."""
    for runs in books.diary.runs.values():
        for run in runs:
            if run.ended not in ENDS:
                what = books.diary.said[run.number].text
                yield f"{run.bot} ended {what!r} with {run.ended or 'nothing'}"


# --- what went out ----------------------------------------------------------------------


def nothing_is_said_twice(books: Books) -> Iterator[str]:
    """Not on a platform that knows keys again, and not on one that does not."""
    for server in books.servers.values():
        for text, times in server.books.texts.items():
            if times > 1:
                yield f"{server.name} heard {text!r} {times} times"


def a_reply_has_one_key(books: Books) -> Iterator[str]:
    """However often its handler ran."""
    keys: dict[str, str] = {}
    for one in books.went:
        if keys.setdefault(one.text, one.key) != one.key:
            yield f"{one.text!r} has the keys {keys[one.text]} and {one.key}"


def what_was_promised_is_written(books: Books) -> Iterator[str]:
    """`ctx.reply` returned: it is in the file, whatever became of it."""
    written = {one.text for one in books.went}
    for text in books.diary.promised:
        if text not in written:
            yield f"{text!r} was promised, and is nowhere"


def everything_to_say_is_settled(books: Books) -> Iterator[str]:
    """It was heard, or it was not, or nobody can know; and what we say of it is so."""
    for one in books.went:
        server = books.servers[one.platform].books
        heard = server.texts.get(one.text, 0)
        what = f"{one.text!r} ({one.key}) is {one.state} ({one.detail})"
        if one.state in ("sent", "degraded"):
            if not heard:
                yield f"{what} and was never heard"
        elif one.state in UNSAID:
            if heard and one.key not in server.doubtful:
                yield f"{what} and was heard"
            refused = one.key in server.rejected or _has_no_message(one, books)
            if one.state == "rejected" and not refused:
                yield f"{what}, and nobody rejected it"
        elif one.state == "unknown":
            if one.key not in server.doubtful and not _lost_sight_of(one, books):
                yield f"{what}, and nothing was in doubt"
        else:
            yield what


def what_can_be_repeated_becomes_known(books: Books) -> Iterator[str]:
    """Where a key is known again for ever, nothing stays unknown that is not stale."""
    for one in books.went:
        keeps = books.servers[one.platform].temper.keeps_keys
        stale = one.expires_at <= books.left_at
        if one.state != "unknown" or keeps < inf or stale:
            continue
        # The fifth try comes long after the fourth, and a sixth never; and what changes
        # a message of which nobody knows has nothing to aim at, however often it is tried.
        unaimed = any(
            other.key == one.target and other.state == "unknown" for other in books.went
        )
        if one.doubts < MOST_DOUBTS and not unaimed:
            yield f"{one.text!r} ({one.key}) stays unknown on {one.platform}"


def _has_no_message(one: Went, books: Books) -> bool:
    """It was to change a message that was not said, or nobody knew whether it was."""
    server = books.servers[one.platform].books
    return one.target in server.doubtful or any(
        other.key == one.target and other.state in {*UNSAID, "unknown"}
        for other in books.went
    )


def _lost_sight_of(one: Went, books: Books) -> bool:
    """Whoever was sending it ended, so that nobody can tell how far it had come.

    It may have been tried again since, and put off until its key was forgotten.
    """
    lost = ("ended before the answer came", "an earlier attempt may have gone out")
    return bool(books.diary.ends) and any(why in one.detail for why in lost)


def nothing_is_said_that_was_not_written(books: Books) -> Iterator[str]:
    """Each key that a platform has seen is in the file."""
    keys = {one.key for one in books.went}
    for server in books.servers.values():
        for heard in server.books.heard:
            if heard.key not in keys:
                yield f"{server.name} heard {heard.text!r}, which nobody wrote down"


def a_chat_hears_in_order(books: Books) -> Iterator[str]:
    """As it was written down; only what nobody knew of may come later."""
    seqs = {one.key: one.seq for one in books.went}
    for server in books.servers.values():
        last: dict[str, int] = {}
        for heard in server.books.heard:
            seq = seqs.get(heard.key, 0)
            if heard.attempt_unknown:
                continue
            if seq < last.get(heard.chat, 0):
                yield f"{server.name} {heard.chat} heard {heard.text!r} too late"
            last[heard.chat] = max(seq, last.get(heard.chat, 0))


def laters_come(books: Books) -> Iterator[str]:
    """What was promised for later is begun when its time has come, or its row says why not."""
    diary = books.diary
    ended = {one.later for one in books.came if one.state in FINAL_IN - {"done"}}
    for number, later in diary.laters.items():
        due = later.due + WALL_ZERO < books.left_at - 60
        if due and number not in diary.rung and number not in ended:
            yield f"later {number}, due at {later.due:.0f} s, never came"


LAWS = (
    everything_said_is_accepted,
    nothing_is_accepted_twice,
    everything_accepted_is_settled,
    done_means_done,
    failed_has_a_reason,
    handlers_raise_what_they_mean,
    nothing_is_said_twice,
    a_reply_has_one_key,
    what_was_promised_is_written,
    everything_to_say_is_settled,
    what_can_be_repeated_becomes_known,
    nothing_is_said_that_was_not_written,
    a_chat_hears_in_order,
    laters_come,
)
