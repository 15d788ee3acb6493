"""One connection to an IRC server: register, join, listen.

Rules of this file:

1. Nothing is said to a channel before it is known whether we are in it: the host is told
   that we are up when every channel has answered, or when that takes too long.
2. A PING is answered by a task of its own: it must not wait behind a full journal.
3. What is missing (our nick, a channel) is *degraded*, no redial, and asked for again.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from secrets import token_hex
from typing import Final

import trio

from actors.messages import Inbound
from actors.sender import SendRefused
from platforms.base import Link, NeedsOperator, SessionEnded
from platforms.irc import wire
from platforms.irc.config import IrcConfig
from platforms.irc.dialling import dial, who_of
from platforms.irc.language import IrcHabits, IrcLanguage, IrcPeer
from platforms.irc.speaker import IrcSpeaker
from platforms.irc.wanting import ASK_AGAIN_SECONDS, Wanting
from platforms.transport import SocketClosed

REGISTER_SECONDS: Final = 60.0
"""A server may look for our name and our identd before it says a word."""
JOIN_SECONDS: Final = 20.0
LAST_WORDS_SECONDS: Final = 1.0
TOGETHER: Final = 63
"""Lines beside the first that are journalled in one go."""
PINGS: Final = 16
"""PINGs of a server that wait to be answered; more is nonsense, and dropped."""
PROBE: Final = "PING :rookery"


class Session:
    """Lives as long as one incarnation of the connection."""

    def __init__(self, link: Link, config: IrcConfig) -> None:
        self._link = link
        self._config = config
        self._known = wire.Known(account=config.nick, nick=config.nick)
        self._confirming = wire.Confirming(self._known)
        self.speaker = IrcSpeaker(link, self._known, self._confirming)
        self._wanting = Wanting(config.nick, config.channels, self._known)
        self._patient = True
        self._name = link.new_id()
        self._heard = 0
        self._pings, self._pinged = trio.open_memory_channel[str](PINGS)

    # --- the life of it ---------------------------------------------------------------

    async def live(self) -> None:
        """Return or raise when the connection is over.

        Raises:
            NeedsOperator: the server never lets us in like this.
            SessionEnded: it is over.
            DialFailed: nobody is there, or not to be trusted.
        """
        language = IrcLanguage(self._confirming, self._is_pinged)
        habits = IrcHabits(language=language, probe=_probe)
        async with (
            dial(self._config, self._link) as socket,
            self._link.conversation(socket, habits) as peer,
            trio.open_nursery() as tasks,
        ):
            tasks.start_soon(self._answer_pings, peer)
            await self._register(peer)
            tasks.start_soon(self._be_impatient)
            tasks.start_soon(self._ask_again, peer)
            await self._hear(peer)
            tasks.cancel_scope.cancel()

    async def _register(self, peer: IrcPeer) -> None:
        registration = wire.Registration(
            who_of(self._config), self._known, nonce=token_hex(16)
        )
        self._link.connecting("registers")
        with trio.move_on_after(REGISTER_SECONDS) as patience:
            await _say(peer, registration.begin())
            try:
                while not registration.done:
                    line = await anext(peer)
                    await _say(peer, registration.hear(line))
            except StopAsyncIteration:
                msg = "the server closed the connection while we registered"
                raise SessionEnded(msg) from None
            except wire.NeedsPerson as refused:
                raise NeedsOperator(str(refused)) from refused
        if patience.cancelled_caught:
            msg = f"the server did not let us in within {REGISTER_SECONDS:g} s"
            raise SessionEnded(msg)
        self._link.identify(self._config.nick)
        self.speaker.peer = peer
        # Folded anew: by now the server has said how it compares names.
        self._wanting = Wanting(self._config.nick, self._config.channels, self._known)
        await _say(peer, self._wanting.joins())
        self._review()

    async def _be_impatient(self) -> None:
        await trio.sleep(JOIN_SECONDS)
        self._patient = False
        self._review()

    async def _ask_again(self, peer: IrcPeer) -> None:
        with suppress(SocketClosed):  # that it is closed is told by who reads
            while True:
                await trio.sleep(ASK_AGAIN_SECONDS)
                await _say(peer, self._wanting.again())

    def _review(self) -> None:
        """Tell the host how things stand."""
        if self._patient and not self._wanting.settled:
            self._link.connecting("joins its channels")
        elif self._wanting.missing:
            self._link.degraded(self._wanting.missing)
        else:
            self._link.up()

    # --- in ---------------------------------------------------------------------------

    async def _hear(self, peer: IrcPeer) -> None:
        """Hand every event to the host, in order; also those read before the end."""
        events: list[Inbound] = []
        try:
            async for line in peer:
                lines = [line, *peer.unheard(TOGETHER)]
                events, replies = self._events(lines)
                await self._deliver(events)
                events = []
                await self._react(peer, lines, replies)
        except trio.Cancelled:
            # IRC says nothing twice: what we have read is journalled before we go. With
            # the ids that it has by now: the journal may have it already.
            with trio.move_on_after(LAST_WORDS_SECONDS, shield=True):
                await self._deliver([*events, *self._events(peer.unheard())[0]])
                with suppress(SocketClosed):
                    await peer.send("QUIT :see you")
            raise

    async def _react(
        self, peer: IrcPeer, lines: Iterable[wire.Line], replies: Iterable[str]
    ) -> None:
        with suppress(SocketClosed):
            await _say(peer, replies)
        self._review()
        for line in lines:
            if line.command == "ERROR":
                msg = f"the server closed the connection: {line.param(-1)}"
                raise SessionEnded(msg)

    def _events(self, lines: Iterable[wire.Line]) -> tuple[list[Inbound], list[str]]:
        """Return what *lines* tell the host, and what is to be said to them at once."""
        events: list[Inbound] = []
        replies: list[str] = []
        for line in lines:
            self._heard += 1
            fresh = f"{wire.NO_MSGID}{self._name}-{self._heard}"
            try:
                events += wire.to_inbound(line, self._known, fresh)
                self._known.hear(line)
                replies += self._wanting.hear(line)
            except Exception:
                # A mistake of ours must cost one line, not the session.
                self._link.log.exception("event.not_understood", event_raw=line.raw())
        return events, replies

    async def _deliver(self, events: list[Inbound]) -> None:
        if events:
            await self._link.deliver_all(events)

    def _is_pinged(self, token: str) -> None:
        with suppress(trio.WouldBlock):
            self._pings.send_nowait(token)

    async def _answer_pings(self, peer: IrcPeer) -> None:
        with suppress(SocketClosed):
            async for token in self._pinged:
                with suppress(wire.Unwritable):  # of no server that wants an answer
                    await peer.send(wire.write("PONG", [token]))


async def _say(peer: IrcPeer, lines: Iterable[str]) -> None:
    for line in lines:
        await peer.send(line)


async def _probe(peer: IrcPeer) -> None:
    with suppress(SendRefused):
        await peer.send(PROBE)
