"""Rings, written down: an event is in memory once it is on the shelf, and not before.

A task that asks for something may be cancelled; what it has begun is finished by another
task, so that memory and disk agree. What concerns one person is written one thing after
the other, forgetting included; several people are written for at the same time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from secrets import token_bytes, token_hex
from typing import Final
from weakref import WeakValueDictionary

import msgspec
import structlog
import trio

from platforms.base import Shelf
from platforms.webchat import shelved
from platforms.webchat.files import Files, files_in
from platforms.webchat.quota import AWAY_SECONDS
from platforms.webchat.ring import Item
from platforms.webchat.rings import Past, Rings
from platforms.webchat.wire import written

MAX_WAITING: Final = 32
"""How many deeds of one person may wait for the disk; more are put off."""
_AT_ONCE: Final = 64
"""Events that are dropped together."""

_log = structlog.get_logger()


class NoRoom(Exception):
    """Nothing can be added now: all is full of recent events, or the disk is slow."""


class BrokenOff(Exception):
    """The session ended first: the event may have been written down, or not."""


class Keeper:
    """What is remembered, for one session."""

    def __init__(
        self,
        ring: Shelf,
        files: Shelf,
        now: Callable[[], float],
        nursery: trio.Nursery,
    ) -> None:
        self._shelf = ring
        self._files_shelf = files
        self._now = now
        self._nursery = nursery
        # Each lives while somebody holds it or waits for it.
        self._locks: WeakValueDictionary[str, trio.Lock] = WeakValueDictionary()
        self.rings = Rings()
        self.epoch = ""
        """Changes when the shelf is lost: then numbers begin anew, and pages have to, too."""
        self.files = self._files("")

    async def load(self) -> None:
        """Read what an earlier session has written down."""
        found = shelved.read(await self._shelf.all())
        now = self._now()
        for name, why in found.unreadable.items():
            _log.error("webchat.unreadable", name=name, why=why)
            found.aside += 1
            await self._set_aside(name, found, now)
        self.epoch = await self._constant(found, shelved.EPOCH, token_hex(8))
        secret = await self._constant(found, shelved.SECRET, token_bytes(32).hex())
        self.rings.recall(sorted(found.past, key=lambda past: past.at))
        named: Counter[str] = Counter()
        for person, item in sorted(found.items, key=lambda each: each[1].seq):
            self.rings.make(person)
            self.rings.add(person, item)
            named.update(files_in(msgspec.json.decode(item.what)))
        self.files = self._files(secret)
        await self.files.load(named)
        for person in self.rings.strangers(now):
            await self._forget(person)

    async def append(
        self, person: str, key: str, what: Mapping[str, object], *, new: bool = True
    ) -> int | None:
        """Return the number of the event with that *key*, once it is written down.

        Args:
            person: Whose ring it goes to.
            key: If an event has this key already, nothing changes.
            what: What the page gets.
            new: The person says it: who was never here gets a ring, and who has said too
                much has to wait. If not, a bot says it, and the answer is `None` for
                somebody who was never here.

        Raises:
            NoRoom: the person has to wait.
            BrokenOff: the session has ended meanwhile.
            Exception: what the shelf raised.
        """
        if new and self.rings.known(person, key) is None:
            await self._make_room(person)
            self.rings.make(person)
        return await self._finish(partial(self._append, person, key, what, new=new))

    # --- one after the other ------------------------------------------------------------

    def lock(self, person: str) -> trio.Lock:
        """Return the lock that is held while something of *person* is written."""
        lock = self._locks.get(person)
        if lock is None:
            lock = self._locks[person] = trio.Lock()
        return lock

    async def _append(
        self, person: str, key: str, what: Mapping[str, object], *, new: bool
    ) -> int | None:
        async with self.lock(person):
            seq = self.rings.known(person, key)
            if seq is not None:
                return seq
            ring = self.rings.of(person)
            if ring is None:  # forgotten while we waited
                if not new:
                    return None
                ring = self.rings.make(person)
            raw = msgspec.Raw(written(what))
            edits = str(what["message"]) if what["kind"] == "edit" else ""
            item = Item(ring.last + 1, key, self._now(), raw, edits)
            name = shelved.item_name(person, item.seq)
            await self._shelf.put(name, msgspec.json.encode(item))
            self.rings.add(person, item)
            self.files.name(files_in(dict(what)))
        now, rings = item.at, self.rings
        if rings.next_to_go(person, now) is not None or rings.has_outworn(now):
            self._nursery.start_soon(self._trim, person)
        return item.seq

    async def _forget(self, person: str) -> None:
        """Forget *person*, unless something was said meanwhile."""
        async with self.lock(person):
            ring = self.rings.of(person)
            if ring is None or not self.rings.away(person, self._now()):
                return
            # From the shelf first: in memory the numbers begin anew, and an old event with
            # the same number must not be there any more.
            await self._drop([(person, item) for item in ring.after(0, len(ring))])
            self.rings.remove(person)

    async def _trim(self, person: str) -> None:
        """Forget what may be forgotten after *person* was told something."""
        now = self._now()
        gone: list[tuple[str, Item]] = []
        past: list[Past] = []
        while (next_ := self.rings.next_to_go(person, now)) is not None:
            gone.append(next_)
            if (kept := self.rings.forget(*next_, now)) is not None:
                past.append(kept)
        try:
            # Keys first: what was said must not be said again after a restart.
            for each in past:
                await self._shelf.put(shelved.past_name(each), shelved.past_body(each))
            await self._drop(gone)
            for each in self.rings.outworn(now):
                await self._shelf.drop(shelved.past_name(each))
        except Exception:  # noqa: BLE001 - it lies there until the next load
            _log.exception("webchat.not_tidied", person=person)

    def _files(self, secret: str) -> Files:
        return Files(
            self._files_shelf,
            secret.encode(),
            self._now,
            lambda who: self.rings.away(who, self._now(), AWAY_SECONDS),
        )

    # --- making room ------------------------------------------------------------------

    async def _make_room(self, person: str) -> None:
        ring, lock = self.rings.of(person), self._locks.get(person)
        if ring is not None and ring.full(self._now()):
            raise NoRoom
        if lock is not None and lock.statistics().tasks_waiting >= MAX_WAITING:
            raise NoRoom
        while self.rings.full(person):
            idle = self.rings.who_may_go(self._now(), person)
            if idle is None:
                raise NoRoom
            await self._finish(partial(self._forget, idle))

    async def _drop(self, gone: list[tuple[str, Item]]) -> None:
        for begin in range(0, len(gone), _AT_ONCE):
            async with trio.open_nursery() as nursery:
                for person, item in gone[begin : begin + _AT_ONCE]:
                    nursery.start_soon(
                        self._shelf.drop, shelved.item_name(person, item.seq)
                    )
                    for file in files_in(msgspec.json.decode(item.what)):
                        nursery.start_soon(self.files.release, file)

    async def _set_aside(self, name: str, found: shelved.Shelved, now: float) -> None:
        if found.aside <= shelved.MAX_ASIDE:
            body = await self._shelf.get(name)
            await self._shelf.put(shelved.ASIDE + name, body or b"")
        await self._shelf.drop(name)
        gap = shelved.instead(name, now)
        if gap is not None:
            found.items.append((name.partition(" ")[0], gap))
            await self._shelf.put(name, msgspec.json.encode(gap))

    async def _constant(self, found: shelved.Shelved, name: str, fresh: str) -> str:
        if name not in found.constants:
            await self._shelf.put(name, fresh.encode())
        return found.constants.get(name, fresh)

    async def _finish(self, work: Callable[[], Awaitable[int | None]]) -> int | None:
        """Return what *work* returns; it goes on even if the caller is cancelled."""
        done = _Done()
        self._nursery.start_soon(done.by, work)
        return await done.wait()


class _Done:
    """What became of some work."""

    def __init__(self) -> None:
        self._event = trio.Event()
        self._answer: int | None = None
        self._error: Exception | None = BrokenOff()

    async def by(self, work: Callable[[], Awaitable[int | None]]) -> None:
        try:
            self._answer = await work()
            self._error = None
        except Exception as error:  # noqa: BLE001 - whoever waits is told
            self._error = error
        finally:
            self._event.set()

    async def wait(self) -> int | None:
        await self._event.wait()
        if self._error is not None:
            raise self._error
        return self._answer
