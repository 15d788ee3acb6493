"""What a platform needs of the host, and nothing else of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from attrs import field, frozen

from actors.journal import Appended, Arrived, MemoryShelf
from actors.messages import Inbound
from actors.monitor import ConnectionState
from actors.sender import Line, Terms
from platforms.base.gate import DialGate
from platforms.ingress import Ingress
from platforms.media import Blob, standard_reader
from platforms.transport import TCP, Network


class Inbox(Protocol):
    """The side of the journal that takes what came in; see `actors.journal.Journal`."""

    async def append(
        self,
        platform: str,
        account: str,
        event: Inbound,
        *,
        trace: str,
        cursor: str | None = None,
    ) -> Appended:
        """Accept an event; return once it is committed, its cursor with it."""
        ...

    async def append_all(
        self, platform: str, account: str, arrived: Sequence[Arrived]
    ) -> list[Appended]:
        """Accept events in this order; return once all of them are committed."""
        ...

    def append_now(
        self,
        platform: str,
        account: str,
        arrived: Sequence[Arrived],
        told: Callable[[Arrived, Appended], None],
    ) -> bool:
        """Take events in this very call, if there is room; *told* of each commit."""
        ...

    async def advance(self, platform: str, account: str, cursor: str) -> None:
        """Move the cursor for a frame that held no event."""
        ...

    async def cursor(self, platform: str, account: str) -> str | None:
        """Return how far this account has been journalled.

        Of the account "", whose name nobody knows yet: how far any of the platform has.
        """
        ...


class Lines(Protocol):
    """Who is connected, where the sender looks for a way out; see `actors.sender.Lines`."""

    def connect(self, line: Line, terms: Terms | None = None) -> None:
        """From now on *line* is the way of its account, on *terms*; an older one is forgotten."""
        ...

    def disconnect(self, line: Line) -> None:
        """*line* is gone. Its successor, if there is one by now, stays."""
        ...


class Reports(Protocol):
    """Where the state of a connection is told; see `actors.monitor.Board`."""

    def report(self, platform: str, account: str, state: ConnectionState) -> None:
        """Set the state. *account* is empty while nobody knows whose it is."""
        ...

    def remove(self, platform: str, account: str) -> None:
        """Forget this entry: it goes under another name, or not at all."""
        ...


class Reads(Protocol):
    """Where the bytes of pictures and files come from; see `platforms.media.Reader`."""

    async def read(self, source: str | Path, kind: str, max_bytes: int) -> Blob:
        """Return what is at *source*, a URL or a path.

        Args:
            source: An http(s) URL, or the path of a file.
            kind: `image`, `audio`, `video` or `file`: what it has to be.
            max_bytes: How large it may be.

        Raises:
            MediaRefused: it cannot be had, or must not be.
        """
        ...


class Shelf(Protocol):
    """Where a platform keeps things beside the journal, by name; they outlive the host.

    Each call returns after its commit, waits while the disk is in trouble, and may be
    repeated.
    """

    async def put(self, name: str, body: bytes) -> None:
        """Keep *body* under *name*; what has that name already stays as it is."""
        ...

    async def drop(self, name: str) -> None:
        """Keep it no longer."""
        ...

    async def get(self, name: str) -> bytes | None:
        """Return what is kept under *name*, if anything is."""
        ...

    async def sizes(self) -> dict[str, int]:
        """Return how many bytes are kept under each name."""
        ...

    async def all(self) -> dict[str, bytes]:
        """Return everything, by name: what is kept must fit into memory."""
        ...


class _MemoryShelves(dict[str, Shelf]):
    def __missing__(self, kind: str) -> Shelf:
        shelf = self[kind] = MemoryShelf()
        return shelf


def _no_disk() -> Callable[[str], Shelf]:
    return _MemoryShelves().__getitem__


def _always(_platform: str, _account: str) -> bool:
    """Say of any account that something may wait for it: where nobody knows, it may."""
    return True


@frozen(kw_only=True)
class Host:
    """The host, as a platform sees it."""

    journal: Inbox
    lines: Lines
    reports: Reports
    holds: Callable[[str, str], bool] = _always
    """(platform, account): is there something in the outbox for it?"""
    answered_late: Callable[[str, str, str], object]
    """(key, message id, what was lost): what was *unknown* was sent after all; see
    `actors.buffer.Outbox`."""
    gate: DialGate = field(factory=DialGate)
    """Who may dial when."""
    media: Reads = field(factory=standard_reader)
    """Reads pictures and files where a platform wants their bytes."""
    network: Network = TCP
    """What is dialled through, and where is listened."""
    shelf: Callable[[str], Shelf] = field(factory=_no_disk)
    """Where things of a kind are kept beside the journal."""
    ingress: Ingress = field(factory=Ingress)
    """Where the world reaches platforms that it speaks to."""


@runtime_checkable
class Actions(Protocol):
    """A line on which the platform's own actions can be called by name.

    Every `AccountLine` is one; the switchboard (`actors.sender.Lines`) has them by account.
    """

    async def call(self, action: str, params: Mapping[str, object]) -> object:
        """Call *action*; return the data of its answer, decoded and otherwise as it came.

        Raises:
            Retry: not connected well enough to ask; nothing went out.
            Rejected: the platform has no such action, or said no.
            OutcomeUnknown: no answer came.
        """
        ...
