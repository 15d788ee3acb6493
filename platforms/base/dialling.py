"""How a session dials: from an address to a `Talk`. The bodies of what `Reach` offers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Final, TypeVar

from actors.kernel import NeedsOperator
from platforms.base.answers import Answer
from platforms.base.objects import Frame, text_of
from platforms.base.peer import Habits
from platforms.base.secret import Secret
from platforms.base.talk import PING_SECONDS, Settled, Talk, Wire, read_object
from platforms.transport import DialRefused, WebSocket, dial

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from platforms.base.platform import AnyPlatform
    from platforms.base.reach import Reach

_TOKEN_REFUSED: Final = (401, 403)
F = TypeVar("F")


@asynccontextmanager
async def websocket_talk(
    link: Reach,
    platform: AnyPlatform,
    url: str,
    bearer: Secret | str | None,
    headers: Sequence[tuple[str, str]],
) -> AsyncIterator[Talk[Frame]]:
    """See `Link.websocket`."""
    async with (
        dialled_websocket(link, url, bearer, headers) as socket,
        accepted_talk(link, platform, socket) as talk,
    ):
        yield talk


@asynccontextmanager
async def accepted_talk(
    link: Reach, platform: AnyPlatform, socket: WebSocket
) -> AsyncIterator[Talk[Frame]]:
    """See `Link.accepted`."""
    wire = Wire(reads=read_object, writes=text_of, answers=platform.answer_of)
    habits = Habits[Frame, Settled](
        language=wire, probe=lambda peer: peer.ping(PING_SECONDS)
    )
    async with talked(link, socket, wire, habits) as talk:
        yield talk


@asynccontextmanager
async def dialled_websocket(
    link: Reach,
    url: str,
    bearer: Secret | str | None,
    headers: Sequence[tuple[str, str]],
) -> AsyncIterator[WebSocket]:
    """See `Link.dial`."""
    if bearer is not None:
        token = bearer.reveal() if isinstance(bearer, Secret) else bearer
        headers = [*headers, ("Authorization", f"Bearer {token}")]
    try:
        async with in_turn(
            link, lambda: dial(url, headers=headers, network=link.network)
        ) as socket:
            yield socket
    except DialRefused as refused:
        if refused.status in _TOKEN_REFUSED:
            advice = f"{refused}; check the token"
            raise NeedsOperator(advice) from refused
        raise


@asynccontextmanager
async def lines_talk(
    link: Reach,
    socket: AbstractAsyncContextManager[WebSocket],
    probe: str,
    answer_of: Callable[[str], Answer[Settled] | None] | None,
) -> AsyncIterator[Talk[str]]:
    """See `Link.lines`. *socket* is one of `Link.dial_lines`."""
    wire = Wire(reads=_read_line, writes=str, answers=answer_of or _no_answer)
    habits = Habits[str, Settled](language=wire, probe=lambda peer: peer.send(probe))
    async with socket as line, talked(link, line, wire, habits) as talk:
        yield talk


def _read_line(raw: str | bytes) -> str:
    assert isinstance(raw, str)
    return raw


def _no_answer(_: str) -> None:
    """Nothing in this wire is an answer."""


@asynccontextmanager
async def in_turn(
    link: Reach, connect: Callable[[], AbstractAsyncContextManager[WebSocket]]
) -> AsyncIterator[WebSocket]:
    """Connect when it is one's turn, one dial of an account at a time."""
    async with AsyncExitStack() as stack:
        async with link.one_dial:
            await link.turn_to_dial()
            socket = await stack.enter_async_context(connect())
        yield socket


@asynccontextmanager
async def talked(
    link: Reach, socket: WebSocket, wire: Wire[F], habits: Habits[F, Settled]
) -> AsyncIterator[Talk[F]]:
    """Talk over *socket*; requests of the session go through it meanwhile."""
    async with link.talk(socket, wire, habits) as talk:
        with link.talks.during(talk):
            yield talk
