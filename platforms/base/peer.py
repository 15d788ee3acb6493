"""One socket of a session: frames out, answers matched, events in.

Rules of this file:

1. The reader never waits for an event to be handled. It asks `answer_of` about every
   frame first, and an answer is settled at once, even while `deliver` waits.
2. Events wait in a bounded queue. When it is full the reader stops reading, so the
   peer feels it; answers behind those events come late then, and a request whose
   answer comes too late is *unknown*. A frame that cannot be read is counted and told
   about once in a while; it never ends a session.
3. Silence is measured while we wait for a frame, and only then.
4. When the socket is lost everything pending is *unknown* at once; the events that
   were read before are still handed out.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from math import inf
from typing import Generic, Protocol, TypeVar

import trio
from attrs import frozen

from actors.sender import Leave, OutcomeUnknown, Retry, SendRefused
from platforms.base.answers import Answer, Answers, Reply
from platforms.base.backlog import MAX_EVENTS, Backlog
from platforms.base.ends import SessionEnded
from platforms.base.refusals import Refusals
from platforms.transport import (
    Dead,
    Frame,
    Liveness,
    Probe,
    SocketClosed,
    Wait,
    WebSocket,
)

SWEEP_SECONDS = 0.25
"""How often overdue requests are looked for, at most; those found are ended together."""
RECHECK_SECONDS = 5.0
RETRY_SECONDS = 1.0
AT_ONCE_BYTES = 64 * 1024
"""How much of one read is handed out at once; more waits in the backlog, which is bounded
by bytes."""

F = TypeVar("F")
A = TypeVar("A")
A_co = TypeVar("A_co", covariant=True)


class Unreadable(ValueError):
    """What `Language.read` raises: this frame is no frame of the protocol."""


class Language(Protocol[F, A_co]):
    """What one wire looks like. Pure."""

    def read(self, raw: Frame) -> F:
        """Return what a frame says. Raises Unreadable, and nothing else."""
        ...

    def answer_of(self, frame: F) -> Answer[A_co] | None:
        """Return the answer that *frame* is, or `None` for an event. May raise Unreadable."""
        ...


@frozen(kw_only=True)
class Habits(Generic[F, A]):
    """How a socket is used."""

    language: Language[F, A]
    carries_events: bool = True
    """False for a socket on which the peer sends no events: its silence is only probed."""
    probe: Callable[[Peer[F, A]], Awaitable[object]] | None = None
    """Ask the peer for a sign of life; `None` where the peer cannot be asked."""


class Peer(Generic[F, A]):
    """The other end of one socket. Made by `conversation`."""

    def __init__(
        self, socket: WebSocket, habits: Habits[F, A], refusals: Refusals
    ) -> None:
        self.socket = socket
        self.liveness = Liveness(habits.carries_events)
        self._habits = habits
        self._language = habits.language
        self._refusals = refusals
        self._answers: Answers[A] = Answers()
        self._asked = trio.lowlevel.ParkingLot()
        self._sweeps_at = inf
        self._backlog: Backlog[F] = Backlog()
        self._why = ""
        self._straight: Callable[[Sequence[F]], bool] = _not_now
        # The bound method: it is read for every frame.
        self._clock = trio.lowlevel.current_clock().current_time

    def hears(self, at_once: Callable[[Sequence[F]], bool]) -> None:
        """Have events given to *at_once* in the call that has read them.

        It returns False where it cannot take them without waiting: then they, and what
        comes until all of them have been taken, are for whoever iterates over this.
        """
        self._straight = at_once

    def hears_no_more(self) -> None:
        """Let events wait again until they are taken."""
        self._straight = _not_now

    async def send(self, text: str) -> None:
        """Send one frame. Raises SocketClosed; nothing went out then."""
        await self.socket.send(text)

    async def request(
        self,
        text: str,
        ref: str,
        within: float,
        late: Callable[[A], None] | None = None,
    ) -> A:
        """Send *text* and return the answer to it.

        Args:
            text: One frame.
            ref: What `Language.answer_of` will call its answer.
            within: Seconds until nobody waits any more.
            late: Called with an answer that comes after that.

        Raises:
            Retry: nothing went out.
            OutcomeUnknown: it went out, and no answer came.
        """
        reply: Reply[A] = Reply()
        deadline = self._clock() + within
        pending = self._answers.open(ref, deadline, reply.told, late)
        try:
            try:
                await self.socket.send(text)
            except SocketClosed as closed:
                raise Retry(RETRY_SECONDS, str(closed)) from closed
            if pending.deadline < self._sweeps_at:
                self._asked.unpark_all()
            return await reply.wait()
        finally:
            self._answers.forget(pending)

    def begin(
        self,
        text: str,
        ref: str,
        within: float,
        told: Callable[[A | OutcomeUnknown], None],
        late: Callable[[A], None] | None = None,
    ) -> Leave | None:
        """Send *text* in this very call, and have *told* called with the answer to it.

        It is told of its end by the reader or by time, from outside of this call. For
        the hot path: no task is woken to send, and none to hear the answer.

        Returns:
            How to wait no longer; `None` where one has to wait first: nothing was sent.

        Raises:
            Retry: nothing went out.
        """
        answers, deadline = self._answers, self._clock() + within
        if answers.lost:
            return None
        pending = answers.open(ref, deadline, told, late)
        sent = False
        try:
            sent = self.socket.send_now(text)
        except SocketClosed as closed:
            raise Retry(RETRY_SECONDS, str(closed)) from closed
        finally:
            if not sent:
                answers.withdraw(pending)
        if not sent:
            return None
        if deadline < self._sweeps_at:
            self._asked.unpark_all()
        return partial(answers.forget, pending)

    @property
    def alive(self) -> bool:
        """Whether something can be asked: no end of the socket has been noticed yet."""
        return not self._answers.lost

    async def ping(self, within: float) -> None:
        """Ask the peer's WebSocket library for a sign of life, where its bot has no ear."""
        with trio.move_on_after(within):
            await self.socket.ping()
            self.liveness.heard()
            self.liveness.waits(self._clock())

    def unheard(self, at_most: int = MAX_EVENTS) -> list[F]:
        """Take events that were read and not handed out yet, without waiting."""
        return self._backlog.take_all(at_most)

    def __aiter__(self) -> AsyncIterator[F]:
        return self

    async def __anext__(self) -> F:
        """Return the next event; ends when the peer said goodbye.

        Raises:
            SessionEnded: the socket was lost in another way.
        """
        try:
            return await self._backlog.take()
        except trio.EndOfChannel:
            if self._why:
                raise SessionEnded(self._why) from None
            raise StopAsyncIteration from None

    # --- the three tasks of a socket ----------------------------------------------

    async def read(self) -> None:
        """Read until the end, whatever end it is."""
        try:
            await self._read()
        except SocketClosed as closed:
            self._why = self._why or str(closed)
        finally:
            self._answers.lose(self._why or "the peer left before it answered")
            self._backlog.close()

    async def _read(self) -> None:
        self.liveness.waits(self._clock())
        try:
            await self.socket.feed(self)
        except SocketClosed as closed:
            if not closed.polite:
                raise

    def take(self, frames: Sequence[Frame]) -> None:
        """Settle answers, and let events wait to be heard; see `Sink`."""
        liveness, backlog = self.liveness, self._backlog
        read, answer_of = self._language.read, self._language.answer_of
        liveness.heard()
        heard: list[tuple[F, int]] = []
        try:
            for raw in frames:
                try:
                    frame = read(raw)
                    answer = answer_of(frame)
                except Unreadable as error:
                    self._refusals.refuse(raw, str(error), self._clock())
                    continue
                if answer is None:
                    heard.append((frame, len(raw)))
                else:
                    self._answers.settle(answer)
        finally:  # whoever was told an answer may raise: events were read all the same
            self._hand_over(heard)
        if not backlog.full:
            liveness.waits(self._clock())

    def _hand_over(self, heard: Sequence[tuple[F, int]]) -> None:
        """Let events be taken at once, or wait: also those that nobody could take."""
        taken = False
        try:
            taken = self._backlog.awaited and self._takes(heard)
        finally:
            if not taken:
                for frame, size in heard:
                    self._backlog.put(frame, size)

    def _takes(self, heard: Sequence[tuple[F, int]]) -> bool:
        """Offer events to whoever takes them in this very call; return whether he did."""
        if sum(size for _, size in heard) > AT_ONCE_BYTES:
            return False
        return self._straight([frame for frame, _ in heard])

    @property
    def full(self) -> bool:
        """Whether so many events wait that nothing more is read now."""
        return self._backlog.full

    async def room(self) -> None:
        """Wait until events have been heard."""
        await self._backlog.room()
        self.liveness.waits(self._clock())

    async def watch(self) -> None:
        """Probe a peer that is silent, and close one that is dead."""
        while self.socket.closed is None:
            now = self._clock()
            match self.liveness.verdict(now):
                case Wait(until):
                    await trio.sleep(max(0.0, min(until - now, RECHECK_SECONDS)))
                case Probe():
                    self.liveness.probed(now)
                    await self._probe()
                case Dead(why):
                    self._why = why
                    await self.socket.close(1001, why)

    async def _probe(self) -> None:
        if self._habits.probe is not None:
            # Whether it is answered is told by what the reader hears, not here.
            with suppress(SendRefused, SocketClosed):
                await self._habits.probe(self)

    async def sweep(self) -> None:
        """End requests that are overdue.

        Most are answered long before: it sleeps until the first of them could be overdue,
        and whoever asks for less time than that wakes it.
        """
        while True:
            now = self._clock()
            self._answers.expire(now)
            self._sweeps_at = max(self._answers.next_deadline, now + SWEEP_SECONDS)
            with trio.move_on_at(self._sweeps_at):
                await self._asked.park()


def _not_now(_: object) -> bool:
    """Take no event now, so that they wait."""
    return False


@asynccontextmanager
async def conversation(
    socket: WebSocket, habits: Habits[F, A], refusals: Refusals
) -> AsyncIterator[Peer[F, A]]:
    """Talk with whoever is behind *socket*; leaving ends every request at once."""
    peer = Peer(socket, habits, refusals)
    async with trio.open_nursery() as nursery:
        for task in (peer.read, peer.watch, peer.sweep):
            nursery.start_soon(task)
        try:
            yield peer
        finally:
            nursery.cancel_scope.cancel()
