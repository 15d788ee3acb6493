"""Pictures and files of a chat: small enough, named by nobody but us, kept beside the journal.

An id is as good as a key: 160 bits that only the page has seen to which it was told. What
a file is is judged by its first bytes, never by its name or by what its sender says.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

import msgspec
from attrs import frozen

from platforms.base import Shelf
from platforms.media import media_type_of

MAX_FILE_BYTES: Final = 4 * 1024 * 1024
MAX_ALL_BYTES: Final = 256 * 1024 * 1024
_SHOWN: Final = {
    "image/png": "image",
    "image/jpeg": "image",
    "image/gif": "image",
    "image/webp": "image",
    "image/avif": "image",
}
_HEARD: Final = ("audio", "video")


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
    """Of one platform, on a shelf."""

    def __init__(self, shelf: Shelf, secret: bytes) -> None:
        self._shelf = shelf
        self._secret = secret
        self._sizes: dict[str, int] = {}

    async def load(self, named: frozenset[str]) -> None:
        """Look what is there, and drop what no event names."""
        self._sizes = {}
        for name, size in (await self._shelf.sizes()).items():
            if name in named:
                self._sizes[name] = size
            else:
                await self._shelf.drop(name)

    def id_for(self, *of: str) -> str:
        """Return the id of the file that belongs to *of*: always the same, guessed by nobody."""
        digest = hmac.digest(self._secret, "\0".join(of).encode(), hashlib.sha256)
        return digest[:20].hex()

    async def keep(self, id_: str, data: bytes, name: str = "") -> Kept:
        """Write *data* down under *id_*; the oldest make room."""
        while self._sizes and sum(self._sizes.values()) + len(data) > MAX_ALL_BYTES:
            await self.drop(next(iter(self._sizes)))
        kind, found = kind_of(data)
        name = name[:200].encode("utf-8", "replace").decode()
        head = msgspec.json.encode(_Head(found, name))
        await self._shelf.put(id_, head + b"\n" + data)
        self._sizes[id_] = len(data)
        return Kept(id_, kind, found, name, len(data))

    async def get(self, id_: str) -> tuple[Kept, bytes] | None:
        """Return a file and what is known of it."""
        if id_ not in self._sizes:
            return None
        found = await self._shelf.get(id_)
        if found is None:
            return None
        head, _, data = found.partition(b"\n")
        told = msgspec.json.decode(head, type=_Head)
        kind, _ = kind_of(data)
        return Kept(id_, kind, told.type, told.name, len(data)), data

    async def drop(self, id_: str) -> None:
        self._sizes.pop(id_, None)
        await self._shelf.drop(id_)


def files_in(what: dict[str, object]) -> list[str]:
    """Return the ids of the files that an event names."""
    found: list[str] = []
    body = what.get("body")
    for part in body if isinstance(body, list) else []:
        found += [
            str(part[kind])
            for kind in ("image", "audio", "video", "file")
            if kind in part
        ]
    return found
