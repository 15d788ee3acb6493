"""`rookery outbox` and `rookery dead-letters`: ask a host, or look into its file.

A list or a single message is read from the journal's file where no host runs. Whatever
changes something needs one.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeAlias, TypeVar

import msgspec

from actors.journal import NoJournal
from actors.messages import REPAIRS, Repair
from rookery.cli.choices import Crowd
from rookery.cli.client import Answer, NotDone, answer_to
from rookery.cli.codes import NOT_DONE, OK, USAGE
from rookery.cli.messagelists import (
    done_text,
    letters_text,
    outbox_text,
    whole_text,
)
from rookery.cli.places import Which
from rookery.config import find_data
from rookery.control import (
    MAX_LISTED,
    DoLetters,
    LetterDeed,
    LetterKind,
    ListLetters,
    ListOutbox,
    Refused,
    RepairOutbox,
    ShowLetter,
    ShowOutbox,
    State,
    visible,
)
from rookery.host import JOURNAL_NAME, look_at_file

AT_ONCE = 200
"""Messages in one request: each of them is on the disk before the answer comes."""
FROM_THE_FILE = "no host is running: this is what its file says. Start one with `rookery run` to change something"

W = TypeVar("W", bound=msgspec.Struct)
Look: TypeAlias = ListOutbox | ShowOutbox | ListLetters | ShowLetter


def list_outbox(
    which: Which,
    *,
    states: tuple[State, ...],
    platform: str | None,
    account: str | None,
    after: str,
    limit: int,
) -> int:
    """Print a page of the outbox."""

    def asked() -> ListOutbox:
        return _checked(
            ListOutbox,
            states=states,
            platform=platform,
            account=account,
            after=_number(after),
            limit=limit,
        )

    return _shown(which, asked, partial(outbox_text, now=datetime.now(UTC)))


def show_message(which: Which, key: str) -> int:
    """Print one message."""
    return _shown(which, partial(_checked, ShowOutbox, key=key), whole_text)


def list_letters(
    which: Which, *, kinds: tuple[LetterKind, ...], after: str, limit: int
) -> int:
    """Print a page of the dead letters."""
    asked = partial(_checked, ListLetters, kinds=kinds, after=after, limit=limit)
    return _shown(which, asked, partial(letters_text, now=datetime.now(UTC)))


def show_letter(which: Which, name: str) -> int:
    """Print one dead letter."""
    return _shown(which, partial(_checked, ShowLetter, id=name), whole_text)


def repair(
    which: Which,
    word: str,
    keys: tuple[str, ...],
    crowd: Crowd,
    message_id: str = "",
) -> int:
    """Do one thing to the messages that were chosen, and say what became of each."""
    wanted = Repair(word)
    try:
        _sensible(wanted, keys, crowd, message_id)
        if crowd.every:
            keys = _every(which, crowd)
            if keys and not crowd.yes and not _agreed(wanted, len(keys)):
                print("nothing was done", file=sys.stderr)
                return NOT_DONE
        requests = [
            _checked(RepairOutbox, repair=wanted, keys=some, message_id=message_id)
            for some in _batches(keys)
        ]
        return _done(which, [answer_to(which, request) for request in requests])
    except NotDone as failed:
        return failed.tell(as_json=which.json)


def do_letters(which: Which, deed: LetterDeed, ids: tuple[str, ...]) -> int:
    """Do one thing to dead letters, and say what became of each."""
    if not ids:
        return _wrong("there must be an ID").tell(as_json=which.json)
    try:
        requests = [_checked(DoLetters, deed=deed, ids=some) for some in _batches(ids)]
        return _done(which, [answer_to(which, request) for request in requests])
    except NotDone as failed:
        return failed.tell(as_json=which.json)


# --- inside ----------------------------------------------------------------------------


def _shown(
    which: Which, asked: Callable[[], Look], text: Callable[[Answer], str]
) -> int:
    """Print the answer to what *asked* returns, as JSON or by *text*.

    *asked* is called here, so that what it refuses is told as everything else is.
    """
    try:
        result = _seen(which, asked())
    except NotDone as failed:
        return failed.tell(as_json=which.json)
    print(json.dumps(result, ensure_ascii=False) if which.json else text(result))
    if not which.json and not result["host"]:
        print(FROM_THE_FILE, file=sys.stderr)
    return OK


def _seen(which: Which, request: Look) -> Answer:
    """Return what a host says, or the file where none runs."""
    try:
        return {**answer_to(which, request), "host": True}
    except NotDone as failed:
        if failed.kind != "no_host":
            raise
        path = find_data(which.config, which.data, Path.cwd()) / JOURNAL_NAME
        if not path.exists():
            raise
    try:
        return {**look_at_file(path, request), "host": False}
    except NoJournal as missing:
        raise NotDone(kind="no_journal", message=str(missing), code=USAGE) from missing
    except ValueError as error:
        raise _wrong(str(error)) from error
    except Refused as refused:
        raise NotDone(refused.kind, str(refused), NOT_DONE) from refused


def _sensible(
    wanted: Repair, keys: tuple[str, ...], crowd: Crowd, message_id: str
) -> None:
    """Raise `NotDone` if what was typed makes no sense together."""
    legal = REPAIRS[wanted]
    why = ""
    if bool(keys) == crowd.every:
        why = "there must be either a KEY or --all"
    elif not crowd.every and (crowd.state or crowd.platform or crowd.account):
        why = "--state, --platform and --account go with --all only"
    elif crowd.state is not None and crowd.state not in legal:
        states = " or ".join(sorted(legal))
        why = f"{wanted} needs messages that are {states} (got {crowd.state})"
    elif message_id and len(keys) != 1:
        why = "--message-id must be that of one message"
    elif crowd.every and not crowd.yes and not sys.stdin.isatty():
        why = "--all must have --yes where nobody can be asked"
    if why:
        raise _wrong(why)


def _every(which: Which, crowd: Crowd) -> tuple[str, ...]:
    """Return the keys of all that are meant, page by page."""
    keys: list[str] = []
    after: object = 0
    while after is not None:
        request = _checked(
            ListOutbox,
            states=(crowd.state or "unknown",),
            platform=crowd.platform,
            account=crowd.account,
            after=after,
            limit=MAX_LISTED,
        )
        page = answer_to(which, request)
        messages, after = page["messages"], page["next"]
        assert isinstance(messages, list)
        keys += [message["key"] for message in messages]
    return tuple(keys)


def _agreed(wanted: Repair, count: int) -> bool:
    noun = "message" if count == 1 else "messages"
    print(f"{wanted} {count} {noun}? [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _done(which: Which, answers: Sequence[Answer]) -> int:
    """Say what was done and what was not; the exit code tells whether all was."""
    result: dict[str, list[Mapping[str, object]]] = {"done": [], "failed": []}
    for answer in answers:
        for word in result:
            rows = answer[word]
            assert isinstance(rows, list)
            result[word] += rows
    if which.json:
        print(json.dumps(result, ensure_ascii=False))
    elif result["done"] or not result["failed"]:
        print(done_text(result["done"]))
    for one in result["failed"]:
        if not which.json:
            line = f"{one.get('key') or one.get('id')}: {one['why']}"
            print(visible(line), file=sys.stderr)
    return NOT_DONE if result["failed"] else OK


def _wrong(why: str) -> NotDone:
    return NotDone(kind="bad_request", message=why, code=USAGE)


def _batches(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [names[n : n + AT_ONCE] for n in range(0, len(names), AT_ONCE)]


def _number(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 19:
        return int(text)
    why = f"--after must be the number that the page before ends with (got {text!r})"
    raise _wrong(why)


def _checked(kind: type[W], **words: object) -> W:
    """Return a request; one that a host would refuse is refused here."""
    try:
        return msgspec.convert({"op": kind.__struct_config__.tag, **words}, kind)
    except msgspec.ValidationError as error:
        expected, _, path = str(error).partition(" - at `$.")
        option = path.partition("`")[0]
        if option not in words:
            raise _wrong(str(error)) from error
        why = f"--{option}: {expected.replace('E', 'e', 1)} (got {words[option]!r})"
        raise _wrong(why) from error
