"""A host on the table: everything it is told is kept, and what it does is scripted."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import NoReturn

import structlog
import trio
from attrs import define, field

from actors.journal import Appended, Arrived
from actors.messages import (
    Chat,
    ChatAddress,
    ChatKind,
    Inbound,
    Outbound,
    Text,
)
from actors.monitor import ConnectionState
from actors.sender import Line, Terms
from platforms.base import AnyPlatform, Host, Link
from platforms.base.seats import Seat
from platforms.ingress import Ingress
from platforms.transport import Frame, Sink, SocketClosed


@define
class FakeJournal:
    """Accepts at once, or waits while it is `held`."""

    accepted: list[Inbound] = field(factory=list)
    asked: int = 0
    held: trio.Event | None = None
    refuses: str = ""
    """The text of a message that cannot be kept."""
    changed: trio.Event = field(factory=trio.Event)
    cursors: dict[tuple[str, str], str] = field(factory=dict)
    brought: list[tuple[str, str | None]] = field(factory=list)
    """The id of each event, and the cursor that came with it."""
    _rows: dict[tuple[object, ...], int] = field(factory=dict)

    async def append(
        self,
        platform: str,
        account: str,
        event: Inbound,
        *,
        trace: str,
        cursor: str | None = None,
    ) -> Appended:
        self.asked += 1
        self.brought.append((event.id, cursor))
        if self.held is not None:
            await self.held.wait()
        await trio.lowlevel.checkpoint()
        if self.refuses and event.text == self.refuses:
            return Appended(0, False, "too big")
        return self._accept(platform, account, event, cursor)

    def _accept(
        self, platform: str, account: str, event: Inbound, cursor: str | None
    ) -> Appended:
        if cursor is not None:
            self._move(platform, account, cursor)
        key = (platform, account, event.chat, event.id, event.edit)
        known = key in self._rows
        row = self._rows.setdefault(key, len(self._rows) + 1)
        if not known:
            self.accepted.append(event)
            self.changed.set()
            self.changed = trio.Event()
        return Appended(row, known)

    async def append_all(
        self, platform: str, account: str, arrived: Sequence[Arrived]
    ) -> list[Appended]:
        return [
            await self.append(
                platform, account, one.event, trace=one.trace, cursor=one.cursor
            )
            for one in arrived
        ]

    def append_now(
        self,
        platform: str,
        account: str,
        arrived: Sequence[Arrived],
        told: Callable[[Arrived, Appended], None],
    ) -> bool:
        """Take them, unless a test decides how long that takes, or what is refused."""
        if self.held is not None or self.refuses:
            return False
        for one in arrived:
            self.asked += 1
            self.brought.append((one.event.id, one.cursor))
            told(one, self._accept(platform, account, one.event, one.cursor))
        return True

    async def advance(self, platform: str, account: str, cursor: str) -> None:
        self._move(platform, account, cursor)

    def _move(self, platform: str, account: str, cursor: str) -> None:
        self.cursors[platform, account] = self.cursors[platform, ""] = cursor

    async def cursor(self, platform: str, account: str) -> str | None:
        return self.cursors.get((platform, account))

    def texts(self) -> list[str]:
        return [event.text for event in self.accepted]


@define
class FakeHost:
    """Journal, lines and reports, all of them open to a test."""

    journal: FakeJournal = field(factory=FakeJournal)
    lines: dict[tuple[str, str], Line] = field(factory=dict)
    terms: dict[tuple[str, str], Terms | None] = field(factory=dict)
    states: dict[tuple[str, str], ConnectionState] = field(factory=dict)
    told: list[tuple[str, str, str]] = field(factory=list)
    needed: set[str] = field(factory=set)
    late: list[tuple[str, str, str]] = field(factory=list)
    changed: trio.Event = field(factory=trio.Event)
    ingress: Ingress = field(factory=Ingress)

    def host(self) -> Host:
        return Host(
            journal=self.journal,
            lines=self,
            reports=self,
            holds=lambda _, account: account in self.needed,
            answered_late=lambda *answer: self.late.append(answer),
            ingress=self.ingress,
        )

    def connect(self, line: Line, terms: Terms | None = None) -> None:
        self.lines[line.platform, line.account] = line
        self.terms[line.platform, line.account] = terms
        self._change()

    def disconnect(self, line: Line) -> None:
        if self.lines.get((line.platform, line.account)) is line:
            del self.lines[line.platform, line.account]
        self._change()

    def report(self, platform: str, account: str, state: ConnectionState) -> None:
        self.states[platform, account] = state
        self.told.append((platform, account, str(state)))
        self._change()

    def remove(self, platform: str, account: str) -> None:
        self.states.pop((platform, account), None)
        self._change()

    def _change(self) -> None:
        self.changed.set()
        self.changed = trio.Event()

    async def state(self, account: str, wanted: str, platform: str = "qq") -> None:
        """Wait until a connection is in the state that reads *wanted*."""
        await self._until(lambda: str(self.states.get((platform, account))) == wanted)

    async def line(self, account: str, platform: str = "qq") -> Line:
        await self._until(lambda: (platform, account) in self.lines)
        return self.lines[platform, account]

    async def accepts(self, count: int) -> list[Inbound]:
        """Wait until the journal has accepted *count* events."""
        with trio.fail_after(60):
            while len(self.journal.accepted) < count:
                await self.journal.changed.wait()
        return self.journal.accepted

    async def _until(self, holds: object) -> None:
        assert callable(holds)
        with trio.fail_after(60):
            while not holds():
                await self.changed.wait()

    def link(self, platform: AnyPlatform, account: str = "", id_: str = "qq") -> Link:
        """A link of no connection, for a session that a test lives itself."""
        numbers = iter(range(10**9))
        return Link(
            id_,
            platform,
            self.host(),
            Seat("session", account),
            log=structlog.get_logger(),
            new_id=lambda: f"{next(numbers):08x}",
        )


class FakeSocket:
    """A `WebSocket` without a network. The test holds the other end."""

    def __init__(
        self, headers: Mapping[str, str] | None = None, *, reads: bool = True
    ) -> None:
        self.remote = "test:0"
        self.path = "/"
        self.headers = tuple((headers or {}).items())
        self.closed: SocketClosed | None = None
        self.reads = reads
        self.pongs = True
        self.heard: deque[str] = deque()
        self._incoming, self._frames = trio.open_memory_channel[Frame](10_000)
        self._sent = trio.Event()
        self._closed = trio.Event()

    # --- what the host does -----------------------------------------------------------

    async def send(self, text: str) -> None:
        await trio.lowlevel.checkpoint()
        if not self.reads:
            await self._closed.wait()
        if self.closed is not None:
            raise self.closed
        self.heard.append(text)
        self._sent.set()
        self._sent = trio.Event()

    def send_now(self, text: str) -> bool:
        if self.closed is not None:
            raise self.closed
        if not self.reads:
            return False
        self.heard.append(text)
        self._sent.set()
        self._sent = trio.Event()
        return True

    async def ping(self) -> None:
        await trio.lowlevel.checkpoint()
        if not self.pongs:
            await trio.sleep_forever()

    async def receive(self) -> Frame:
        try:
            return await self._frames.receive()
        except trio.EndOfChannel:
            assert self.closed is not None
            raise self.closed from None

    async def feed(self, sink: Sink) -> NoReturn:
        while True:
            sink.take([await self.receive()])
            while sink.full:
                await sink.room()

    def __aiter__(self) -> AsyncIterator[Frame]:
        raise NotImplementedError

    async def close(self, code: int = 1000, reason: str = "") -> None:
        await trio.lowlevel.checkpoint()
        self.end(code, reason)

    # --- what the test does -----------------------------------------------------------

    def end(self, code: int = 1006, reason: str = "cut") -> None:
        """The line is gone, from either side."""
        if self.closed is None:
            self.closed = SocketClosed(code, reason)
            self._closed.set()
            self._incoming.close()

    def says(self, frame: Frame | Mapping[str, object]) -> None:
        self._incoming.send_nowait(
            frame if isinstance(frame, str | bytes) else json.dumps(frame)
        )

    async def hears(self) -> dict[str, object]:
        """The next frame that the host has sent, decoded."""
        with trio.fail_after(10_000):
            while not self.heard:
                await self._sent.wait()
        frame = json.loads(self.heard.popleft())
        assert isinstance(frame, dict)
        return frame


def saying(text: str, chat: str = "group:42", key: str = "k1") -> Outbound:
    kind, _, id_ = chat.partition(":")
    address = ChatAddress("qq", "10001", Chat(ChatKind(kind), id_))
    return Outbound(key=key, to=address, body=(Text(text),))
