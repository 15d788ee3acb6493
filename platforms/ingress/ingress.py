"""Who has which path, and one connection from its first byte to its last.

An `Ingress` belongs to the host, not to whoever has opened its port: the paths stay when
the port is opened again, and the port when a session ends. A platform whose session is
not there keeps its path, and whoever comes is told to come again (503).

The port is only one way to get here: `serve` takes any stream.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from math import inf
from typing import Final

import structlog
import trio
from attrs import evolve

from actors.monitor import ConnectionState, Phase
from platforms.ingress.bodies import Bodies, Body
from platforms.ingress.crowd import PER_ADDRESS, Crowd, address_of
from platforms.ingress.entrance import (
    UNAVAILABLE,
    Entrance,
    Pages,
    behind,
    wants_a_socket,
)
from platforms.ingress.exchange import Exchange, PeerGone, too_large
from platforms.ingress.values import Request, Response, Unfit, anybody
from platforms.objects import NoObject
from platforms.transport import Refuse, accept

CLOSE_SECONDS: Final = 5.0
LAST_WORDS_SECONDS: Final = 1.0
IDLE: Final = ConnectionState(Phase.STARTING, "no platform needs it")

_log = structlog.get_logger()


class Ingress:
    """The paths of one host, and whoever asks for one of them."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 8643,
        connections_per_address: int = PER_ADDRESS,
    ) -> None:
        self._binds = host, port
        self._entrances: dict[str, Entrance | None] = {}
        self._changed = trio.Event()
        self._state = IDLE
        self._waiting: set[trio.CancelScope] = set()  # for their next request
        self._answering = 0
        self._answered = trio.Event()
        self._leaving = False
        self._bodies = Bodies()
        self.crowd = Crowd(connections_per_address)
        """How many there are now, and how many were turned away."""

    # --- for platforms ----------------------------------------------------------------

    @asynccontextmanager
    async def entrance(self, platform_id: str) -> AsyncIterator[Entrance]:
        """Answer what is asked for below `/PLATFORM_ID/` while the block lasts.

        A newer entrance of the same platform takes the place of an older one.
        """
        ours = self._entrances[platform_id] = Entrance(f"/{platform_id}")
        self._change()
        try:
            yield ours
        finally:
            if self._entrances.get(platform_id) is ours:  # by identity: not a successor
                self._entrances[platform_id] = None
            with trio.CancelScope(
                shield=True, deadline=trio.current_time() + CLOSE_SECONDS
            ):
                await ours.close()

    def forget(self, platform_id: str) -> None:
        """Free the path of a platform that is gone; the port is closed if nobody needs it."""
        self._entrances.pop(platform_id, None)
        self._change()

    @property
    def state(self) -> ConnectionState:
        """Whether it can be reached: `up`, or why not."""
        return self._state

    async def changed(self) -> None:
        """Wait until the state is another one, or somebody needs the port or no longer."""
        await self._changed.wait()

    # --- for whoever opens the port -----------------------------------------------------

    @property
    def needed(self) -> tuple[str, int] | None:
        """Where to listen; `None` while no platform needs it."""
        return self._binds if self._entrances else None

    def bind(
        self, host: str, port: int, connections_per_address: int = PER_ADDRESS
    ) -> None:
        """Listen there from now on, and let so many in from one address."""
        self._binds = host, port
        self.crowd.per_address = connections_per_address
        self._change()

    def opened(self, where: str) -> None:
        """Note where the ingress can be reached from now on."""
        self._leaving = False
        self.report("", "", ConnectionState(Phase.UP, f"listens on {where}"))

    def report(self, _platform: str, _account: str, state: ConnectionState) -> None:
        """Say how things stand; see `platforms.base.Reports`."""
        self._state = state
        self._change()

    def remove(self, _platform: str, _account: str) -> None:
        """See `platforms.base.Reports`."""

    async def leave(self) -> None:
        """Let what is being answered be answered, for a moment; take nothing new."""
        self._leaving = True
        for scope in self._waiting:
            scope.cancel()
        with trio.move_on_after(LAST_WORDS_SECONDS, shield=True):
            while self._answering:
                await self._answered.wait()

    # --- one connection -----------------------------------------------------------------

    async def serve(self, stream: trio.abc.Stream, remote: str) -> None:
        """Answer whatever is asked on *stream*, until it ends. Raises nothing.

        Args:
            stream: A connection that somebody has opened; it is closed in any case.
            remote: Who is at the other end, as `host:port`.
        """
        address = address_of(remote)
        try:
            if why_not := self.crowd.why_not(address):
                await self._turn_away(stream, remote, why_not)
            else:
                with self.crowd.inside(address):
                    await self._serve(stream, remote)
        except* Exception as errors:  # noqa: BLE001 - costs this connection only
            _log.error("ingress.serving_failed", remote=remote, exc_info=errors)
        finally:
            with trio.CancelScope(shield=True):
                await trio.aclose_forcefully(stream)

    async def _serve(self, stream: trio.abc.Stream, remote: str) -> None:
        exchange = Exchange(stream, remote)
        try:
            while await self._one(exchange, stream):
                pass
        except PeerGone:
            return
        except Unfit as unfit:
            _log.info(
                "request.refused", remote=remote, status=unfit.status, why=unfit.why
            )
            if not exchange.begun:
                await _tell(exchange, unfit)
        await exchange.close()

    async def _turn_away(
        self, stream: trio.abc.Stream, remote: str, status: int
    ) -> None:
        """Tell one who is too many, if there is room for that."""
        crowd = self.crowd
        if since := crowd.turn_away(status, trio.current_time()):
            _log.warning(
                "ingress.full", remote=remote, status=status, turned_away=since
            )
        if crowd.may_be_told:
            with crowd.told(), suppress(PeerGone):
                exchange = Exchange(stream, remote)
                await exchange.answer(_TOO_MANY[status], last=True)
                await exchange.close()

    async def _one(self, exchange: Exchange, stream: trio.abc.Stream) -> bool:
        """Answer the next request; say whether another one may follow."""
        with trio.CancelScope(deadline=-inf if self._leaving else inf) as waiting:
            self._waiting.add(waiting)
            try:
                head = await exchange.head()
            finally:
                self._waiting.discard(waiting)
        if waiting.cancelled_caught:
            return False
        name, slash, _ = head.path.removeprefix("/").partition("/")
        entrance = self._entrances.get(name)
        if entrance is None:
            known = name in self._entrances
            missing = Response.text(404, "there is nothing here")
            return await exchange.answer(UNAVAILABLE if known else missing, last=True)
        with entrance.in_hand() as scope:
            if wants_a_socket(head):
                return await self._socket(entrance, exchange, head)
            if not slash and head.method == "GET" and entrance.pages_at("GET", ""):
                there = ("Location", f"{entrance.prefix}/")
                return await exchange.answer(Response(status=308, headers=(there,)))
            return await self._page(entrance, exchange, head)
        if scope.cancelled_caught and not exchange.begun:
            await exchange.answer(UNAVAILABLE, last=True)
        return False

    async def _socket(
        self, entrance: Entrance, exchange: Exchange, head: Request
    ) -> bool:
        request = behind(head, entrance.prefix)
        sockets = entrance.sockets_at(request.path)
        if sockets is None:
            missing = Response.text(404, "there is no WebSocket here")
            return await exchange.answer(missing, last=True)
        # Here, where all headers are known: the library keeps the host to itself.
        refusal = sockets.admit(request)
        if refusal is not None:
            return await self._refuse(exchange, request, refusal)
        await accept(
            exchange.untouched(),
            head.remote,
            anybody,
            sockets.handler,
            max_message_bytes=sockets.max_message_bytes,
        )
        raise PeerGone

    async def _page(
        self, entrance: Entrance, exchange: Exchange, head: Request
    ) -> bool:
        request = behind(head, entrance.prefix)
        method = "GET" if head.method == "HEAD" else head.method
        pages = entrance.pages_at(method, request.path)
        if pages is None:
            allowed = entrance.methods_at(request.path)
            if not allowed:
                return await exchange.answer(
                    Response.text(404, "there is nothing here"), last=True
                )
            told = Response(status=405, headers=(("Allow", ", ".join(allowed)),))
            return await exchange.answer(told, last=True)
        refusal = pages.admit(request)
        if refusal is not None:
            return await self._refuse(exchange, request, refusal)
        with self._bodies.one(address_of(head.remote)) as body:
            request = await _with_body(exchange, request, pages, body)
            with self._in_answer():
                response = await _answer(entrance, pages, request)
                if response.says is None and not response.after:
                    return await exchange.answer(response, last=self._leaving)
        # Whatever waits or goes on from here has let go of what others may need.
        await trio.sleep(response.after)
        return await exchange.answer(response, last=self._leaving)

    @contextmanager
    def _in_answer(self) -> Iterator[None]:
        self._answering += 1
        try:
            yield
        finally:
            self._answering -= 1
            self._answered.set()
            self._answered = trio.Event()

    async def _refuse(
        self, exchange: Exchange, request: Request, refusal: Refuse
    ) -> bool:
        _log.warning(
            "request.refused",
            remote=request.remote,
            status=refusal.status,
            why=refusal.reason,
        )
        await trio.sleep(refusal.after)
        told = Response.text(refusal.status, refusal.reason)
        return await exchange.answer(told, last=True)

    def _change(self) -> None:
        self._changed.set()
        self._changed = trio.Event()


_TOO_MANY: Final = {
    503: UNAVAILABLE,
    429: evolve(
        Response.text(429, "too many connections come from your address"),
        headers=UNAVAILABLE.headers,
    ),
}


async def _with_body(
    exchange: Exchange, request: Request, pages: Pages, body: Body
) -> Request:
    said = request.first("content-length")
    if said is not None and int(said) > pages.max_bytes:  # h11 has seen that it is one
        raise too_large(pages.max_bytes)
    return evolve(
        request, body=await exchange.body(pages.max_bytes, pages.within, body)
    )


async def _answer(entrance: Entrance, pages: Pages, request: Request) -> Response:
    try:
        return await entrance.answer(pages, request)
    except NoObject as error:
        return Response.text(400, str(error))
    except Exception:  # noqa: BLE001 - a platform's code; whoever asked asks again
        _log.exception(
            "request.failed", remote=request.remote, platform=entrance.prefix[1:]
        )
        return Response.text(500, "something went wrong here")


async def _tell(exchange: Exchange, unfit: Unfit) -> None:
    with suppress(PeerGone):
        await exchange.answer(Response.text(unfit.status, unfit.why), last=True)
