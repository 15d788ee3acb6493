"""One socket of a session as its author sees it: frames in, frames out, requests.

Made by `Link.websocket` and `Link.lines`; what is beneath it is `Peer`. A talk lasts as
long as its block, and what it had going on ends with it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from math import isfinite
from typing import Generic, TypeAlias, TypeVar

import trio
from attrs import frozen

from actors.sender import SendRefused, Sent
from platforms.base.answers import Answer
from platforms.base.ends import SessionEnded
from platforms.base.objects import NoObject, object_of
from platforms.base.peer import Habits, Peer, Unreadable, conversation
from platforms.base.refusals import Refusals
from platforms.transport import TransportError, WebSocket

F = TypeVar("F")

Settled: TypeAlias = Sent | SendRefused
"""What an answer says of a message: it was sent, or why not."""

PING_SECONDS = 10.0
"""So long a WebSocket that was silent has to answer a ping."""
SOONEST_SECONDS = 0.05
"""The shortest period of `Link.every`."""


@frozen
class Wire(Generic[F]):
    """How frames are read, written and recognised as answers, on one wire. Pure.

    It is the `Language` that a `Peer` needs, made of three functions of an author.
    """

    reads: Callable[[str | bytes], F]
    writes: Callable[[F], str]
    answers: Callable[[F], Answer[Settled] | None]

    def read(self, raw: str | bytes) -> F:
        """Return what a frame says. Raises Unreadable."""
        return self.reads(raw)

    def answer_of(self, frame: F) -> Answer[Settled] | None:
        """Return the answer that *frame* is. Raises Unreadable.

        What its author's code raises costs this frame, not the session: the next one
        may be fine, and the same one would come again after every dial.
        """
        try:
            return self.answers(frame)
        except Exception as error:
            msg = f"answer_of failed: {type(error).__name__}: {error}"
            raise Unreadable(msg) from error


def read_object(raw: str | bytes) -> dict[str, object]:
    """Return the JSON object that a frame holds. Raises Unreadable."""
    try:
        return object_of(raw)
    except NoObject as error:
        raise Unreadable(str(error)) from None


class Talk(Generic[F]):
    """The conversation over one socket."""

    def __init__(
        self, peer: Peer[F, Settled], wire: Wire[F], beats: trio.Nursery
    ) -> None:
        self._peer = peer
        self._wire = wire
        self._beats = beats

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """What the peer said in the handshake, names in lower case."""
        return self._peer.socket.headers

    async def send(self, frame: F) -> None:
        """Send one frame, whole or not at all.

        Raises:
            SocketClosed: it is closed; nothing went out.
        """
        await self._peer.send(self._wire.writes(frame))

    async def receive(self, within: float) -> F:
        """Return the next frame that is no answer.

        Raises:
            SessionEnded: none came within so many seconds, or none will come.
        """
        with trio.move_on_after(within):
            try:
                return await anext(self._peer)
            except StopAsyncIteration:
                msg = "the peer left"
                raise SessionEnded(msg) from None
        msg = f"the peer said nothing for {within:g} s"
        raise SessionEnded(msg)

    def __aiter__(self) -> AsyncIterator[F]:
        """Iterate over what is no answer, until the peer says goodbye.

        Raises:
            SessionEnded: the socket was lost in another way.
        """
        return self._peer

    async def request(
        self, frame: F, ref: str, within: float, late: Callable[[Settled], None]
    ) -> Sent:
        """Send *frame* and return its answer; see `Link.request`."""
        settled = await self._peer.request(self._wire.writes(frame), ref, within, late)
        if isinstance(settled, Sent):
            return settled
        raise settled

    def silence_limit(self, seconds: float) -> None:
        """From now on the peer is dead when it says nothing for so long."""
        self._peer.liveness.silence_limit(seconds)

    def every(self, seconds: float, do: Callable[[], Awaitable[object]]) -> None:
        """Do something every so many *seconds*, from then on and as long as this lasts."""
        if not (isfinite(seconds) and seconds >= SOONEST_SECONDS):
            msg = f"every: seconds must be a number from {SOONEST_SECONDS:g} (got {seconds!r})"
            raise ValueError(msg)
        self._beats.start_soon(_beat, seconds, do)


async def _beat(seconds: float, do: Callable[[], Awaitable[object]]) -> None:
    with suppress(TransportError):  # that it is closed is told where it is read
        while True:
            await trio.sleep(seconds)
            await do()


@asynccontextmanager
async def talking(
    socket: WebSocket, wire: Wire[F], habits: Habits[F, Settled], refusals: Refusals
) -> AsyncIterator[Talk[F]]:
    """Talk over *socket* for as long as the block lasts."""
    async with (
        conversation(socket, habits, refusals) as peer,
        trio.open_nursery() as beats,
    ):
        try:
            yield Talk(peer, wire, beats)
        finally:
            beats.cancel_scope.cancel()
