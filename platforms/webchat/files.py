"""Pictures and files of a chat: small enough, named by nobody but us, kept beside the journal.

Whoever knows the id of a file may load it: it has 160 bits that nobody can guess, and only
the pages of its person are told it. What sort of file it is, is judged by its first bytes,
never by its name or its sender's word. If a person sends the same file again, it is kept
once.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec
from attrs import frozen

from platforms.base import Shelf
from platforms.media import media_type_of
from platforms.webchat.quota import FILE_BYTES, UNNAMED_SECONDS, Holding, Holdings

_SHOWN: Final = {
    "image/png": "image",
    "image/jpeg": "image",
    "image/gif": "image",
    "image/webp": "image",
    "image/avif": "image",
}
_HEARD: Final = ("audio", "video")


class NoSpace(Exception):
    """There is no room, and nothing that may be dropped for it."""


@frozen
class Kept:
    """A file as the page gets to know it."""

    id: str
    kind: str
    """`image`, `audio`, `video` or `file`."""
    type: str
    name: str
    size: int

    def as_part(self, alt: str = "") -> dict[str, object]:
        """Return what stands for it in an event."""
        part: dict[str, object] = {
            self.kind: self.id,
            "type": self.type,
            "size": self.size,
        }
        return {
            **part,
            **({"name": self.name} if self.name else {}),
            **({"alt": alt} if alt else {}),
        }


class _Head(msgspec.Struct, frozen=True, array_like=True):
    type: str
    name: str


def kind_of(data: bytes) -> tuple[str, str]:
    """Return how *data* may be shown, and its type: what is not safe is a `file`."""
    found = media_type_of(data)
    top = found.partition("/")[0]
    if found in _SHOWN:
        return _SHOWN[found], found
    if top in _HEARD:
        return top, found
    return "file", "application/octet-stream"


class Files:
    """The files of one platform, on its shelf."""

    def __init__(
        self,
        shelf: Shelf,
        secret: bytes,
        now: Callable[[], float],
        away: Callable[[str], bool],
    ) -> None:
        self._shelf = shelf
        self._secret = secret
        self._now = now
        self._away = away
        self._holdings = Holdings()
        # How many events name each; also of files that are gone, which may come again.
        self._names: Counter[str] = Counter()

    async def load(self, names: Mapping[str, int]) -> None:
        """Look at what the shelf has, and drop what no event has named within an hour.

        Args:
            names: How many events name a file, by id.
        """
        holdings = self._holdings = Holdings()
        self._names = Counter(names)
        for name, size in sorted((await self._shelf.sizes()).items()):
            one = _holding(name, size)
            if one is not None:
                one.names = self._names[one.id]
            if one is None or (
                not one.names and one.at < self._now() - UNNAMED_SECONDS
            ):
                await self._shelf.drop(name)
            else:
                holdings.add(one)

    def id_of(self, person: str, name: str, data: bytes) -> str:
        """Return the id of a file of *person*: the same for the same name and bytes."""
        return self._id(person, name, hashlib.sha256(data).hexdigest())

    def id_for(self, person: str, key: str, index: int) -> str:
        """Return the id of a file in a bot's message: the same for the same key and place."""
        return self._id(person, key, str(index))

    def _id(self, *of: str) -> str:
        told = "\0".join(of).encode("utf-8", "surrogatepass")
        return hmac.digest(self._secret, told, hashlib.sha256)[:20].hex()

    async def keep(self, person: str, id_: str, data: bytes, name: str = "") -> Kept:
        """Write *data* down under *id_* for *person*. Raises NoSpace."""
        one = self._holdings.by_id.get(id_)
        if one is None:
            one = await self._place(person, id_, len(data))
        kind, found = kind_of(data)
        name = name[:200].encode("utf-8", "replace").decode()
        head = msgspec.json.encode(_Head(found, name))
        await self._shelf.put(_name(one), head + b"\n" + data)
        return Kept(id_, kind, found, name, len(data))

    def size(self, person: str, id_: str) -> int | None:
        """Return how many bytes *person* keeps under *id_*; `None`: it is another's, or none."""
        one = self._holdings.by_id.get(id_)
        return None if one is None or one.person != person else one.cost - FILE_BYTES

    async def get(self, id_: str) -> tuple[Kept, bytes] | None:
        """Return a file and what is known of it."""
        one = self._holdings.by_id.get(id_)
        found = None if one is None else await self._shelf.get(_name(one))
        if found is None:
            return None
        head, _, data = found.partition(b"\n")
        try:
            told = msgspec.json.decode(head, type=_Head)
        except msgspec.MsgspecError:
            return None
        kind, _ = kind_of(data)
        return Kept(id_, kind, told.type, told.name, len(data)), data

    def name(self, ids: Iterable[str]) -> None:
        """Note that one more event names each of *ids*."""
        for id_ in ids:
            self._names[id_] += 1
            if (one := self._holdings.by_id.get(id_)) is not None:
                one.names = self._names[id_]

    async def release(self, id_: str) -> None:
        """Note that one event less names a file; drop it if that was the last."""
        self._names[id_] -= 1
        if self._names[id_] <= 0:
            del self._names[id_]
        one = self._holdings.by_id.get(id_)
        if one is not None:
            one.names = self._names[id_]
            if not one.names:
                await self._drop(one)

    async def _place(self, person: str, id_: str, size: int) -> Holding:
        """Make room for a file and book it; what has to go is dropped.

        The place is booked before anything is waited for, so that nobody else counts on it.
        """
        now, cost = self._now(), size + FILE_BYTES
        room = self._holdings.room_for(person, cost, now, self._away)
        if room is None:
            raise NoSpace
        for each in room:
            self._holdings.remove(each.id)
        one = Holding(id_, person, now, cost, self._names[id_])
        self._holdings.add(one)
        for each in room:
            await self._shelf.drop(_name(each))
        return one

    async def _drop(self, one: Holding) -> None:
        self._holdings.remove(one.id)
        await self._shelf.drop(_name(one))


def files_in(what: Mapping[str, object]) -> list[str]:
    """Return the ids of the files that an event names."""
    found: list[str] = []
    body = what.get("body")
    for part in body if isinstance(body, list) else []:
        found += [
            str(part[kind])
            for kind in ("image", "audio", "video", "file")
            if isinstance(part, dict) and kind in part
        ]
    return found


def _name(one: Holding) -> str:
    return f"{one.at:017.3f} {one.person} {one.id}"  # sorts by age


def _holding(name: str, size: int) -> Holding | None:
    """Return the file that *name* stands for on the shelf; `None` if it is no such name."""
    try:
        at, person, id_ = name.split(" ")
        return Holding(id_, person, float(at), size + FILE_BYTES)
    except ValueError:
        return None
