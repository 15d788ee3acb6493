"""The sockets of the fake: dialling, being dialled, and what became of each.

Built on trio-websocket alone, so that our transport is never on both ends.
"""

import hmac
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from enum import Enum
from typing import Final
from urllib.parse import parse_qs, urlsplit

import trio
from attrs import define
from trio_websocket import (
    ConnectionClosed,
    ConnectionRejected,
    WebSocketConnection,
    WebSocketRequest,
    serve_websocket,
    wrap_client_stream,
)

UNIVERSAL: Final = "Universal"
API: Final = "API"
EVENT: Final = "Event"
_ROLES_BY_PATH: Final = {
    "": UNIVERSAL, "/": UNIVERSAL,
    "/api": API, "/api/": API,
    "/event": EVENT, "/event/": EVENT,
}  # fmt: skip
_CLOSE_SECONDS: Final = 2.0
_HANDSHAKE_SECONDS: Final = 3.0


class TokenCheck(Enum):
    """How a wrong token is met when they dial us."""

    BEFORE_UPGRADE = "401 or 403 instead of the upgrade"
    AFTER_UPGRADE = "let in, told 1403, closed with 1008 (NapCat, onebots)"


@define(eq=False)
class Line:
    """One open socket and the role it has."""

    number: int
    role: str
    socket: WebSocketConnection

    async def send(self, text: str) -> None:
        # What is said to nobody is lost, as in life.
        with suppress(ConnectionClosed):
            await self.socket.send_message(text)


class Sockets:
    """Every line of one account. A subclass says what to say and to make of it."""

    def __init__(self, token: str | None) -> None:
        self.token = token
        self.deaf = False
        """Reads nothing more."""
        self.ends: list[int] = []
        """The close code of each socket that ended."""
        self.refusals: list[int] = []
        """The HTTP status of each of our dials that was refused."""
        self.handshakes: list[dict[str, str]] = []
        """The headers of each handshake of those who dialled us."""
        self._lines: list[Line] = []
        self._news = trio.Event()
        self._line_count = 0
        self._nursery: trio.Nursery | None = None

    def _self_id(self) -> str:
        raise NotImplementedError

    async def _greet(self, line: Line) -> None:
        """Say the first word on a new *line*."""
        raise NotImplementedError

    def _take(self, line: Line, frame: str | bytes) -> None:
        """Make something of a *frame*."""
        raise NotImplementedError

    async def _beat(self) -> None:
        """Give signs of life until cancelled."""
        raise NotImplementedError

    @asynccontextmanager
    async def dialling(
        self,
        url: str,
        *,
        roles: Sequence[str] = (UNIVERSAL,),
        redial_seconds: float | None = None,
        headers: Sequence[tuple[str, str]] = (),
        handshake_seconds: float = _HANDSHAKE_SECONDS,
    ) -> AsyncIterator[None]:
        """Dial *url* once per role, and again after a while if asked to (reverse).

        A handshake may take *handshake_seconds*: trio-websocket waits for ever where a
        line is cut in the middle of one. Who dials a host that is still starting gives
        it longer, or the line that was given up reaches the host beside the new one.
        """
        async with self._running() as nursery:
            for role in roles:
                nursery.start_soon(
                    self._dial, url, role, redial_seconds, headers, handshake_seconds
                )
            yield

    @asynccontextmanager
    async def serving(
        self,
        port: int = 0,
        token_check: TokenCheck = TokenCheck.BEFORE_UPGRADE,
    ) -> AsyncIterator[str]:
        """Listen on `/`, `/api` and `/event`; yield the URL without a path (forward)."""

        async def handle(request: WebSocketRequest) -> None:
            await self._admit(request, token_check)

        async with self._running() as nursery:
            server = await nursery.start(
                serve_websocket, handle, "127.0.0.1", port, None
            )
            yield f"ws://127.0.0.1:{server.port}"

    async def connected(self, lines: int = 1) -> None:
        """Wait until so many sockets are open."""
        await self._until(lambda: len(self._lines) >= lines)

    async def disconnected(self) -> None:
        """Wait until no socket is open."""
        await self._until(lambda: not self._lines)

    async def refused(self) -> None:
        """Wait until a dial of ours is refused."""
        await self._until(lambda: self.refusals)

    async def drops(self) -> None:
        """Cut every line without a goodbye."""
        for line in list(self._lines):
            await trio.aclose_forcefully(line.socket._stream)

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[trio.Nursery]:
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            nursery.start_soon(self._beat)
            try:
                yield nursery
            finally:
                with trio.move_on_after(_CLOSE_SECONDS, shield=True):
                    async with trio.open_nursery() as closing:
                        for line in self._lines:
                            closing.start_soon(line.socket.aclose)
                nursery.cancel_scope.cancel()

    async def _dial(
        self,
        url: str,
        role: str,
        redial_seconds: float | None,
        headers: Sequence[tuple[str, str]],
        handshake_seconds: float,
    ) -> None:
        shown = [("X-Self-ID", self._self_id()), ("X-Client-Role", role)]
        if self.token is not None:
            shown.append(("Authorization", f"Bearer {self.token}"))
        raw = [(name.encode(), value.encode()) for name, value in (*shown, *headers)]
        while True:
            try:
                await self._dial_once(url, role, raw, handshake_seconds)
            except* ConnectionRejected as refusals:
                first = refusals.exceptions[0]
                assert isinstance(first, ConnectionRejected)
                self.refusals.append(first.status_code)
                self._tell()
            except* OSError:
                pass  # nobody there
            if redial_seconds is None:
                return
            await trio.sleep(redial_seconds)

    async def _dial_once(
        self,
        url: str,
        role: str,
        headers: list[tuple[bytes, bytes]],
        handshake_seconds: float,
    ) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None
        resource = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        stream = await trio.open_tcp_stream(parts.hostname, parts.port or 80)
        # Our own stream: trio-websocket forgets to close one that was cut or refused.
        async with stream, trio.open_nursery() as nursery:
            socket = None
            with trio.move_on_after(handshake_seconds):
                socket = await wrap_client_stream(
                    nursery, stream, parts.netloc, resource, extra_headers=headers
                )
            if socket is not None:
                await self._converse(socket, role)
                with trio.move_on_after(_CLOSE_SECONDS):
                    await socket._close_handshake.wait()
            nursery.cancel_scope.cancel()

    async def _admit(self, request: WebSocketRequest, check: TokenCheck) -> None:
        headers = {k.decode(): v.decode() for k, v in request.headers}
        self.handshakes.append(headers)
        path, _, query = request.path.partition("?")
        role = _ROLES_BY_PATH.get(path)
        if role is None:
            await request.reject(404)
            return
        status = self._refusal(headers, query)
        if status is not None and check is TokenCheck.BEFORE_UPGRADE:
            await request.reject(status)
            return
        socket = await request.accept()
        try:
            if status is not None:
                refused = {"status": "failed", "retcode": 1403, "data": None}
                await socket.send_message(json.dumps(refused | {"echo": None}))
                await socket.aclose(1008, "token")
                return
            await self._converse(socket, role)
        except ConnectionClosed:
            pass

    def _refusal(self, headers: dict[str, str], query: str) -> int | None:
        if self.token is None:
            return None
        shown = headers.get("authorization", "").removeprefix("Bearer ")
        shown = shown or parse_qs(query).get("access_token", [""])[0]
        if not shown:
            return 401
        right = hmac.compare_digest(shown.encode(), self.token.encode())
        return None if right else 403

    async def _converse(self, socket: WebSocketConnection, role: str) -> None:
        self._line_count += 1
        line = Line(self._line_count, role, socket)
        await self._greet(line)
        self._lines.append(line)
        self._tell()
        try:
            while True:
                if self.deaf:
                    await trio.sleep_forever()
                self._take(line, await socket.get_message())
        except ConnectionClosed:
            pass
        finally:
            self._lines.remove(line)
            self.ends.append(socket.closed.code if socket.closed else 1006)
            self._tell()

    def _tell(self) -> None:
        self._news.set()
        self._news = trio.Event()

    async def _until(self, holds: Callable[[], object]) -> None:
        while not holds():
            await self._news.wait()
