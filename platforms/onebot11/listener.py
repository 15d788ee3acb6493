"""Reverse WebSocket: peers dial us and say who they are, and in which role."""

from __future__ import annotations

from platforms.base import Caller, Door, Link
from platforms.onebot11.config import OneBot11Config
from platforms.onebot11.roles import SocketRole, is_account, role_named
from platforms.onebot11.session import Session
from platforms.transport import Gate, Handshake, Refuse, WebSocket


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

    async def receive(socket: WebSocket) -> None:
        role = role_of(socket.headers)
        assert role is not None, "it was let in"
        await door.receive(account_of(socket.headers), socket, role.value)

    host, port = config.binds
    await door.listen(host, port, Admission(config), receive)


async def attend(link: Link, session: Session) -> None:
    """Live every socket of this account, until the last one is gone.

    Raises:
        SessionEnded: nobody is left.
    """

    async def converse(caller: Caller) -> str:
        return await session.converse(SocketRole(caller.role), caller.socket)

    link.connecting("waits for the peer to connect")
    await link.attend(converse)


def _header(headers: tuple[tuple[str, str], ...], name: str) -> str | None:
    return next((value.strip() for key, value in headers if key == name), None)
