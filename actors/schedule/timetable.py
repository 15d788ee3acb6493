"""Everything that will be due: what bots declare, and what was asked for once.

One object for the life of the System. Bots come and go in it, laters are put into it,
and the scheduler takes from it what is due.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush
from math import inf

import trio
from attrs import frozen

from actors.schedule.missed import corrected
from actors.schedule.store import LaterStore
from actors.schedule.values import Later, Schedule, account_of

LATERS_PER_BOT = 10_000
LATERS_PER_CHAT = 100
"""The same bot in the same chat."""


@frozen
class TooManyLaters(Exception):
    """Nothing more is kept: as much as may wait, waits already."""

    bot: str
    where: str
    """The chat's address; empty for the whole bot."""
    limit: int

    def __str__(self) -> str:
        where = f"in {self.where} " if self.where else ""
        return f"{self.limit} things wait {where}for the bot {self.bot!r} already, which is as many as may"


class Entry:
    """One schedule of one bot, and how far it was run."""

    __slots__ = ("account", "bot", "due", "live", "schedule", "until")

    def __init__(self, bot: str, schedule: Schedule) -> None:
        self.bot = bot
        self.schedule = schedule
        self.account = account_of(bot, schedule.handler)
        self.live = True
        """False once its bot has gone, or has declared something else."""
        self.until: float | None = None
        """Everything up to here is dealt with; `None` until the journal was asked."""
        self.due = inf
        """When it is run next, as far as that is known."""

    def dealt_with(self, until: float | None) -> None:
        """Note that everything up to *until* is dealt with.

        `None`: nobody knows, and the journal has to be asked.
        """
        self.until = until
        self.due = inf if until is None else self.schedule.plan.next(until)

    def wants(self, now: float) -> bool:
        """Whether there is anything to do for it at *now*."""
        until = self.until
        return (
            until is None
            or self.due <= now
            or corrected(self.schedule.plan, until, now) != until
        )


class Timetable:
    """What will be due. Only `load`, `keep` and `remove` wait."""

    def __init__(self, store: LaterStore, wall_clock: Callable[[], float]) -> None:
        """Know nothing yet.

        Args:
            store: Where laters outlive the process.
            wall_clock: Seconds since 1970; the System's.
        """
        self._store = store
        self.now = wall_clock
        self._entries: dict[str, Entry] = {}
        self._accounts: dict[str, set[str]] = {}
        self._forgotten: dict[str, None] = {}
        self._laters: dict[str, Later] = {}
        self._queues: dict[str, list[tuple[float, str]]] = {}
        self._kept: Counter[tuple[str, str]] = Counter()
        self._loading = trio.Lock()
        self._loaded = False
        self._wake: Callable[[], None] = lambda: None

    def on_change(self, wake: Callable[[], None]) -> None:
        """Call *wake* when something may be due earlier. The last listener counts."""
        self._wake = wake

    # --- for the host ------------------------------------------------------------------

    def declare(self, bot: str, schedules: Iterable[Schedule]) -> None:
        """Let a bot have these schedules and no others.

        One that it had before, unchanged, goes on as if nothing had happened.
        """
        wanted = {account_of(bot, each.handler): each for each in schedules}
        self._forget(self._accounts.get(bot, set()) - set(wanted))
        self._accounts[bot] = set(wanted)
        for entry in self._of(bot):
            if wanted.get(entry.account) == entry.schedule:
                del wanted[entry.account]
            else:
                self._drop(entry)
        for account, schedule in wanted.items():
            self._entries[account] = Entry(bot, schedule)
        self._wake()

    def pause(self, bot: str) -> None:
        """Run no schedules of a bot until it is declared again; these runs are missed."""
        for entry in self._of(bot):
            self._drop(entry)

    def withdraw(self, bot: str) -> None:
        """Forget a bot that was removed, and how far its schedules were run."""
        self.pause(bot)
        self._forget(self._accounts.pop(bot, set()))
        self._wake()

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(self._entries.values())

    @property
    def laters(self) -> tuple[Later, ...]:
        """Everything that waits, the earliest first."""
        return tuple(sorted(self._laters.values(), key=lambda one: (one.due, one.id)))

    # --- for bots ----------------------------------------------------------------------

    async def keep(self, later: Later) -> None:
        """Run *later* when it is due; return once that is written down.

        One of the same id is kept once, and the first one stands.

        Raises:
            TooManyLaters: too much waits for this bot already, or in this chat.
        """
        await self.load()
        if later.id in self._laters:
            return
        self._check_room(later)
        # Counted before it is written: others may ask meanwhile.
        self._enter(later)
        try:
            await self._store.add(later)
        except Exception:
            self.finish(later)
            raise
        finally:
            # Also for who was cancelled: what was handed over is written all the same.
            if later.id in self._laters:
                self._queue(later)

    # --- for the scheduler -------------------------------------------------------------

    async def load(self) -> None:
        """Fetch what an earlier process has left. Once is enough."""
        if self._loaded:
            return
        async with self._loading:
            if self._loaded:
                return
            for later in await self._store.load():
                if later.id not in self._laters:
                    self._enter(later)
                    self._queue(later)
            self._loaded = True

    @property
    def loaded(self) -> bool:
        return self._loaded

    @property
    def forgotten(self) -> tuple[str, ...]:
        """Accounts of schedules that are gone, whose cursor is still in the journal."""
        return tuple(self._forgotten)

    def forgot(self, account: str) -> None:
        self._forgotten.pop(account, None)

    def due_laters(self, now: float) -> Iterator[Later]:
        """Yield, for each platform, the later that has been due for longest."""
        for platform in list(self._queues):
            later = self._first(platform)
            if later is not None and later.due <= now:
                yield later

    def finish(self, later: Later) -> None:
        """Note that a later was begun and waits no longer."""
        if self._laters.pop(later.id, None) is not None:
            for where in {_chat(later), ""}:
                self._kept[later.bot, where] -= 1
                if not self._kept[later.bot, where]:
                    del self._kept[later.bot, where]

    async def remove(self, later: Later) -> None:
        """Let the store forget what was begun."""
        await self._store.remove(later.id)
        self.finish(later)

    def next_due(self, now: float) -> float:
        """Return when something comes due after *now*; `inf` if nothing does."""
        firsts = (self._first(platform) for platform in list(self._queues))
        laters = (later.due for later in firsts if later is not None)
        entries = (entry.due for entry in self._entries.values())
        return min((due for due in (*entries, *laters) if due > now), default=inf)

    def renew(self) -> None:
        """Ask the journal again how far everything was run."""
        for entry in self._entries.values():
            entry.dealt_with(None)

    def set_aside(self, entry: Entry) -> None:
        """Try a schedule that failed no more, until its bot is declared anew."""
        if entry.live:
            self._drop(entry)

    # --- inside ------------------------------------------------------------------------

    def _of(self, bot: str) -> list[Entry]:
        return [entry for entry in self._entries.values() if entry.bot == bot]

    def _forget(self, accounts: Iterable[str]) -> None:
        self._forgotten |= dict.fromkeys(sorted(accounts))

    def _drop(self, entry: Entry) -> None:
        entry.live = False
        del self._entries[entry.account]

    def _check_room(self, later: Later) -> None:
        chat = _chat(later)
        if chat and self._kept[later.bot, chat] >= LATERS_PER_CHAT:
            raise TooManyLaters(later.bot, chat, LATERS_PER_CHAT)
        if self._kept[later.bot, ""] >= LATERS_PER_BOT:
            raise TooManyLaters(later.bot, "", LATERS_PER_BOT)

    def _enter(self, later: Later) -> None:
        self._laters[later.id] = later
        for where in {_chat(later), ""}:
            self._kept[later.bot, where] += 1

    def _queue(self, later: Later) -> None:
        queue = self._queues.setdefault(later.platform, [])
        heappush(queue, (later.due, later.id))
        if queue[0][1] == later.id:
            self._wake()

    def _first(self, platform: str) -> Later | None:
        queue = self._queues[platform]
        while queue:
            later = self._laters.get(queue[0][1])
            if later is not None:
                return later
            heappop(queue)
        del self._queues[platform]
        return None


def _chat(later: Later) -> str:
    return "" if later.to is None else str(later.to)
