"""What a session hands over to be journalled: the half of `Link` that has to do with news.

Whoever waits here waits for the journal only, never for the router or a handler, and goes
on once it is on the disk: then, and not before, it is acknowledged to the peer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from actors.journal import Appended, Arrived

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from structlog.typing import FilteringBoundLogger

    from actors.messages import Inbound
    from platforms.base.ports import Host
    from platforms.base.seats import Seat

ON_THEIR_WAY = 256
"""So many events of one session may be handed over by `deliver_now` and not be on the disk
yet; what comes beyond them waits."""


class Arrivals:
    """The way in of a session; `Link` says whose it is."""

    platform: str
    log: FilteringBoundLogger
    new_id: Callable[[], str]
    cursor: str | None
    """Up to where the platform's events are journalled, as it was last told with
    `deliver` or `advance`: from there a session goes on. `None` before the first."""
    _host: Host
    _seat: Seat
    _on_their_way: int

    async def deliver(
        self, event: Inbound, cursor: str | int | None = None
    ) -> Appended:
        """Return once *event* is journalled, and *cursor* with it: then acknowledge it.

        Waits for the journal only: for its disk, and for room in its backlog. An event
        that is known already changes nothing.

        An event that can never be kept is refused, which is logged, counted and shown as
        a fault. To the session it is as good as journalled: it goes on, and the cursor
        moves, or a peer that repeats what is not acknowledged would bring nothing else.

        Args:
            event: What came in.
            cursor: From where the platform would have to tell again what comes after
                *event*. A number is kept as its digits.
        """
        trace = self.new_id()
        cursor = None if cursor is None else str(cursor)
        appended = await self._host.journal.append(
            self.platform, self._seat.account, event, trace=trace, cursor=cursor
        )
        self._note(event, trace, appended)
        self.cursor = self.cursor if cursor is None else cursor
        return appended

    async def deliver_all(
        self, events: Sequence[Inbound], cursor: str | int | None = None
    ) -> list[Appended]:
        """Return once all *events* are journalled, in this order, in one go.

        For a platform that reads several at once and acknowledges them together, or not
        at all. One that is refused costs no other. *cursor* is journalled with the last
        event, and by itself where *events* is empty.
        """
        if not events:
            if cursor is not None:
                await self.advance(cursor)
            return []
        arrived = [Arrived(event, self.new_id()) for event in events]
        if cursor is not None:
            arrived[-1] = replace(arrived[-1], cursor=str(cursor))
        appended = await self._host.journal.append_all(
            self.platform, self._seat.account, arrived
        )
        for one, became in zip(arrived, appended, strict=True):
            self._note(one.event, one.trace, became)
        self.cursor = self.cursor if cursor is None else str(cursor)
        return appended

    def deliver_now(self, events: Sequence[Inbound]) -> bool:
        """Hand *events* over in this very call, to be journalled in this order, in one go.

        For a platform that acknowledges nothing and hears of thousands a second: none of
        its tasks has to wait for the commit, so none holds an event when it ends.

        Returns:
            `False` if nothing was taken, because there is no room or too many are on their
            way to the disk. They are for `deliver_all` then, which waits.
        """
        if self._on_their_way + len(events) > ON_THEIR_WAY:
            return False
        arrived = [Arrived(event, self.new_id()) for event in events]
        self._on_their_way += len(arrived)
        journal, told = self._host.journal, self._arrived
        if journal.append_now(self.platform, self._seat.account, arrived, told):
            return True
        self._on_their_way -= len(arrived)
        return False

    def _arrived(self, one: Arrived, appended: Appended) -> None:
        self._on_their_way -= 1
        self._note(one.event, one.trace, appended)

    def _note(self, event: Inbound, trace: str, appended: Appended) -> None:
        if not appended.refused:  # the journal has said so itself
            self.log.debug(
                "event.accepted",
                trace=trace,
                name=event.event,
                row=appended.row,
                duplicate=appended.duplicate,
            )

    async def advance(self, cursor: str | int) -> None:
        """Move the cursor for a frame that held no event."""
        await self._host.journal.advance(self.platform, self._seat.account, str(cursor))
        self.cursor = str(cursor)

    async def find_cursor(self) -> None:
        """Ask the journal where to go on. The host does, before a session begins."""
        self.cursor = await self._host.journal.cursor(self.platform, self._seat.account)
