"""Messages that were read, from two readers in one order.

Short messages come from the sieve, many at once; the others from the library, which may
take longer. In the queue `None` keeps the place of a message that the library has not
finished yet. While `feed` runs, a message that has nothing before it goes straight to the
sink, in the task that has read it: waking another task would cost more than all the rest.
"""

from __future__ import annotations

from collections import deque
from contextvars import Context, copy_context
from typing import Final, NoReturn, cast

import trio

from platforms.transport.sieve import Sieve
from platforms.transport.websocket import MAX_MESSAGE_BYTES, Frame, Sink

MESSAGES: Final = 64
BYTES: Final = MAX_MESSAGE_BYTES
"""While so many bytes wait, nothing more is read, which makes the peer wait."""


class Inflow:
    """The incoming messages of one socket: two readers put them, one task takes them."""

    def __init__(self, sieve: Sieve) -> None:
        self._sieve = sieve
        self._messages: deque[str | None] = deque()
        self._theirs: deque[Frame] = deque()
        self._bytes = 0  # read since nothing waited
        self._over = False
        self._deaf = False
        self._receiver = trio.lowlevel.ParkingLot()
        self._readers = trio.lowlevel.ParkingLot()
        self._sink: Sink | None = None
        self._context: Context | None = None
        self._failure: Exception | None = None

    @property
    def full(self) -> bool:
        waiting = len(self._messages) + len(self._theirs)
        return (
            waiting >= MESSAGES
            or (waiting > 0 and self._bytes >= BYTES)
            or (self._sink is not None and self._sink.full)
        )

    async def room(self) -> None:
        """Wait until something may be read."""
        while self.full:
            await self._readers.park()

    # --- the readers ------------------------------------------------------------------

    def sift(self, data: bytes) -> bytes:
        """Keep the short messages of what was read; return what the library gets."""
        found, rest = self._sieve.sift(data)
        if found and not self._deaf:
            if self._sink is None or None in found or self._waiting:
                self._messages += found
                self._bytes += len(data)
                self._receiver.unpark_all()
            else:
                self._hand_over(self._sink, cast("list[str]", found))
        return rest

    def put(self, message: Frame) -> None:
        """Take a message from the library: the next that it owes."""
        if not self._deaf:
            self._theirs.append(message)
            self._bytes += len(message)
            self._receiver.unpark_all()

    def end(self) -> None:
        """Nothing more will come; what came is still received."""
        self._over = True
        self._receiver.unpark_all()

    def hang_up(self) -> None:
        """Forget what waits and what comes, because nobody receives any more."""
        self._deaf = True
        self._sink = None
        self._messages.clear()
        self._theirs.clear()
        self.end()
        self._readers.unpark_all()

    # --- whoever wants them -----------------------------------------------------------

    async def receive(self) -> Frame:
        """Return the next message.

        Raises:
            trio.EndOfChannel: there will be none.
        """
        while (message := self._next()) is None:
            await self._something()
        return message

    async def feed(self, sink: Sink) -> NoReturn:
        """Hand every message to *sink*, in this task's context, until cancelled.

        Raises:
            trio.EndOfChannel: there will be no more.
            Exception: what the sink raised.
        """
        self._sink, self._context = sink, copy_context()
        try:
            while True:
                while sink.full:
                    await sink.room()
                self._readers.unpark_all()
                message = self._next()
                if message is None:
                    await self._something()
                else:
                    sink.take([message])
        finally:
            self._sink = None
            self._readers.unpark_all()

    async def _something(self) -> None:
        """Wait until there is a reason to look again."""
        if self._failure is not None:
            raise self._failure
        if self._over:
            raise trio.EndOfChannel
        await self._receiver.park()

    @property
    def _waiting(self) -> bool:
        return bool(self._messages or self._theirs)

    def _hand_over(self, sink: Sink, found: list[str]) -> None:
        assert self._context is not None
        try:
            self._context.run(sink.take, found)
        except Exception as error:  # noqa: BLE001 - raised again where it belongs
            # The reader of the library is none of the sink's business.
            self._failure = error
            self._deaf = True
            self._receiver.unpark_all()
        if sink.full:
            # Only who feeds knows how to wait for its room.
            self._receiver.unpark_all()

    def _next(self) -> Frame | None:
        """Take the next message if it is here."""
        message: Frame | None = self._messages[0] if self._messages else None
        if message is None:
            if not self._theirs:
                return None
            # Where the sieve is off, the library's messages have no place kept.
            message = self._theirs.popleft()
        if self._messages:
            self._messages.popleft()
        if not self._waiting:
            self._bytes = 0
        self._readers.unpark_all()
        return message
