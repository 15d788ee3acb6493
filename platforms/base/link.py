"""What the host does for one session: everything that is not about its wire.

Here how things stand, and who speaks. What came in is in `arrivals`, how the peer is
reached in `reach`.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from math import inf
from typing import TYPE_CHECKING

import trio
from attrs import evolve

from actors.monitor import ConnectionState, Phase
from actors.sender import Terms
from platforms.base.arrivals import Arrivals
from platforms.base.beforehand import Beforehand
from platforms.base.entering import ingress_entered
from platforms.base.line import AccountLine
from platforms.base.newest import Newest
from platforms.base.rates import pacer_of
from platforms.base.reach import Reach
from platforms.base.refusals import Refusals
from platforms.base.seats import Seat
from platforms.base.speaker import NOBODY, Speaker
from platforms.base.visitors import Visitor, Visitors
from platforms.ingress import BODY_BYTES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

    from structlog.typing import FilteringBoundLogger

    from platforms.base.platform import AnyPlatform
    from platforms.base.ports import Host, Shelf
    from platforms.ingress import Answering, Entrance
    from platforms.transport import Admit

_PRESENT = (Phase.UP, Phase.DEGRADED)


class Link(Arrivals, Reach):
    """One session's tie to the host. Worth nothing once the session has ended."""

    def __init__(
        self,
        platform_id: str,
        platform: AnyPlatform,
        host: Host,
        seat: Seat,
        *,
        log: FilteringBoundLogger,
        new_id: Callable[[], str],
    ) -> None:
        self.platform = platform_id
        self.log = log
        self.new_id = new_id
        self._seat = seat
        self._platform = platform
        self._host = host
        self._line: AccountLine | None = None
        self._state = ConnectionState(Phase.STARTING)
        self._refusals = Refusals(log)
        self.beforehand = Beforehand()
        self._keys_since = -inf
        self._over = False
        self._on_their_way = 0
        self.talks = Newest("not connected")
        self.webs = Newest("not connected")
        self._speakers = Newest[Speaker](
            "the session is over", NOBODY if platform.speaks else None
        )
        self.cursor = None

    @property
    def account(self) -> str:
        """Our login. Where a session has to find it out, it is empty until `up` or
        `identify` has said it, and known to every session after that.
        """
        return self._seat.account

    @property
    def visitors(self) -> Visitors[Visitor]:
        """Sockets that dialled us for this account."""
        return self._seat.visitors

    def shelf(self, name: str) -> Shelf:
        """Return a place beside the journal where this platform keeps things by name.

        They outlive its sessions and the host. *name* tells several such places apart.
        """
        return self._host.shelf(f"platform {self.platform} {name}")

    # --- out --------------------------------------------------------------------------

    def speaks_through(self, speaker: Speaker) -> AbstractContextManager[Speaker]:
        """While the block lasts, what is to be said is said by *speaker*.

        For a platform that has no `send` of its own, nor any of the other methods: they
        are those of *speaker*. Enter it before `up`. Where several are entered the newest
        one speaks; what is to be said when none is left is tried again a little later,
        with the next session.
        """
        return self._speakers.during(speaker)

    @property
    def speaker(self) -> Speaker:
        """Who speaks now; see `speaks_through`. Raises Retry: nobody does any more."""
        return self._speakers.get()

    # --- the world comes to us --------------------------------------------------------

    def ingress(self) -> AbstractAsyncContextManager[Entrance]:
        """Answer the world at the paths below `/PLATFORM_ID/` while the block lasts.

        The block is entered once the host's ingress is open; until then, as when another
        program has its port, this session shows what it waits for. Requests that are being
        answered are cut off at the end of the block.

        Raises:
            SessionEnded: the ingress was closed meanwhile.
        """
        return ingress_entered(self, self._host.ingress)

    @asynccontextmanager
    async def webhooks(
        self,
        answering: Answering,
        *,
        admit: Admit,
        path: str = "",
        max_bytes: int = BODY_BYTES,
    ) -> AsyncIterator[Entrance]:
        """Let *answering* take what is posted to `/PLATFORM_ID/PATH` while the block lasts.

        It delivers, and returns: only then is the request answered, with 200. Whatever it
        raises is answered with 500, and so is told again by whoever keeps what was not
        taken. Several run at once.

        Args:
            answering: Takes one request; see `Entrance.hook`.
            admit: Decides on the head alone: `ShowsSecret("x-token", token)`, say.
            path: Behind the platform's own.
            max_bytes: A larger body is refused.
        """
        async with self.ingress() as entrance:
            entrance.hook(path, answering, admit=admit, max_bytes=max_bytes)
            yield entrance

    # --- state ------------------------------------------------------------------------

    def identify(self, account: str) -> None:
        """Say whose connection this is, where the session had to find out."""
        if account == self.account:
            return
        self._disconnect()
        self._host.reports.remove(self.platform, self.account)
        self._seat.account = account
        self.log = self.log.bind(account=account)
        self._host.reports.report(self.platform, account, self._state)

    def connecting(self, why: str = "") -> None:
        """Say that we are dialling, or wait to be dialled; nothing can be said yet."""
        self._become(ConnectionState(Phase.CONNECTING, why), sends=False)

    def becomes(self, state: ConnectionState) -> None:
        """Show *state* as that of the session: of what it waits for, such as the ingress."""
        self._become(state, sends=False)

    def up(self, account: str = "", *, silence_limit: float | None = None) -> None:
        """Say that the conversation stands: from now on messages are sent through it.

        Args:
            account: Who we are, where the session had to find out.
            silence_limit: Seconds without a frame after which the peer is taken for dead.
                Without it, one that is silent is asked for a sign of life first.
        """
        if account:
            self.identify(account)
        if silence_limit is not None:
            self._open_talk().silence_limit(silence_limit)
        self._become(ConnectionState(Phase.UP), sends=True)

    def keys_known_for(self, seconds: float) -> None:
        """Say, before `up`, that the peer knows us by this name for so long only.

        An `Outbound.key` of before that time it does not recognise: what was sent then and
        is *unknown* must not be repeated, and stays unknown.
        """
        self._keys_since = trio.current_time() - seconds

    def degraded(self, why: str, *, sends: bool = True) -> None:
        """Say that the conversation stands, but not all is as it should be.

        Args:
            why: For a person, in a few words.
            sends: False when nothing can be said now; the outbox keeps it then.
        """
        self._become(ConnectionState.degraded(why), sends=sends)

    def over(self, state: ConnectionState, *, sends: bool = False) -> None:
        """The session ends; from now on only the host says how things stand."""
        self._over = True
        self._set(state, sends=sends)

    def _become(self, state: ConnectionState, *, sends: bool) -> None:
        if self._over:
            return
        if sends and self._speakers.now is None:
            kind = type(self._platform).__name__
            msg = f"{kind} must have a `send`, or be up inside of `with link.speaks_through(...)`: now nobody would say anything"
            raise RuntimeError(msg)
        self._set(state, sends=sends)

    def _set(self, state: ConnectionState, *, sends: bool) -> None:
        if state.phase in _PRESENT:
            self._seat.away_since = None
        elif self._seat.away_since is None:
            self._seat.away_since = trio.current_time()
        if state != self._state:
            self._state = state
            self._host.reports.report(self.platform, self.account, state)
        if not sends:
            self._disconnect()
        elif self._line is None:
            self._line = AccountLine(self._platform, self, self._host.media)
            self._host.lines.connect(self._line, self._terms())

    def _terms(self) -> Terms:
        seat, caps = self._seat, self._platform.caps
        if seat.terms is None:
            seat.terms = Terms(pacer_of(caps.rate), caps.repeats_for)
        if self._keys_since == seat.terms.keys_since:
            return seat.terms
        return evolve(seat.terms, keys_since=self._keys_since)

    def _disconnect(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            self._host.lines.disconnect(line)
