"""Reverse WebSocket: peers dial us, say who they are, and are handed to their account.

`accept` runs in the listener, `attend` in the session of one account; between them is
the account's seat, where a caller waits to be taken.
"""

from __future__ import annotations

import structlog
import trio

from platforms.base import Door, Link, NotLetIn, SessionEnded
from platforms.onebot11.config import OneBot11Config
from platforms.onebot11.roles import SocketRole, is_account, role_named
from platforms.onebot11.session import Session
from platforms.transport import Gate, Handshake, Refuse, WebSocket, listen

TRY_AGAIN_LATER = 1013
TAKEN_OVER = "a newer connection of this account and role took over"

_log = structlog.get_logger()


class Caller:
    """A socket that dialled us; lives until the session or a newer one ends it."""

    def __init__(self, socket: WebSocket, role: SocketRole) -> None:
        self.socket = socket
        self.kind = role
        self._over = trio.Event()
        self._why = ""

    @property
    def role(self) -> str:
        return self.kind.value

    def dismiss(self, why: str = "") -> None:
        """Let the socket be closed; never waits."""
        if not self._over.is_set():
            self._why = why
            self._over.set()

    async def over(self) -> str:
        """Wait until the socket may be closed; return why, in a few words."""
        await self._over.wait()
        return self._why


class Admission:
    """The usual gate, and then: which account, in which role? Pure."""

    def __init__(self, config: OneBot11Config) -> None:
        token = config.access_token
        self._gate = Gate(None if token is None else token.reveal())

    def __call__(self, handshake: Handshake) -> Refuse | None:
        refusal = self._gate(handshake)
        if refusal is not None:
            return refusal
        if not is_account(account_of(handshake.headers)):
            return Refuse(400, "X-Self-ID must be the number of the account")
        if role_of(handshake.headers) is None:
            return Refuse(400, "X-Client-Role must be API, Event or Universal")
        return None


def account_of(headers: tuple[tuple[str, str], ...]) -> str:
    """Return the `X-Self-ID` of a handshake, or nothing."""
    return _header(headers, "x-self-id") or ""


def role_of(headers: tuple[tuple[str, str], ...]) -> SocketRole | None:
    """Return the `X-Client-Role` of a handshake; `None` when it is no role."""
    return role_named(_header(headers, "x-client-role"))


async def accept(config: OneBot11Config, door: Door) -> None:
    """Listen and hand over whoever comes, until cancelled."""

    async def serve(socket: WebSocket) -> None:
        await _serve(socket, door)

    host, port = config.binds
    admission = Admission(config)
    async with listen(host, port, admission, serve, door.network) as listener:
        bound, number = listener.address
        door.opened(f"[{bound}]:{number}" if ":" in bound else f"{bound}:{number}")
        await trio.sleep_forever()


async def _serve(socket: WebSocket, door: Door) -> None:
    account, role = account_of(socket.headers), role_of(socket.headers)
    if role is None:
        return
    log = _log.bind(account=account, role=role.value, remote=socket.remote)
    log.info("peer.connected")
    caller = Caller(socket, role)
    try:
        await door.hand_over(account, caller)
    except NotLetIn as error:
        log.warning("peer.not_let_in", why=error.why)
        await socket.close(TRY_AGAIN_LATER, error.why)
        return
    why = await caller.over()
    log.info("peer.disconnected", why=why)
    await socket.close(reason=why)


async def attend(link: Link, session: Session) -> None:
    """Take every caller of this account, until the last one is gone.

    Raises:
        SessionEnded: nobody is left.
    """
    link.connecting("waits for the peer to connect")
    talk = _Talk(session)
    link.visitors.attended = True
    try:
        async with trio.open_nursery() as nursery:
            while True:
                caller = await link.visitors.next()
                assert isinstance(caller, Caller)
                if talk.over:
                    # The last one left in this very moment: the next session takes it.
                    link.visitors.put(caller)
                    return
                talk.join(caller)
                nursery.start_soon(talk.keep, caller)
    finally:
        link.visitors.attended = False


class _Talk:
    """Who is in the session now: at most one caller per role."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._callers: dict[SocketRole, Caller] = {}
        self.over = False
        """The last one has left; nobody may join any more."""

    def join(self, caller: Caller) -> None:
        """From now on *caller* counts; at once, or the session could end without it."""
        older = self._callers.get(caller.kind)
        self._callers[caller.kind] = caller
        if older is not None:
            older.dismiss(TAKEN_OVER)

    async def keep(self, caller: Caller) -> None:
        try:
            why = await self._session.converse(caller.kind, caller.socket)
        finally:
            caller.dismiss()
            # By identity: a successor of the same role stays.
            if self._callers.get(caller.kind) is caller:
                del self._callers[caller.kind]
        if not self._callers:
            self.over = True
            raise SessionEnded(why)


def _header(headers: tuple[tuple[str, str], ...], name: str) -> str | None:
    return next((value.strip() for key, value in headers if key == name), None)
