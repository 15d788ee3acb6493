"""One account's conversation with its OneBot peer: up to three sockets, one per role.

Rules of this file:

1. Per role the newest socket wins. One that ends is compared by identity, so that a dead
   socket that is noticed late does not take its successor along.
2. A session is as good as its sockets: without one that takes actions nothing can be said
   (the outbox keeps it), without one that carries events nothing can be heard; both are
   told as *degraded*. It is over when the last socket is.
3. That the account is offline is no fault of the connection: *degraded*, no redial.
4. What the old socket of a role has read is journalled before what the new one reads:
   it was said before.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import trio

from actors.messages import Inbound
from platforms.base import Link, NeedsOperator, SendRefused, SessionEnded
from platforms.onebot11 import wire
from platforms.onebot11.language import (
    Heard,
    OneBotHabits,
    OneBotLanguage,
    OneBotPeer,
)
from platforms.onebot11.roles import SocketRole
from platforms.onebot11.speaker import PROBE_SECONDS, OneBotSpeaker
from platforms.transport import WebSocket

FIRST_EVENT_SECONDS = 1.0
"""So long we wait for an event that says whose account it is, before we ask."""
ASK_AGAIN_SECONDS = 30.0
"""After so long we ask once more."""
LAST_WORDS_SECONDS = 1.0
"""So long what was read may take to be journalled when the session is stopped."""
TOGETHER = 63
"""So many events beside the first are journalled in one go, with one commit."""

_REFUSALS = (1401, 1403)
"""Return codes that say: this token is wrong, or there is none."""


class Session:
    """One conversation; it lives as long as one incarnation of the connection."""

    def __init__(self, link: Link, *, dialled: bool) -> None:
        """Begin with no socket.

        Args:
            link: To the host.
            dialled: We dial the peer. So it has to say whose account it is, and if it
                refuses a token that is ours.
        """
        self._link = link
        self._dialled = dialled
        self._peers: dict[SocketRole, OneBotPeer] = {}
        self.speaker = OneBotSpeaker(link, self._peers)
        # For the newest socket of each role: set once it has handed over all it has read.
        self._heard_out = {role: trio.Event() for role in SocketRole}
        for nobody in self._heard_out.values():
            nobody.set()
        self._online = True
        self._identified = trio.Event()
        self._can_ask = trio.Event()
        if not dialled:
            self._identified.set()

    # --- sockets ----------------------------------------------------------------------

    async def converse(self, role: SocketRole, socket: WebSocket) -> str:
        """Live one socket; return why it is gone.

        Raises:
            NeedsOperator: the peer says that our token is wrong.
        """
        habits = OneBotHabits(
            language=OneBotLanguage(),
            carries_events=role.hears,
            probe=self._probe if role.speaks else _ping,
        )
        async with self._link.conversation(socket, habits) as peer:
            self._join(role, peer)
            try:
                await self._hear(role, peer)
            except SessionEnded as ended:
                return ended.why
            finally:
                self._leave(role, peer)
        return "the peer left"

    def _join(self, role: SocketRole, peer: OneBotPeer) -> None:
        self._peers[role] = peer
        if role.speaks:
            self._can_ask.set()
        self._review()

    def _leave(self, role: SocketRole, peer: OneBotPeer) -> None:
        if self._peers.get(role) is peer:
            del self._peers[role]
            if self._peers:
                self._review()

    def _review(self) -> None:
        """Tell the host how things stand."""
        if not self._identified.is_set():
            self._link.connecting("asks whose account this is")
            return
        speaks = any(role.speaks for role in self._peers)
        faults = []
        if not speaks:
            faults.append("no API connection, nothing can be said")
        if not any(role.hears for role in self._peers):
            faults.append("no event connection, nothing can be heard")
        if not self._online:
            faults.append("the account is offline")
        if faults:
            self._link.degraded("; ".join(faults), sends=speaks)
        else:
            self._link.up()

    # --- in ---------------------------------------------------------------------------

    async def _hear(self, role: SocketRole, peer: OneBotPeer) -> None:
        """Hand every event to the host, in order; also those read before the end.

        An older socket of *role* was dismissed by now, and is heard out first.
        """
        older, heard_out = self._heard_out[role], trio.Event()
        self._heard_out[role] = heard_out
        in_hand: list[Heard] = []
        try:
            await older.wait()
            peer.hears(self._take_now)
            async for heard in peer:
                # What was read together is written down together.
                in_hand = [heard, *peer.unheard(TOGETHER)]
                await self._take(peer, in_hand)
                in_hand = []
        except trio.Cancelled:
            # OneBot says nothing twice: what we have read is journalled before we go.
            with trio.move_on_after(LAST_WORDS_SECONDS, shield=True):
                await older.wait()
                await self._take(peer, [*in_hand, *peer.unheard()])
            raise
        finally:
            peer.hears_no_more()
            heard_out.set()

    def _take_now(self, heard: Sequence[Heard]) -> bool:
        """Hand messages over as they are read, if there is nothing to be waited for.

        It spares waking two tasks for each read: one to take them, one to go on after
        the commit. OneBot has nothing to acknowledge then.
        """
        if not self._identified.is_set():
            return False
        events: list[Inbound] = []
        for one in heard:
            if type(one) is not wire.GroupMessage and (
                type(one) is not wire.PrivateMessage
            ):
                return False
            event = self._inbound(one)
            if event is not None:
                events.append(event)
        return not events or self._link.deliver_now(events)

    async def _take(self, peer: OneBotPeer, heard: Sequence[Heard]) -> None:
        events: list[Inbound] = []
        try:
            for one in heard:
                event = await self._understood(peer, one)
                if event is not None:
                    events.append(event)
        finally:  # if one of them raises, those before it are delivered all the same
            if events:
                await self._link.deliver_all(events)

    async def _understood(self, peer: OneBotPeer, heard: Heard) -> Inbound | None:
        """Return the event to hand to the host; what is for the session alone ends here."""
        match heard:
            case wire.Answer():
                self._unasked(heard)
                return None
            case wire.Heartbeat(online=online, interval_seconds=interval):
                if interval is not None:
                    peer.liveness.heartbeat(interval)
                self._account_is(online=online)
            case wire.AccountStatus(online=online):
                self._account_is(online=online)
            case _:
                pass
        if not self._identified.is_set():
            if heard.self_id:
                self.identify(heard.self_id)
            await self._identified.wait()
        return self._inbound(heard)

    def _inbound(self, heard: wire.Event) -> Inbound | None:
        try:
            return wire.to_inbound(heard, self._link.account)
        except Exception:
            # A mistake of ours must cost one event, not the session.
            self._link.log.exception("event.not_understood", event_raw=dict(heard.raw))
            return None

    def _unasked(self, answer: wire.Answer) -> None:
        if self._dialled and answer.retcode in _REFUSALS and not answer.key:
            # Accepted, and then refused in a frame: NapCat and LLOneBot do it so.
            why = f"the peer refuses our access token: {answer.words or answer.retcode}"
            raise NeedsOperator(why)
        self._link.log.debug("answer.not_asked_for", retcode=answer.retcode)

    def _account_is(self, *, online: bool | None) -> None:
        if online is not None and online != self._online:
            self._online = online
            self._review()

    # --- who we are -------------------------------------------------------------------

    def identify(self, account: str) -> None:
        """Note whose account this is, if that was not known yet."""
        if not self._identified.is_set():
            self._link.identify(account)
            self._identified.set()
            self._review()

    async def find_out_who_we_are(self) -> None:
        """See to it that the account is known: an event says it, or we ask."""
        await self._can_ask.wait()
        with trio.move_on_after(FIRST_EVENT_SECONDS):
            await self._identified.wait()
        while not self._identified.is_set():
            with suppress(SendRefused):
                speaker = self.speaker
                answer = await speaker.ask(speaker.peer(), "get_login_info")
                login = wire.result_of("get_login_info", answer)
                if isinstance(login, wire.LoginInfo) and login.user_id not in ("", "0"):
                    self.identify(login.user_id)
            with trio.move_on_after(ASK_AGAIN_SECONDS):
                await self._identified.wait()

    async def _probe(self, peer: OneBotPeer) -> None:
        """Ask for a sign of life on this very socket; any answer will do."""
        answer = await self.speaker.ask(peer, "get_status")
        status = wire.result_of("get_status", answer)
        if isinstance(status, wire.Status):
            self._account_is(online=status.online)


async def _ping(peer: OneBotPeer) -> None:
    """Ask an event socket for a sign of life: it takes no actions, so by a ping."""
    await peer.ping(PROBE_SECONDS)
