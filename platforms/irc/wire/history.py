"""What was said in our channels while we were away: asked for, page by page. Pure.

Rules of this file:

1. Nothing is asked for where we have heard nothing before, nor of a server that does not
   offer `draft/chathistory`, and of a channel once in a connection.
2. One request is under way at a time, from the newest page back, until one of these: what
   was heard before, nothing more, or the bound, so that a channel that was busy for weeks
   holds up no other.
3. A line without a `msgid` is left out, and so is what we have said: nobody could tell
   whether it was heard before.

Source: IRCv3 `chathistory`, a draft.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Final

from attrs import define, field, frozen

from platforms.irc.wire.inbound import time_of
from platforms.irc.wire.known import Known
from platforms.irc.wire.line import Line, write

MAX_LINES: Final = 2_000
"""Of one channel; what is older is given up, and logged."""
MAX_PAGES: Final = 60
"""The same, for a server whose pages are short."""
PAGE: Final = 100
"""Lines of one page, where the server lets us."""
COMMAND: Final = "CHATHISTORY"
KIND: Final = "chathistory"
"""What its batches are called."""
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
    found: dict[str, Line] = field(factory=dict)
    """By their ids, newest first."""
    page: list[Line] = field(factory=list)
    pages: int = 0
    limit: int = 0
    """How many lines the last request was for."""
    batch: str = ""


class History:
    """Hand it each line; say what it returns, and `take` what was found."""

    def __init__(self, known: Known, since: str) -> None:
        """Begin, before any channel was joined.

        Args:
            known: What is known of the connection.
            since: The time of the newest line of before, as `server-time` writes it;
                empty for none.
        """
        self._known = known
        self._since = since
        self._after = time_of(since) or 0.0
        self._waiting: deque[str] = deque()
        self._asked: set[str] = set()
        self._batches: set[str] = set()
        """Those open now that tell of a channel that was asked for."""
        self._search: _Search | None = None
        self._done: list[Missed] = []
        self.requests = 0
        """How often something was asked for."""

    @property
    def on(self) -> bool:
        """There is a server to ask, and something to ask for."""
        return bool(self._after) and self._known.capabilities.history

    @property
    def busy(self) -> bool:
        """A request is under way."""
        return self._search is not None

    def joined(self, channel: str) -> list[str]:
        """Return what to say when we have come into *channel*."""
        name = self._known.fold(channel)
        if not self.on or name in self._asked:
            return []
        self._asked.add(name)
        self._waiting.append(name)
        return [] if self.busy else self._next()

    def hear(self, line: Line) -> list[str] | None:
        """Return what to say to *line*; `None` if it is none of what was asked for."""
        search = self._search
        ref = line.tags.get("batch", "")
        if ref in self._batches:
            if search is not None and search.batch == ref:
                search.page.append(line)
            return []
        if line.command == "BATCH":
            return self._batch(line)
        if search is None:
            return None
        why = _refusal_in(line)
        return None if why is None else self._over(search, why=why)

    def give_up(self, why: str) -> list[str]:
        """No answer has come: return what to say instead."""
        return [] if self._search is None else self._over(self._search, why=why)

    def take(self) -> list[Missed]:
        """Return what was found of each channel that is through by now."""
        done, self._done = self._done, []
        return done

    def _batch(self, line: Line) -> list[str] | None:
        sign, ref = line.param(0)[:1], line.param(0)[1:]
        search = self._search
        if sign == "-" and ref in self._batches:
            self._batches.discard(ref)
            ends = search is not None and search.batch == ref
            return self._paged(search) if search is not None and ends else []
        channel = self._known.fold(line.param(2))
        tells = (sign, line.param(1).lower()) == ("+", KIND) and channel in self._asked
        if not tells or "label" in line.tags:  # with a label a bot has asked for it
            return None
        self._batches.add(ref)
        if search is not None and search.channel == channel and not search.batch:
            search.batch = ref
        return []

    def _paged(self, search: _Search) -> list[str]:
        """A page is complete: ask for the one before it, or be done."""
        page, search.page, search.batch = search.page, [], ""
        page.sort(key=_time)  # as it should have come
        newer = [line for line in page if _time(line) > self._after]
        before = len(search.found)
        for line in reversed(newer):
            id_ = line.tags.get("msgid")
            if id_:
                search.found.setdefault(id_, line)
        search.pages += 1
        if len(newer) < len(page) or len(search.found) == before:
            return self._over(search)
        if len(search.found) >= MAX_LINES or search.pages >= MAX_PAGES:
            return self._over(search, cut=True)
        # A page that is not full may be the last one: one line more tells.
        limit = self._page if len(page) >= search.limit else 1
        return [self._ask("BEFORE", search, self._reference(newer[0]), limit)]

    def _over(self, search: _Search, *, cut: bool = False, why: str = "") -> list[str]:
        newest = list(search.found.values())[:MAX_LINES]
        lines = [line for line in reversed(newest) if self._counts(line)]
        self._done.append(Missed(search.channel, lines, cut=cut, why=why))
        self._search = None
        return self._next()

    def _counts(self, line: Line) -> bool:
        return line.command in _SAID and not self._known.is_us(line.nick)

    def _next(self) -> list[str]:
        if not self._waiting:
            return []
        search = self._search = _Search(self._waiting.popleft())
        since = f"timestamp={self._since}"
        return [self._ask("LATEST", search, since, self._page)]

    def _reference(self, line: Line) -> str:
        tags = line.tags
        kinds = self._known.support.tokens.get("MSGREFTYPES", "msgid").split(",")
        if "msgid" in kinds and tags.get("msgid"):
            return f"msgid={tags['msgid']}"
        return f"timestamp={tags['time']}"

    def _ask(self, how: str, search: _Search, reference: str, limit: int) -> str:
        self.requests += 1
        search.limit = limit
        return write(COMMAND, [how, search.channel, reference, str(limit)])

    @property
    def _page(self) -> int:
        told = self._known.support.tokens.get("CHATHISTORY", "")
        most = int(told) if told.isascii() and told.isdigit() else 0
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
