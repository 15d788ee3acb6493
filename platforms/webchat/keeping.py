"""Rings, written down: an event is remembered once it is on the shelf, and not before.

Whoever appends may be cancelled; what was begun is finished, so that memory and disk say
the same. Events of one person are written one after the other, those of several together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from secrets import token_bytes, token_hex
from typing import Final

import msgspec
import trio

from platforms.base import Shelf
from platforms.webchat.files import Files, files_in
from platforms.webchat.rings import Item, Ring, Rings
from platforms.webchat.wire import written

_EPOCH: Final = "epoch"
_SECRET: Final = "secret"  # noqa: S105 - the name of one
TRIM_AT_ONCE: Final = 4
MAX_WAITING: Final = 32
"""Deeds of one person that wait for the disk; whoever asked may have left meanwhile."""


class NoRoom(Exception):
    """Not now: all is full of those who were here within the hour, or the disk hangs."""


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
        self._locks: dict[str, trio.Lock] = {}
        self.rings = Rings()
        self.epoch = ""
        """Another one where what was remembered is lost: numbers begin anew then."""
        self.files = Files(files, b"")

    async def load(self) -> None:
        """Remember what an earlier session did."""
        things = await self._shelf.all()
        self.epoch = await self._constant(things, _EPOCH, token_hex(8).encode())
        secret = await self._constant(things, _SECRET, token_bytes(32).hex().encode())
        self.files = Files(self._files_shelf, secret.encode())
        named: set[str] = set()
        for name, body in sorted(things.items()):
            person, _, seq = name.partition(" ")
            if not seq:
                continue
            item = msgspec.json.decode(body, type=Item)
            self.rings.make(person).add(item)
            named.update(files_in(msgspec.json.decode(item.what)))
        for person in self.rings.outworn(self._now()):
            await self._forget(person)
        await self.files.load(frozenset(named))

    async def append(
        self, person: str, key: str, what: Mapping[str, object], *, new: bool = True
    ) -> Item | None:
        """Return the event with that *key*, once it is written down.

        Args:
            person: Whose ring.
            key: Known already: nothing changes.
            what: What the page gets.
            new: A person says it, who gets a ring if never here, and waits for room; else
                the answer is `None` for somebody who was never here.

        Raises:
            NoRoom: a person has to wait.
            Exception: what the shelf raised.
        """
        ring = self.rings.of(person)
        if new and (ring is None or ring.known(key) is None):
            await self._make_room(person)
            ring = self.rings.make(person)
        if ring is None:
            return None
        done = _Done()
        self._nursery.start_soon(self._append, person, ring, key, what, done)
        return await done.wait()

    async def _append(
        self,
        person: str,
        ring: Ring,
        key: str,
        what: Mapping[str, object],
        done: _Done,
    ) -> None:
        try:
            async with self._locks.setdefault(person, trio.Lock()):
                item = ring.known(key)
                if item is None:
                    raw = msgspec.Raw(written(what))
                    item = Item(ring.last + 1, key, self._now(), raw)
                    await self._shelf.put(
                        _name(person, item.seq), msgspec.json.encode(item)
                    )
                    ring.add(item)
                done.item = item
                done.event.set()
                await self._trim(person, ring)
        except Exception as error:  # noqa: BLE001 - whoever waits is told
            done.error = error
        finally:
            done.event.set()

    async def _trim(self, person: str, ring: Ring) -> None:
        for _ in range(TRIM_AT_ONCE):
            item = ring.outworn(self._now())
            if item is None:
                return
            await self._drop(person, item)
            ring.forget()

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
            await self._forget(idle)

    async def _forget(self, person: str) -> None:
        ring = self.rings.of(person)
        self.rings.remove(person)
        self._locks.pop(person, None)
        for item in ring or ():
            await self._drop(person, item)

    async def _drop(self, person: str, item: Item) -> None:
        for file in files_in(msgspec.json.decode(item.what)):
            await self.files.drop(file)
        await self._shelf.drop(_name(person, item.seq))

    async def _constant(self, things: dict[str, bytes], name: str, fresh: bytes) -> str:
        if name not in things:
            await self._shelf.put(name, fresh)
        return things.get(name, fresh).decode()


class _Done:
    def __init__(self) -> None:
        self.event = trio.Event()
        self.item: Item | None = None
        self.error: Exception | None = None

    async def wait(self) -> Item:
        await self.event.wait()
        if self.item is not None:
            return self.item
        assert self.error is not None
        raise self.error


def _name(person: str, seq: int) -> str:
    return f"{person} {seq:016d}"
