"""What was said in our channels while we were away: asked for, page by page. Pure.

Rules of this file:

1. Nothing is asked for on a network where we have heard nothing before, nor of a server
   that does not offer `draft/chathistory`, and of a channel once in a connection.
2. One request is under way at a time, from the newest page back, until one of these: what
   was heard before, nothing more, or the bound, so that a channel that was busy for weeks
   holds up no other.
3. A line without a `msgid` or a time is left out, and so is what we have said: nobody
   could tell whether it was heard before.
4. Whatever a server tells, and however long it is silent, there is an end to it: what is
   new waits meanwhile.

Source: IRCv3 `chathistory`, a draft.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from attrs import define, field, frozen

from platforms.irc.wire.inbound import time_of
from platforms.irc.wire.known import Known
from platforms.irc.wire.line import Line, Unwritable, write
from platforms.irc.wire.registration import alternates

MAX_LINES: Final = 2_000
"""Of one channel; what is older is given up, and logged."""
MAX_PAGES: Final = 60
"""The same, for a server whose pages are short."""
MAX_CHANNELS: Final = 1_000
"""Asked for in one connection."""
MAX_BATCHES: Final = 64
"""Open at the same time; of the oldest beyond that nobody knows any more what it is."""
MAX_UNANSWERED: Final = 2
"""So many requests in vain, and that connection is asked nothing more."""
PAGE: Final = 100
"""Lines of one page, where the server lets us."""
COMMAND: Final = "CHATHISTORY"
KIND: Final = "chathistory"
"""What its batches are called."""
_NONE: Final[Mapping[str, str]] = MappingProxyType({})
_REFUSES: Final = frozenset({"FAIL", "263", "421", "461"})
_SAID: Final = frozenset({"PRIVMSG", "NOTICE"})


@frozen
class Missed:
    """What was found of one channel."""

    channel: str
    lines: Sequence[Line]
    """Oldest first."""
    cut: bool = False
    """There may be more, and it is given up."""
    why: str = ""
    """Said by a server that does not tell it, or not all of it."""


@define
class _Search:
    channel: str
    since: str
    after: float
    found: dict[str, Line] = field(factory=dict)
    """By their ids, newest first."""
    page: list[Line] = field(factory=list)
    pages: int = 0
    limit: int = 0
    """How many lines the last request was for."""
    batch: str = ""


class History:
    """Hand it each line; say what it returns, and `take` what was found."""

    def __init__(
        self, known: Known, since: str, since_of: Mapping[str, str] = _NONE
    ) -> None:
        """Begin, before any channel was joined.

        Args:
            known: What is known of the connection.
            since: The time of the newest line of before, as `server-time` writes it;
                empty for none.
            since_of: The same of channels that differ, by their folded names; empty for
                one of which nothing is missed.
        """
        self._known = known
        self._since = since
        self._since_of = since_of
        self._waiting: deque[str] = deque()
        self._asked: set[str] = set()
        self._batches: dict[str, None] = {}
        """Those open now that tell of a channel that was asked for, oldest first."""
        self._unanswered = 0
        self._search: _Search | None = None
        self._done: list[Missed] = []
        self.requests = 0
        """How often something was asked for."""

    @property
    def on(self) -> bool:
        """Whether there is a server to ask, and something to ask for."""
        return time_of(self._since) is not None and self._known.capabilities.history

    @property
    def busy(self) -> bool:
        """A request is under way."""
        return self._search is not None

    def joined(self, channel: str) -> list[str]:
        """Return what to say when we have come into *channel*."""
        name = self._known.fold(channel)
        full = len(self._asked) >= MAX_CHANNELS
        since = self._since_of.get(name, self._since)
        asked = name in self._asked or not since
        if not self.on or asked or full or not self._can_ask(name, since):
            return []
        self._asked.add(name)
        if self._unanswered >= MAX_UNANSWERED:
            self._done.append(Missed(name, [], why="nothing was answered before"))
            return []
        self._waiting.append(name)
        return [] if self.busy else self._next()

    def hear(self, line: Line) -> list[str] | None:
        """Return what to say to *line*; `None` if it is none of what was asked for."""
        search = self._search
        ref = line.tags.get("batch", "")
        batch = line.command == "BATCH"
        if ref in self._batches and not (batch and line.param(0).startswith("-")):
            return self._told(line, ref)
        if batch:
            return self._batch(line)
        if (
            search is None or "label" in line.tags
        ):  # with a label a bot has asked for it
            return None
        why = _refusal_in(line)
        if why is None:
            return None
        about = self._asked.intersection(map(self._known.fold, line.params[2:-1]))
        late = bool(about) and search.channel not in about
        return [] if late else self._over(search, why=why)

    def give_up(self, why: str) -> list[str]:
        """No answer has come: return what to say instead."""
        if self._search is None:
            return []
        self._unanswered += 1
        if self._unanswered >= MAX_UNANSWERED:
            self._done += [Missed(channel, [], why=why) for channel in self._waiting]
            self._waiting.clear()
        return self._over(self._search, why=why)

    def take(self) -> list[Missed]:
        """Return what was found of each channel that is through by now."""
        done, self._done = self._done, []
        return done

    def _batch(self, line: Line) -> list[str] | None:
        sign, ref = line.param(0)[:1], line.param(0)[1:]
        search = self._search
        if sign == "-" and ref in self._batches:
            del self._batches[ref]
            ends = search is not None and search.batch == ref
            return self._paged(search) if search is not None and ends else []
        channel = self._known.fold(line.param(2))
        tells = (sign, line.param(1).lower()) == ("+", KIND) and channel in self._asked
        # A bot may have asked for it: then there is a label, on it or on what it is in.
        if not tells or not line.tags.keys().isdisjoint({"label", "batch"}):
            return None
        self._open(ref)
        if search is not None and search.channel == channel and not search.batch:
            search.batch = ref
        return []

    def _told(self, line: Line, ref: str) -> list[str]:
        search = self._search
        if line.command == "BATCH":  # one within: what is in it is as old
            self._open(line.param(0)[1:])
        elif search is not None and search.batch == ref:
            search.page.append(line)
            if len(search.page) > MAX_LINES:
                return self._over(search, why=f"a page of more than {MAX_LINES:,}")
        return []

    def _open(self, ref: str) -> None:
        self._batches[ref] = None
        if len(self._batches) > MAX_BATCHES:
            del self._batches[next(iter(self._batches))]

    def _paged(self, search: _Search) -> list[str]:
        """A page is complete: ask for the one before it, or be done."""
        page, search.page, search.batch = search.page, [], ""
        page.sort(key=_time)  # as it should have come
        newer = [line for line in page if _time(line) > search.after]
        reached = any(0.0 < _time(line) <= search.after for line in page)
        before = len(search.found)
        for line in reversed(newer):
            id_ = line.tags.get("msgid")
            if id_:
                search.found.setdefault(id_, line)
        search.pages += 1
        self._unanswered = 0
        if reached or not page:
            return self._over(search)
        in_vain = len(search.found) == before
        if in_vain or len(search.found) >= MAX_LINES or search.pages >= MAX_PAGES:
            return self._over(search, cut=True)
        # A page that is not full may be the last one: one line more tells.
        limit = self._page if len(page) >= search.limit else 1
        try:
            return [self._ask("BEFORE", search, self._reference(newer[0]), limit)]
        except Unwritable:  # such an id
            return self._over(search, cut=True)

    def _over(self, search: _Search, *, cut: bool = False, why: str = "") -> list[str]:
        newest = list(search.found.values())[:MAX_LINES]
        lines = [line for line in reversed(newest) if self._counts(line)]
        self._done.append(Missed(search.channel, lines, cut=cut, why=why))
        self._search = None
        return self._next()

    def _counts(self, line: Line) -> bool:
        return line.command in _SAID and not self._is_ours(line)

    def _is_ours(self, line: Line) -> bool:
        """Say whether we said it, maybe under a nick that we had to take then."""
        known = self._known
        if known.is_us(line.nick):
            return True
        if not known.mask or line.prefix.partition("!")[2] != known.mask:
            return False
        names = alternates(known.account, known.support.nick_chars)
        return known.fold(line.nick) in map(known.fold, [known.account, *names])

    def _next(self) -> list[str]:
        if not self._waiting:
            return []
        channel = self._waiting.popleft()
        since = self._since_of.get(channel, self._since)
        search = self._search = _Search(channel, since, time_of(since) or 0.0)
        return [self._ask("LATEST", search, f"timestamp={since}", self._page)]

    def _can_ask(self, channel: str, since: str) -> bool:
        try:
            self._write("LATEST", channel, f"timestamp={since}", self._page)
        except Unwritable:
            return False
        return True

    def _reference(self, line: Line) -> str:
        tags = line.tags
        kinds = self._known.support.tokens.get("MSGREFTYPES", "msgid").split(",")
        if "msgid" in kinds and tags.get("msgid"):
            return f"msgid={tags['msgid']}"
        return f"timestamp={tags['time']}"

    def _ask(self, how: str, search: _Search, reference: str, limit: int) -> str:
        request = self._write(how, search.channel, reference, limit)
        self.requests += 1
        search.limit = limit
        return request

    @staticmethod
    def _write(how: str, channel: str, reference: str, limit: int) -> str:
        return write(COMMAND, [how, channel, reference, str(limit)])

    @property
    def _page(self) -> int:
        told = self._known.support.tokens.get("CHATHISTORY", "")
        # No more digits than a number may have.
        most = int(told) if told.isascii() and told.isdigit() and len(told) < 10 else 0
        return min(most, PAGE) if most else PAGE


def _time(line: Line) -> float:
    return time_of(line.tags.get("time", "")) or 0.0


def _refusal_in(line: Line) -> str | None:
    """Return why the server does not tell it: a standard reply, or an old numeric."""
    fails = line.command == "FAIL"
    about, code = (line.param(0), line.param(1)) if fails else (line.param(1), "")
    if line.command not in _REFUSES or about.upper() != COMMAND:
        return None
    return f"{line.param(-1)} ({code or line.command})"
