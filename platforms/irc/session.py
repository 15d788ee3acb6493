"""One connection to an IRC server: register, join, listen.

Rules of this file:

1. Nothing is said to a channel before it is known whether we are in it: the host is told
   that we are up when every channel has answered, or when that takes too long.
2. A PING is answered by a task of its own: it must not wait behind a full journal.
3. What is missing (our nick, a channel) is *degraded*, no redial, and asked for again.
4. What was said while we were away is journalled before what is new; see `filling`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from secrets import token_hex
from typing import Final

import trio

from actors.sender import SendRefused
from platforms.base import Link, NeedsOperator, SessionEnded
from platforms.irc import wire
from platforms.irc.channels import Channels
from platforms.irc.config import IrcConfig
from platforms.irc.dialling import dial, who_of
from platforms.irc.filling import Filling
from platforms.irc.language import IrcHabits, IrcLanguage, IrcPeer
from platforms.irc.speaker import IrcSpeaker
from platforms.irc.wanting import ASK_AGAIN_SECONDS, Wanting
from platforms.transport import SocketClosed

REGISTER_SECONDS: Final = 60.0
"""So long registering may take: a server may look up our name and our identd first."""
JOIN_SECONDS: Final = 20.0
HISTORY_SECONDS: Final = 15.0
"""A page of what was missed that takes longer than this comes no more; the first one has
twice as long."""
HOLD_SECONDS: Final = 120.0
"""For so long after we came, what is new waits for what was missed. No longer, because
commands go stale."""
LAST_WORDS_SECONDS: Final = 1.0
TOGETHER: Final = 63
"""So many lines beside the first are journalled in one go."""
PINGS: Final = 16
"""PINGs of a server that wait to be answered; more is nonsense, and dropped."""
PROBE: Final = "PING :rookery"


class Session:
    """One conversation with a server; it lives as long as one incarnation of the connection.

    Args:
        link: To the host.
        config: Which network, as whom, in which channels.
        now: Seconds since 1970.
    """

    def __init__(self, link: Link, config: IrcConfig, now: Callable[[], float]) -> None:
        self._link = link
        self._now = now
        self._config = config
        self._known = wire.Known(account=config.nick, nick=config.nick)
        self._confirming = wire.Confirming(self._known)
        self.speaker = IrcSpeaker(link, self._known, self._confirming)
        self._wanting = Wanting(config.nick, config.channels, self._known)
        self._history = wire.History(self._known, "")
        self._filling = Filling(None, now)
        self._channels = Channels(link.shelf, now)
        self._delivering = False
        """Waits for the journal: so what does not come is not the server's fault."""
        self._since = 0.0
        """When we were registered."""
        self._patient = True
        """Still waits for channels to answer before it says that we are up."""
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
            tasks.start_soon(self._give_up_history, peer)
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
        await self._link.find_cursor()
        cursor = self._link.cursor or ""
        self._filling = Filling(self._link.cursor, self._now)
        self._since = trio.current_time()
        self.speaker.peer = peer
        # Folded anew: by now the server has said how it compares names.
        self._wanting = Wanting(self._config.nick, self._config.channels, self._known)
        await _say(peer, self._wanting.joins())
        # While the disk takes its time we are in them at least, and nothing is lost.
        since = await self._channels.recall(
            self._config.nick, self._wanting.channels, cursor
        )
        self._history = wire.History(self._known, cursor, since)
        self._review()

    async def _be_impatient(self) -> None:
        await trio.sleep(JOIN_SECONDS)
        self._patient = False
        self._review()

    async def _ask_again(self, peer: IrcPeer) -> None:
        with suppress(SocketClosed):  # that it is closed is told where it is read
            while True:
                await trio.sleep(ASK_AGAIN_SECONDS)
                await _say(peer, self._wanting.again())

    async def _give_up_history(self, peer: IrcPeer) -> None:
        before = 0
        with suppress(SocketClosed):
            while True:
                await trio.sleep(HISTORY_SECONDS)
                # While the journal takes its time nothing is asked, and no answer read.
                now = 0 if self._delivering else self._history.requests
                asked, before = before, now
                if self._history.busy and now and asked == now:
                    # What waited for it is journalled when this is answered.
                    lines = self._history.give_up("no answer came")
                    before = self._history.requests
                    await _say(peer, [*lines, PROBE])

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
        try:
            await self._listen(peer)
        except trio.Cancelled:
            # IRC says nothing twice: what we have read is journalled before we go. With
            # the ids that it has by now: the journal may have it already.
            with trio.move_on_after(LAST_WORDS_SECONDS, shield=True):
                self._read(peer.unheard())
                await self._link.deliver_all(self._filling.everything())
                with suppress(SocketClosed):
                    await peer.send("QUIT :see you")
            raise
        except Exception:  # whatever ended it: what was read is journalled first
            await self._link.deliver_all(self._filling.everything())
            raise
        else:
            await self._link.deliver_all(self._filling.everything())

    async def _listen(self, peer: IrcPeer) -> None:
        async for line in peer:
            lines = [line, *peer.unheard(TOGETHER)]
            replies = self._read(lines)
            await self._deliver()
            await self._react(peer, lines, replies)

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

    def _read(self, lines: Iterable[wire.Line]) -> list[str]:
        """Take in what *lines* tell the host; return what is to be said to them at once."""
        replies: list[str] = []
        for line in lines:
            try:
                asked = self._history.hear(line)
                replies += self._read_one(line) if asked is None else asked
            except Exception:
                # A mistake of ours must cost one line, not the session.
                self._link.log.exception("event.not_understood", event_raw=line.raw())
        for missed in self._history.take():
            self._fill(missed)
        return replies

    def _read_one(self, line: wire.Line) -> list[str]:
        self._heard += 1
        fresh = f"{wire.NO_MSGID}{self._name}-{self._heard}"
        self._filling.add(line, wire.to_inbound(line, self._known, fresh))
        self._known.hear(line)
        replies = self._wanting.hear(line)
        if line.command == "JOIN" and self._known.is_us(line.nick):
            channel = self._known.fold(line.param(0))
            self._channels.joined(channel, line.tags.get("time", ""))
            replies += self._history.joined(channel)
        return replies

    def _fill(self, missed: wire.Missed) -> None:
        log, found = self._link.log, len(missed.lines)
        for line in missed.lines:
            try:
                self._filling.put_before(line, wire.to_inbound(line, self._known, ""))
            except Exception:
                log.exception("event.not_understood", event_raw=line.raw())
        if not missed.why:
            self._channels.whole(missed.channel)
        if missed.why:
            log.warning("gap.lost", room=missed.channel, events=found, why=missed.why)
        elif missed.cut:
            log.warning("gap.cut", room=missed.channel, events=found)
        elif found:
            log.info("gap.filled", room=missed.channel, events=found)

    async def _deliver(self) -> None:
        joins = self._patient and not self._wanting.settled
        missing = self._history.busy or (self._history.on and joins)
        waits = trio.current_time() < self._since + HOLD_SECONDS
        events, cursor = self._filling.ready(missing=missing, waits=waits)
        if events:
            self._delivering = True
            if cursor is not None and self._known.capabilities.history:
                await self._channels.before_the_cursor()
            await self._link.deliver_all(events, cursor)
            self._delivering = False
            self._filling.kept(events)
            await self._channels.behind_the_cursor()

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
