"""What the host does for one session: everything that is not about its wire."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import trio

from actors.journal import Appended, Arrived, RowRefused
from actors.messages import Inbound
from actors.monitor import ConnectionState, Phase
from actors.sender import Retry, Sent, Terms
from platforms.base.dialling import lines_talk, websocket_talk
from platforms.base.line import AccountLine
from platforms.base.peer import RETRY_SECONDS, Habits, Peer, conversation
from platforms.base.rates import pacer_of
from platforms.base.refusals import Refusals
from platforms.base.seats import Seat
from platforms.base.talk import talking
from platforms.base.visitors import Visitor, Visitors
from platforms.transport import MAX_LINE_BYTES

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from structlog.typing import FilteringBoundLogger

    from platforms.base.answers import Answer
    from platforms.base.objects import Frame
    from platforms.base.platform import AnyPlatform
    from platforms.base.ports import Host
    from platforms.base.secret import Secret
    from platforms.base.talk import Settled, Talk, Wire
    from platforms.transport import WebSocket

F = TypeVar("F")
P = ParamSpec("P")
A = TypeVar("A")
_PRESENT = (Phase.UP, Phase.DEGRADED)


class Link:
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
        self._over = False
        self._talk: Talk[Any] | None = None
        self.cursor: str | None = None
        """How far the platform was journalled: where a session goes on."""

    @property
    def account(self) -> str:
        """Our login; empty until `up` has said it once, where a session has to find out."""
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
        that is known already changes nothing. A number is kept as its digits.

        Raises:
            RowRefused: it can never be written down. It is counted and logged, and must
                not be acknowledged.
        """
        trace = self.new_id()
        cursor = None if cursor is None else str(cursor)
        appended = await self._host.journal.append(
            self.platform, self.account, event, trace=trace, cursor=cursor
        )
        self._note(event, trace, appended)
        if appended.refused:
            raise RowRefused(appended.refused)
        self.cursor = self.cursor if cursor is None else cursor
        return appended

    async def deliver_all(self, events: Sequence[Inbound]) -> list[Appended]:
        """Return once all *events* are journalled, in this order, in one go.

        For a platform that reads several at once and acknowledges them together, or not
        at all.

        Raises:
            RowRefused: one of them can never be written down; the others are.
        """
        arrived = [Arrived(event, self.new_id()) for event in events]
        appended = await self._host.journal.append_all(
            self.platform, self.account, arrived
        )
        for one, became in zip(arrived, appended, strict=True):
            self._note(one.event, one.trace, became)
        for became in appended:
            if became.refused:
                raise RowRefused(became.refused)
        return appended

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
        """On the way, or waiting for a peer; nothing can be said yet."""
        self._become(ConnectionState(Phase.CONNECTING, why), sends=False)

    def up(self, account: str = "", *, silence_limit: float | None = None) -> None:
        """The conversation stands.

        Args:
            account: Who we are, where that was open.
            silence_limit: Seconds without a frame after which the peer is dead. Without
                it, one that is silent is asked for a sign of life.
        """
        if account:
            self.identify(account)
        if silence_limit is not None:
            self._open_talk().silence_limit(silence_limit)
        self._become(ConnectionState(Phase.UP), sends=True)

    def degraded(self, why: str, *, sends: bool = True) -> None:
        """The conversation stands, and something is not as it should be.

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
        if not self._over:
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
        return seat.terms

    def _disconnect(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            self._host.lines.disconnect(line)

    # --- sockets ----------------------------------------------------------------------

    def websocket(
        self,
        url: str,
        *,
        bearer: Secret | str | None = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> AbstractAsyncContextManager[Talk[Frame]]:
        """Dial *url* and talk in JSON objects for as long as the block lasts.

        Args:
            url: `ws://` or `wss://`.
            bearer: A token for the `Authorization` header.
            headers: Sent with the handshake, besides.

        Raises:
            NeedsOperator: our token is refused (401, 403).
            DialFailed: nobody is there, or not in time.
            DialRefused: no WebSocket is offered there.
        """
        return websocket_talk(self, self._platform, url, bearer, headers)

    def lines(
        self,
        host: str,
        port: int,
        *,
        probe: str,
        tls: bool | ssl.SSLContext = True,
        answer_of: Callable[[str], Answer[Settled] | None] | None = None,
        max_line_bytes: int = MAX_LINE_BYTES,
    ) -> AbstractAsyncContextManager[Talk[str]]:
        """Connect to *host* and talk in lines of text for as long as the block lasts.

        Args:
            host: A name or an address; its certificate has to be for it.
            port: Where it listens.
            probe: The line that makes a silent peer say something, such as `PING x`.
            tls: True trusts what the system trusts; False does not encrypt.
            answer_of: As `Platform.answer_of`, of a line.
            max_line_bytes: A longer line in ends the connection.

        Raises:
            DialFailed: nobody is there, or not in time, or not to be trusted.
        """
        return lines_talk(
            self,
            host,
            port,
            tls=tls,
            probe=probe,
            answer_of=answer_of,
            max_line_bytes=max_line_bytes,
        )

    async def request(self, frame: Frame | str, *, ref: str, within: float) -> Sent:
        """Send *frame* and return what `answer_of` makes of its answer.

        An answer that comes too late still turns *unknown* into sent.

        Args:
            frame: What the open talk of this session sends.
            ref: What `answer_of` will call its answer: `out.key`.
            within: Seconds until nobody waits any more.

        Raises:
            Retry: nothing is open to ask; nothing went out.
            OutcomeUnknown: it went out, and the answer was lost or is late.
            SendRefused: what the answer says.
        """
        if self._talk is None:
            raise Retry(RETRY_SECONDS, "not connected")
        return await self._talk.request(frame, ref, within, partial(self._late, ref))

    def every(
        self,
        seconds: float,
        do: Callable[P, Awaitable[object]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Await `do(...)` every so many *seconds*, as long as the open talk lasts."""
        self._open_talk().every(seconds, partial(do, *args, **kwargs))

    @asynccontextmanager
    async def taken_up(self, talk: Talk[F]) -> AsyncIterator[Talk[F]]:
        """While the block lasts, *talk* is what requests go through, or its successor."""
        self._talk = talk
        try:
            yield talk
        finally:
            if self._talk is talk:  # by identity: a late end must not evict a successor
                self._talk = None

    async def turn_to_dial(self) -> None:
        """Wait for this account's turn: a host does not dial everybody at once."""
        await self._host.gate.turn()

    @property
    def one_dial(self) -> trio.Lock:
        """Held by whoever dials for this account."""
        return self._seat.one_dial

    def _open_talk(self) -> Talk[Any]:
        if self._talk is None:
            msg = "silence_limit and every need a talk that is open, such as link.websocket"
            raise RuntimeError(msg)
        return self._talk

    def _late(self, key: str, settled: Settled) -> None:
        if isinstance(settled, Sent):
            self.answered_late(key, settled)

    def talk(
        self, socket: WebSocket, wire: Wire[F], habits: Habits[F, Settled]
    ) -> AbstractAsyncContextManager[Talk[F]]:
        """Talk over a socket that is open already; see `Link.websocket`."""
        return talking(socket, wire, habits, self._refusals)

    def conversation(
        self, socket: WebSocket, habits: Habits[F, A]
    ) -> AbstractAsyncContextManager[Peer[F, A]]:
        """Talk over *socket* for as long as the block lasts."""
        return conversation(socket, habits, self._refusals)

    def answered_late(self, key: str, sent: Sent) -> None:
        """What was *unknown* under the idempotency key *key* was sent after all."""
        self._host.answered_late(key, sent.id, sent.degraded)
