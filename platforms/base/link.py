"""What the host does for one session: everything that is not about its wire.

Here what came in and how things stand; how the peer is reached is in `reach`.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from math import inf
from typing import TYPE_CHECKING

import trio
from attrs import evolve
from msgspec.structs import replace

from actors.journal import Appended, Arrived
from actors.messages import Inbound
from actors.monitor import ConnectionState, Phase
from actors.sender import Terms
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
    from collections.abc import AsyncIterator, Callable, Sequence
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

    from structlog.typing import FilteringBoundLogger

    from platforms.base.platform import AnyPlatform
    from platforms.base.ports import Host, Shelf
    from platforms.ingress import Answering, Entrance
    from platforms.transport import Admit

ON_THEIR_WAY = 256
"""So many events of one session may be handed over by `deliver_now` and not be on the disk
yet; what comes beyond them waits."""
_PRESENT = (Phase.UP, Phase.DEGRADED)


class Link(Reach):
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
        self.cursor: str | None = None
        """Up to where the platform's events are journalled, as it was last told with
        `deliver` or `advance`: from there a session goes on. `None` before the first."""

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

    # --- in ---------------------------------------------------------------------------

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
            self.platform, self.account, event, trace=trace, cursor=cursor
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
            self.platform, self.account, arrived
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
        if journal.append_now(self.platform, self.account, arrived, told):
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
        await self._host.journal.advance(self.platform, self.account, str(cursor))
        self.cursor = str(cursor)

    async def find_cursor(self) -> None:
        """Ask the journal where to go on. The host does, before a session begins."""
        self.cursor = await self._host.journal.cursor(self.platform, self.account)

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
