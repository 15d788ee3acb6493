"""One account's conversation with its homeserver.

Rules of this file:

1. A `next_batch` (the homeserver's cursor) is journalled together with the last event
   before it, and only then used to ask for more. If the session ends in between, the same
   events are told again, and the journal recognises them.
2. What is missing in a room is fetched before anything that came after it is told, so that
   the order of a chat is that of the room.
3. Nothing that one room does, or the server of one room, ends a session: only the token,
   our homeserver and the line to it can.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import trio

from actors.messages import Inbound
from platforms.base import Link, NeedsOperator, Sent, SessionEnded
from platforms.matrix import wire
from platforms.matrix.devices import known_again
from platforms.matrix.filling import whole
from platforms.matrix.joining import Joining, direct_content
from platforms.matrix.server import (
    MAX_ANSWER_BYTES,
    WHOAMI,
    Refused,
    ask_object,
    ask_of_room,
    taken,
    told,
)
from platforms.matrix.wire import Rooms, filters

if TYPE_CHECKING:
    from platforms.base import Web
    from platforms.matrix.config import MatrixConfig
    from platforms.transport import HttpAnswer

HOLD_SECONDS: Final = 30.0
"""How long the server waits for something new before it says that there is nothing."""
CATCH_UP_SECONDS: Final = 110.0
"""How long it may take for the first answer after an absence: that may be a large one."""
PAUSE_SECONDS: Final = 1.0
"""How far apart we ask, at least, while answers are empty: some servers do not wait."""
TOGETHER: Final = 200
"""How many events are journalled at once, at most."""


class Session:
    """What one connection knows and does, from `begin` until it ends."""

    def __init__(
        self,
        link: Link,
        web: Web,
        config: Callable[[], MatrixConfig],
        now: Callable[[], float],
    ) -> None:
        """Begin, knowing nothing.

        Args:
            link: To the host.
            web: To the homeserver.
            config: Asked each time: some of it may change while we live.
            now: Seconds since 1970.
        """
        self.link = link
        self.web = web
        self._config = config
        self._now = now
        self.rooms = Rooms()
        self.us = ""
        self.joining = Joining(link, web, self.rooms, config)
        self.awaited: set[str] = set()
        """Keys of messages whose `send` is running; see `_heard`."""
        self._given = ""
        """The cursor that this session was given at its beginning."""

    @property
    def msgtype(self) -> str:
        """The `msgtype` of what we say: `m.notice` or `m.text`."""
        return f"m.{self._config().speak_as}"

    async def begin(self) -> None:
        """Find out who we are, and what we know of our rooms.

        Raises:
            NeedsOperator: the token is refused.
            SessionEnded: no homeserver answers there.
        """
        try:
            whoami = await self._ask(WHOAMI)
        except Refused as refused:
            why = (
                f"{WHOAMI} is refused ({refused}); is that the address of a homeserver?"
            )
            raise SessionEnded(why) from refused
        self.us = wire.as_text(whoami.get("user_id"))
        if not self.us:
            msg = f"{WHOAMI} does not say who we are; is that the address of a homeserver?"
            raise SessionEnded(msg)
        self.link.identify(self.us)
        device = wire.as_text(whoami.get("device_id"))
        await known_again(self.link, self.us, device, self._now())
        # The cursor of another account, of before the token was changed, is worth nothing.
        await self.link.find_cursor()
        direct = await direct_content(self.web, self.us)
        self.rooms.direct.update(wire.read_direct(direct))
        await self.joining.recall(self.us)

    async def listen(self, *, fewer: bool) -> None:
        """Hear what is new, until something ends it.

        Args:
            fewer: Ask for fewer events the first time; the answer was too large before.
        """
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self.joining.going)
            await self._hear(fewer=fewer)

    async def _hear(self, *, fewer: bool) -> None:
        waits = False
        while True:
            since = self.link.cursor
            if since is None:
                await self._begin_here()
                continue
            asked_at = trio.current_time()
            answer = await self.web.poll(
                filters.sync(since, HOLD_SECONDS if waits else 0.0, fewer=fewer),
                hold=HOLD_SECONDS if waits else CATCH_UP_SECONDS,
                max_bytes=MAX_ANSWER_BYTES,
            )
            if answer.status == 400:
                self._cursor_refused(answer, since)
                await self._begin_here()
                continue
            sync = self._read(answer)
            self.link.up()
            await self._take(sync, since)
            if waits and sync.is_empty:
                # A server that does not wait must not keep us busy with nothing.
                await trio.sleep_until(asked_at + PAUSE_SECONDS)
            waits, fewer = True, False

    # --- syncs ------------------------------------------------------------------------

    async def _begin_here(self) -> None:
        """Take the token of now. What was said before is history; invitations stand."""
        answer = await self.web.poll(
            filters.first_sync(), hold=CATCH_UP_SECONDS, max_bytes=MAX_ANSWER_BYTES
        )
        sync = self._read(answer)
        self.link.up()
        self._given = sync.next_batch
        invited = await self.joining.invited(sync.invitations)
        await self.link.deliver_all(invited, sync.next_batch)

    def _cursor_refused(self, answer: HttpAnswer, since: str) -> None:
        """The homeserver no longer knows where we were; we go on from now.

        Raises:
            SessionEnded: it knows nothing of what it has just told us, either.
        """
        refusal = wire.read_refusal(answer.status, answer.body, None)
        if since == self._given:
            raise SessionEnded(refusal.why)
        self.link.log.error("cursor.refused", cursor=since, why=refusal.why)

    def _read(self, answer: HttpAnswer) -> wire.Sync:
        try:
            return wire.read_sync(taken(answer))
        except Refused as refused:
            error = told(refused)
            if isinstance(error, NeedsOperator):
                raise error from refused
            raise SessionEnded(str(refused)) from refused
        except wire.Unreadable as error:
            raise SessionEnded(str(error)) from error

    async def _take(self, sync: wire.Sync, since: str) -> None:
        """Deliver everything of one answer; its cursor goes with the last of it."""
        if sync.direct is not None:
            self.rooms.direct = {**self.joining.direct, **sync.direct}
        for excerpt, why in sync.refused:
            self.link.refuse(excerpt, why)
        events: list[Inbound] = []
        there = {timeline.room for timeline in sync.joined}
        for timeline in (*sync.joined, *sync.left):
            self.joining.settled(timeline.room)
            heard = await self._heard(timeline, since)
            if timeline.room in there:
                await self.joining.moved(timeline.room, heard.moves)
            events += heard.events
            while (
                len(events) > TOGETHER
            ):  # one room's gap is in memory, not all of them
                await self.link.deliver_all(events[:TOGETHER])
                events = events[TOGETHER:]
        events += await self.joining.invited(sync.invitations)
        await self.link.deliver_all(events, sync.next_batch)

    # --- rooms ------------------------------------------------------------------------

    async def _heard(self, timeline: wire.Timeline, since: str) -> wire.Heard:
        """Return what one room has told, with its gap filled; learn what is to be learned."""
        room = timeline.room
        timeline = await whole(self.link, self.web, timeline, since)
        if timeline.events and room not in self.rooms.direct:
            await self.learn_powers(room)
        for event in timeline.state:
            self.rooms.learn(room, event)
        heard = self._understood(timeline)
        for transaction, event_id in heard.echoes:
            # Our own words came back, so they are out, whatever became of the answer. While
            # the answer is still awaited we leave it to that, since it tells more (which
            # parts were refused).
            if transaction not in self.awaited:
                self.link.answered_late(transaction, Sent(event_id))
        for one in heard.events:
            if one.event == wire.ENCRYPTED and room not in self.rooms.encrypted:
                self.rooms.encrypted.add(room)
                self.link.log.warning("room.encrypted", room=room)
        return heard

    def _understood(self, timeline: wire.Timeline) -> wire.Heard:
        """Read one room; if that raises, each of its events by itself."""
        room, state = timeline.room, timeline.state
        try:
            return wire.read_room(room, timeline.events, state, self.rooms, self.us)
        except Exception:  # noqa: BLE001 - each that raises is told of below
            # A mistake of ours must cost one event, not those around it.
            return wire.Heard.together(self._one_by_one(timeline))

    def _one_by_one(self, timeline: wire.Timeline) -> Iterator[wire.Heard]:
        for event in timeline.events:
            try:
                yield wire.read_room(
                    timeline.room, (event,), timeline.state, self.rooms, self.us
                )
            except Exception:
                self.link.log.exception(
                    "event.not_understood", room=timeline.room, event_raw=event
                )

    async def learn_powers(self, room: str) -> None:
        """Ask who may do what in *room*, once; it stays unknown if the server does not tell."""
        if self.rooms.powers(room) is not None:
            return
        levels: list[wire.JsonObject] = [{}, {}]
        state = f"/_matrix/client/v3/rooms/{quote(room, safe='')}/state"

        async def get(at: int, target: str) -> None:
            levels[at] = await self._state(target)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(get, 0, f"{state}/m.room.power_levels/")
            nursery.start_soon(get, 1, f"{state}/m.room.create/?format=event")
        self.rooms.learn_powers(room, wire.read_powers(*levels))

    async def _state(self, target: str) -> wire.JsonObject:
        try:
            return await ask_of_room(self.web, target, wire.read_object)
        except Refused:  # there is none, or it is not for us to see
            return {}

    async def _ask(self, target: str) -> wire.JsonObject:
        return await ask_object(self.web, target)
