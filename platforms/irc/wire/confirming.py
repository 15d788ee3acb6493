"""What became of what we said: the one line of ours that has no answer yet. Pure.

Rules of this file:

1. One thing is under way at a time, so that a refusal can only mean that one.
2. With labels (IRCv3 labeled-response) the server's answer carries ours: an echo, an
   `ACK`, a numeric, or a batch of these.
3. Without, a `PING` goes out behind it. A server handles the lines of a client in the
   order in which they came, so the `PONG` says that ours was handled, and a refusal of
   it has come before. More such a server never tells.
4. What is played back of before is no echo, and what is refused of that no refusal.
5. No answer is no answer: whoever waits for it calls it *unknown*.
"""

from __future__ import annotations

import re
from typing import Final, TypeAlias

from attrs import define, frozen

from platforms.irc.wire import history
from platforms.irc.wire.known import Known
from platforms.irc.wire.line import Line

SPOKEN: Final = frozenset({"PRIVMSG", "NOTICE", "TAGMSG"})
NOT_NOW: Final = frozenset({"263", "439"})
NOT_NOW_SECONDS: Final = 30.0
NO_REFUSAL: Final = frozenset({"422"})
REFUSALS_BESIDE: Final = frozenset({"716", "742", "974"})
"""Beyond 400 to 599: he takes messages of friends only; modes that must not be changed."""
_NUMERIC: Final = re.compile(r"[45]\d\d")
_SECONDS: Final = re.compile(r"(\d{1,4}) sec")


@frozen
class Taken:
    """The server has taken it."""

    id: str = ""
    """Its `msgid`, where that was told."""


@frozen
class Denied:
    """The server has said no."""

    why: str


@frozen
class NotNow:
    """The server has said *not now*."""

    why: str
    seconds: float = NOT_NOW_SECONDS


Verdict: TypeAlias = Taken | Denied | NotNow


@frozen
class Settles:
    """A line was the answer to what went out under *ref*."""

    ref: str
    verdict: Verdict


@define
class _Waiting:
    ref: str
    command: str
    target: str
    labelled: bool
    batch: str = ""
    refusal: Denied | NotNow | None = None
    id: str = ""

    @property
    def settled(self) -> Settles:
        return Settles(self.ref, self.refusal or Taken(self.id))


class Confirming:
    """Hand it every line; it finds the one that answers."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self._waiting: _Waiting | None = None
        self._playback = ""
        """The batch of former lines that is open now."""

    def asks(self, ref: str, command: str, target: str, *, labelled: bool) -> None:
        """Wait for the answer to *ref* from now on, and no longer to what was before."""
        self._waiting = _Waiting(ref, command, self._known.fold(target), labelled)

    def hear(self, line: Line) -> Settles | None:
        """Return what *line* settles."""
        if self._is_of_before(line):
            return None
        waiting = self._waiting
        label = line.tags.get("label")
        if label is not None and (waiting is None or label != waiting.ref):
            return self._late(label, line)
        if waiting is None:
            return None
        over = self._labelled if waiting.labelled else self._followed
        if not over(waiting, line):
            return None
        self._waiting = None
        return waiting.settled

    def _is_of_before(self, line: Line) -> bool:
        if line.command == "BATCH":
            if line.param(1).lower() == history.KIND:
                self._playback = line.param(0).removeprefix("+")
            elif line.param(0) == f"-{self._playback}":
                self._playback = ""
        if line.command == "FAIL" and "label" not in line.tags:
            asked = self._waiting is not None and self._waiting.command
            return line.param(0).upper() == history.COMMAND != asked
        return bool(self._playback) and line.tags.get("batch") == self._playback

    def _late(self, label: str, line: Line) -> Settles | None:
        """Take an answer for which nobody waits any more: it may tell that an unknown was said."""
        if self._is_echo(line):
            return Settles(label, Taken(line.tags.get("msgid", "")))
        return None

    def _labelled(self, waiting: _Waiting, line: Line) -> bool:
        """Take in a line of a server with labels; does it end the answer?"""
        if "label" in line.tags:
            if line.command == "BATCH":
                waiting.batch = line.param(0).removeprefix("+")
                return False
            self._note(waiting, line)
            return True
        if not waiting.batch:
            return False
        if line.command == "BATCH":
            return line.param(0) == f"-{waiting.batch}"
        if line.tags.get("batch") == waiting.batch:
            self._note(waiting, line)
        return False

    def _followed(self, waiting: _Waiting, line: Line) -> bool:
        """Take in a line of a server without labels; is it the answer to our PING?"""
        if line.command == "PONG":
            return line.param(-1) == waiting.ref
        if "batch" in line.tags:  # no answer comes in one
            return False
        about = map(self._known.fold, line.params[1:-1])
        if self._is_echo(line) or {waiting.target, waiting.command} & {
            *about,
            *line.params[1:-1],
        }:
            self._note(waiting, line)
        return False

    def _note(self, waiting: _Waiting, line: Line) -> None:
        if self._is_echo(line):
            if self._known.fold(line.param(0)) == waiting.target:
                waiting.id = line.tags.get("msgid", "")
        elif waiting.refusal is None:
            waiting.refusal = refusal_in(line)

    def _is_echo(self, line: Line) -> bool:
        return line.command in SPOKEN and self._known.is_us(line.nick)


def refusal_in(line: Line) -> Denied | NotNow | None:
    """Return what *line* refuses: a numeric, or a `FAIL` of IRCv3's standard replies."""
    number, words = line.command, line.param(-1)
    if number == "FAIL":
        return Denied(f"{words} ({line.param(1)})")
    if number in NOT_NOW:
        found = _SECONDS.search(words)
        return NotNow(words, float(found[1]) if found else NOT_NOW_SECONDS)
    refuses = _NUMERIC.fullmatch(number) is not None and number not in NO_REFUSAL
    if refuses or number in REFUSALS_BESIDE:
        return Denied(f"{words or 'no reason given'} ({number})")
    return None
