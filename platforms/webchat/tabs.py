"""How an open page hears of what happens: over a WebSocket, or bit by bit over HTTP.

A tab is one open page. One that reads slowly holds up nobody: no more than `WINDOW` events
are on their way to it, and the rest waits in the ring of its person.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import trio
from attrs import define, field

from platforms.ingress import SendPiece
from platforms.transport import SocketClosed, WebSocket
from platforms.webchat import wire
from platforms.webchat.config import WebChatConfig
from platforms.webchat.desk import Desk
from platforms.webchat.doorkeeper import WRONG_SECONDS, may_enter, person_of
from platforms.webchat.ring import Ring

WINDOW: Final = 64
HELLO_SECONDS: Final = 10.0
TICK_SECONDS: Final = 20.0
SILENT_SECONDS: Final = 60.0
TABS: Final = 8
"""How many one person may have open; the oldest is closed to make room."""

# Codes with which a WebSocket is closed; 4000 to 4999 are for applications.
UNFIT, WRONG, CROWDED, GONE = 4400, 4401, 4408, 4410

Tell = Callable[[str], Awaitable[None]]


@define(eq=False)
class Tab:
    """One page that is open."""

    shown: int
    """The number of the last event that it has confirmed."""
    moved: trio.Event = field(factory=trio.Event)

    def ack(self, seq: int) -> None:
        self.shown = max(self.shown, seq)
        self.moved.set()
        self.moved = trio.Event()


class Tabs:
    """The open pages of everybody, in one session."""

    def __init__(self, desk: Desk, config: Callable[[], WebChatConfig]) -> None:
        self._desk = desk
        self._config = config
        self._open: dict[str, list[trio.CancelScope]] = {}

    # --- WebSocket ----------------------------------------------------------------------

    async def join(self, socket: WebSocket) -> None:
        """Speak with one page over its WebSocket, until either leaves."""
        hello = None
        try:
            with trio.move_on_after(HELLO_SECONDS):
                frame = wire.read(await socket.receive())
                hello = frame if isinstance(frame, wire.Hello) else None
        except wire.Unfit:
            pass
        if hello is None:
            await socket.close(UNFIT, "the first frame must be a hello")
        elif not may_enter(self._config(), hello.access):
            await trio.sleep(WRONG_SECONDS)
            await socket.close(WRONG, "the access token is missing or wrong")
        else:
            await self._live(socket, hello)

    async def _live(self, socket: WebSocket, hello: wire.Hello) -> None:
        person = person_of(hello.token)
        tab = Tab(0)
        why = (CROWDED, "another page of yours took the place of this one")
        with trio.CancelScope() as scope:
            self._enter(person, scope)
            try:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._ticks, socket.send)
                    nursery.start_soon(
                        self._tell, person, tab, hello, socket.send, WINDOW
                    )
                    why = await self._hear(socket, person, tab)
                    nursery.cancel_scope.cancel()
            except* SocketClosed:
                why = (GONE, "it has left")  # nobody hears that any more
            except* _RingGone:
                why = (GONE, "begin anew")
            finally:
                self._leave(person, scope)
        await socket.close(*why)

    async def _hear(self, socket: WebSocket, person: str, tab: Tab) -> tuple[int, str]:
        while True:
            with trio.move_on_after(SILENT_SECONDS) as patience:
                raw = await socket.receive()
            if patience.cancelled_caught:
                return GONE, "nothing was heard"
            try:
                frame = wire.read(raw)
            except wire.Unfit as unfit:
                return UNFIT, f"unfit: {unfit}"[:100]
            match frame:
                case wire.Ack(seq):
                    tab.ack(seq)
                case wire.Tock() | wire.Hello():
                    pass
                case _:
                    await socket.send(await self._desk.take(person, frame))

    # --- HTTP ---------------------------------------------------------------------------

    async def stream(self, hello: wire.Hello, say: SendPiece) -> None:
        """Tell one page by an answer that does not end, as server-sent events.

        What the page itself wants done comes as requests of their own; it confirms nothing.
        """

        async def tell(text: str) -> None:
            await say(f"data: {text}\n\n".encode())

        person = person_of(hello.token)
        with trio.CancelScope() as scope:
            self._enter(person, scope)
            try:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._ticks, tell)
                    await self._tell(person, Tab(0), hello, tell, None)
            except* _RingGone:
                pass  # the end is told by the end
            finally:
                self._leave(person, scope)

    # --- both ---------------------------------------------------------------------------

    async def _tell(
        self,
        person: str,
        tab: Tab,
        hello: wire.Hello,
        tell: Tell,
        window: int | None,
    ) -> None:
        """Tell everything in order, from where the page has heard, until it is closed.

        Args:
            person: Whose ring it is.
            tab: The page.
            hello: Says up to where the page has heard, and in which epoch that was.
            tell: Sends one frame.
            window: How many events may be unconfirmed; `None`: this page confirms none.
        """
        keeper = self._desk.keeper
        ring = keeper.rings.look(person)
        known = hello.epoch == keeper.epoch and hello.since <= ring.last
        at = hello.since if known else 0
        tab.ack(at)
        await tell(wire.welcome(person, keeper.epoch, ring.first, ring.last))
        while True:
            _still(ring)
            changed, moved = ring.changed, tab.moved
            if at < ring.lost:
                at = ring.lost
                await tell(wire.gap(at))
            room = WINDOW if window is None else window - (at - tab.shown)
            items = ring.after(at, room) if room > 0 else []
            for item in items:
                await tell(wire.event(item.seq, item.at, item.what))
                at = item.seq
            if not items:
                await (changed if room > 0 else moved).wait()

    async def _ticks(self, tell: Tell) -> None:
        while True:
            await trio.sleep(TICK_SECONDS)
            await tell(wire.TICK)

    def _enter(self, person: str, scope: trio.CancelScope) -> None:
        tabs = self._open.setdefault(person, [])
        tabs.append(scope)
        if len(tabs) > TABS:
            tabs.pop(0).cancel()

    def _leave(self, person: str, scope: trio.CancelScope) -> None:
        tabs = self._open.get(person, [])
        if scope in tabs:
            tabs.remove(scope)
        if not tabs:
            self._open.pop(person, None)


class _RingGone(Exception):
    """What was remembered of this person is forgotten."""


def _still(ring: Ring) -> None:
    """Raise `_RingGone` if *ring* was removed."""
    if ring.gone:
        raise _RingGone
