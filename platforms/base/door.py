"""Where a listener hands over those who dialled us.

Accepting is always possible: an account whose connection sleeps in its backoff is woken
at once, one that never had a connection gets one, and one that is busy with its old
socket is told about the new one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Never

import structlog
import trio
from attrs import frozen

from actors.kernel import ActorError, Address
from platforms.base.callers import Caller
from platforms.base.seats import Seat, Seats
from platforms.base.visitors import Visitor
from platforms.transport import Admit, Handler, Network, WebSocket, listen
from supervision import (
    ChildSpec,
    DeleteChild,
    Refusal,
    RestartNow,
    StartChild,
    TerminateChild,
)

LOOK_AGAIN_SECONDS = 0.1
"""So often a connection that has not taken its visitor is roused again."""
PATIENCE_SECONDS = 10.0
"""So long a visitor waits for its session before it is sent away."""
ASK_SECONDS = 5.0
"""So long the supervisor of the connections has to answer a call."""
TRY_AGAIN_LATER = 1013
"""The close code of a WebSocket that says so (registered with IANA)."""

_log = structlog.get_logger()


@frozen
class NotLetIn(Exception):
    """No session took the visitor. Its socket is for the listener to close."""

    why: str

    def __str__(self) -> str:
        return self.why


class Door:
    """The listener's way to the connections beside it."""

    def __init__(
        self,
        seats: Seats,
        spec_of: Callable[[Seat], ChildSpec],
        supervisor: Address[StartChild | RestartNow | TerminateChild | DeleteChild],
        *,
        opened: Callable[[str], None],
        needed: Callable[[Seat], bool],
        freed: Callable[[Seat], None],
        network: Network,
    ) -> None:
        """Make the door.

        Args:
            seats: The seats of the platform.
            spec_of: Makes the spec of the connection that is to run in a seat.
            supervisor: The supervisor of the connections.
            opened: Called with the address at which the listener listens.
            needed: Says whether there is something to be said to the account of a seat.
            freed: Called with a seat that was taken from its account.
            network: Where it listens.
        """
        self._seats = seats
        self._needed = needed
        self._freed = freed
        self._clearing: dict[str, trio.Event] = {}
        self._spec_of = spec_of
        self._supervisor = supervisor
        self.opened = opened
        self.network = network

    async def listen(
        self, host: str, port: int, admit: Admit, handler: Handler
    ) -> Never:
        """Listen until cancelled, and let the host know where.

        Args:
            host: An address or name of this machine.
            port: 0 lets the system choose.
            admit: Decides about each handshake before the upgrade, such as a `Gate`.
            handler: Lives each admitted socket; as a rule it finds out whose it is, and
                awaits `receive`.

        Raises:
            OSError: the address cannot be bound. A taken port is tried again.
        """
        async with listen(host, port, admit, handler, self.network) as listener:
            bound, number = listener.address
            self.opened(f"[{bound}]:{number}" if ":" in bound else f"{bound}:{number}")
            await trio.sleep_forever()

    async def receive(self, account: str, socket: WebSocket, role: str = "") -> None:
        """Give *socket* to the session of *account*; return once it is done with it.

        It is taken with `Link.attend`. An account that has several sockets names the
        *role* of each: per role the newest one lives.
        """
        log = _log.bind(account=account, role=role, remote=socket.remote)
        log.info("peer.connected")
        caller = Caller(socket, role)
        try:
            await self.hand_over(account, caller)
        except NotLetIn as error:
            log.warning("peer.not_let_in", why=error.why)
            await socket.close(TRY_AGAIN_LATER, error.why)
            return
        why = await caller.over()
        log.info("peer.disconnected", why=why)
        await socket.close(reason=why)

    async def hand_over(self, account: str, visitor: Visitor) -> None:
        """Give *visitor* to the session of *account*; return once it was taken.

        When a newer visitor of the same role comes, this one is still heard out and then
        dismissed.

        Raises:
            NotLetIn: too many accounts, or the session would not take it.
        """
        seat = await self._seat_of(account)
        visitors = seat.visitors
        visitors.put(visitor)
        try:
            with trio.move_on_after(PATIENCE_SECONDS):
                while visitors.waits(visitor):
                    if not visitors.attended:
                        await self._rouse(seat)
                    await visitors.taken(visitor, LOOK_AGAIN_SECONDS)
            if visitors.waits(visitor):
                msg = f"the session did not take it within {PATIENCE_SECONDS:g} s"
                raise NotLetIn(msg)
        finally:
            visitors.withdraw(visitor)

    async def _seat_of(self, account: str) -> Seat:
        """Return the seat of *account*, if need be one that was taken from another.

        Raises:
            NotLetIn: all seats are taken by accounts that still need theirs.
        """
        while (cleared := self._clearing.get(account)) is not None:
            await cleared.wait()
        now = trio.current_time()
        seat = self._seats.of(account, now)
        while seat is None:
            for forsaken in self._seats.forsaken(now):
                if not (self._needed(forsaken) or forsaken.account in self._clearing):
                    await self._clear(forsaken)
                    break
            else:
                msg = f"{len(self._seats)} accounts are connected here already"
                raise NotLetIn(msg)
            seat = self._seats.of(account, now)
        return seat

    async def _clear(self, seat: Seat) -> None:
        """Take *seat* from its account, which was away for long.

        Should the account come back in this very moment, it waits until this is done, and
        gets another seat.
        """
        cleared = self._clearing[seat.account] = trio.Event()
        try:
            for farewell in (TerminateChild(seat.child), DeleteChild(seat.child)):
                await self._supervisor.ask(farewell, within=ASK_SECONDS)
            self._seats.remove(seat)
            self._freed(seat)
        except ActorError as error:
            msg = f"no seat could be freed: {error}"
            raise NotLetIn(msg) from error
        finally:
            del self._clearing[seat.account]
            cleared.set()

    async def _rouse(self, seat: Seat) -> None:
        """Wake the connection of *seat* from its backoff; start it if there is none."""
        try:
            answer = await self._supervisor.ask(
                RestartNow(seat.child), within=ASK_SECONDS
            )
            if answer is Refusal.NOT_FOUND:
                await self._supervisor.ask(
                    StartChild(self._spec_of(seat)), within=ASK_SECONDS
                )
        except ActorError as error:
            msg = f"its connection could not be started: {error}"
            raise NotLetIn(msg) from error
