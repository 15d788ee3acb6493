"""How a session reaches its peer: the half of `Link` that has to do with sockets.

What a platform's author uses is `websocket`, `lines`, `http` and, on what they open,
`request` and `every`. `dial`, `dial_lines`, `talk` and `conversation` are for platforms that
read their sockets in their own way.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import trio

from actors.sender import Sent
from platforms.base.callers import Converse, attend
from platforms.base.dialling import (
    accepted_talk,
    dialled_websocket,
    in_turn,
    lines_talk,
    websocket_talk,
)
from platforms.base.newest import Newest
from platforms.base.peer import Habits, Peer, conversation
from platforms.base.talk import talking
from platforms.base.web import Web, web_talk
from platforms.transport import MAX_LINE_BYTES, as_utf8, dial_lines

if TYPE_CHECKING:
    import ssl

    from platforms.base.answers import Answer
    from platforms.base.beforehand import Beforehand
    from platforms.base.objects import Frame
    from platforms.base.platform import AnyPlatform
    from platforms.base.ports import Host
    from platforms.base.refusals import Refusals
    from platforms.base.seats import Seat
    from platforms.base.secret import Secret
    from platforms.base.talk import Settled, Talk, Wire
    from platforms.transport import Network, WebSocket

F = TypeVar("F")
P = ParamSpec("P")
A = TypeVar("A")


class Reach:
    """The sockets of a session; `Link` adds the journal and the state to them."""

    _platform: AnyPlatform
    _host: Host
    _seat: Seat
    _refusals: Refusals
    beforehand: Beforehand
    """What of an outcome is known before there is an answer; the host's line notes it."""
    talks: Newest[Talk[Any]]
    """What requests go through."""
    webs: Newest[Web]

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

    def accepted(self, socket: WebSocket) -> AbstractAsyncContextManager[Talk[Frame]]:
        """Talk in JSON objects over a *socket* that dialled us, as over one of `websocket`."""
        return accepted_talk(self, self._platform, socket)

    def dial(
        self,
        url: str,
        *,
        bearer: Secret | str | None = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> AbstractAsyncContextManager[WebSocket]:
        """Dial *url* and hold the bare socket for as long as the block lasts.

        For a platform that has several, or reads them in its own way: see `conversation`.
        Arguments and errors are those of `websocket`.
        """
        return dialled_websocket(self, url, bearer, headers)

    async def attend(self, converse: Converse) -> None:
        """Live the sockets that dial us for this account, until the last one is gone.

        Whoever `Door.receive` hands over is taken: `converse(caller)` lives
        `caller.socket` and returns why it is gone. Per `caller.role` there is one, the
        newest; an older one is dismissed.

        Raises:
            SessionEnded: nobody is left.
        """
        await attend(self._seat.visitors, converse)

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
        line = self.dial_lines(host, port, tls=tls, max_line_bytes=max_line_bytes)
        return lines_talk(self, line, probe, answer_of)

    def dial_lines(
        self,
        host: str,
        port: int,
        *,
        tls: bool | ssl.SSLContext = True,
        decode: Callable[[bytes], str] = as_utf8,
        max_line_bytes: int = MAX_LINE_BYTES,
    ) -> AbstractAsyncContextManager[WebSocket]:
        """Connect to *host* and hold the bare line for as long as the block lasts.

        For a platform that reads it in its own way: see `conversation`. Arguments and
        errors are those of `lines`; *decode* makes text of a line that has come, and must
        take any bytes.
        """
        connect = partial(
            dial_lines,
            host,
            port,
            tls=tls,
            decode=decode,
            max_line_bytes=max_line_bytes,
            network=self.network,
        )
        return in_turn(self, connect)

    def http(
        self,
        url: str,
        *,
        bearer: Secret | str | None = None,
        headers: Sequence[tuple[str, str]] = (),
        hides: Secret | None = None,
        connections: int = 4,
    ) -> AbstractAsyncContextManager[Web]:
        """Speak to the server at *url* over HTTP for as long as the block lasts.

        Args:
            url: `http://` or `https://`; everything asked for is below it.
            bearer: A token for the `Authorization` header.
            headers: Sent with every request, besides.
            hides: A secret that stands in what is asked for, as where a token is part of
                the address: no error tells it.
            connections: How many calls run at once; more wait their turn. A message that
                waits so is *unknown* if the process dies meanwhile.
        """
        return web_talk(
            self,
            url,
            bearer=bearer,
            headers=headers,
            hides=hides,
            connections=connections,
        )

    @property
    def web(self) -> Web:
        """What `http` has opened, where `Platform.send` finds it. Raises Retry: nothing."""
        return self.webs.get()

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
        talk = self.talks.get()
        return await talk.request(frame, ref, within, partial(self._late, ref))

    def every(
        self,
        seconds: float,
        do: Callable[P, Awaitable[object]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        """Await `do(...)` every so many *seconds*, as long as the open talk lasts."""
        self._open_talk().every(seconds, partial(do, *args, **kwargs))

    async def turn_to_dial(self) -> None:
        """Wait for this account's turn: a host does not dial everybody at once."""
        await self._host.gate.turn()

    @property
    def network(self) -> Network:
        """What is dialled through; for a platform that opens its sockets itself."""
        return self._host.network

    @property
    def one_dial(self) -> trio.Lock:
        """Held by whoever dials for this account: however many sessions of it overlap."""
        return self._seat.one_dial

    def _open_talk(self) -> Talk[Any]:
        if self.talks.now is None:
            msg = "silence_limit and every need a talk that is open, such as link.websocket"
            raise RuntimeError(msg)
        return self.talks.now

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

    def refuse(self, raw: str | bytes, why: str) -> None:
        """Note a frame that could not be read: counted always, logged once in a while."""
        self._refusals.refuse(raw, why, trio.current_time())

    def answered_late(self, key: str, sent: Sent) -> None:
        """Tell the outbox that what was *unknown* under *key* was sent after all."""
        sent = self.beforehand.completed(key, sent)
        self._host.answered_late(key, sent.id, sent.degraded)
