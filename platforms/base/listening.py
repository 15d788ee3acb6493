"""The listener of a platform: the supervised child that has its port.

It hands each socket that comes to the connection of its account, by way of a `Door`; a
fault of the port ends this child and no connection.
"""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from typing import Never, assert_never

import structlog
import trio
from attrs import frozen

from actors.kernel import (
    Actor,
    ActorContext,
    Crash,
    ExitReason,
    InWords,
    NeedsOperator,
    leaves,
)
from actors.monitor import ConnectionState, Phase
from platforms.base.door import Door
from platforms.base.platform import AnyPlatform
from platforms.base.ports import Host
from platforms.base.reporter import Follow, Forget, Reporter, beside, supervisor_of
from platforms.base.seats import Seat, Seats
from supervision import ChildSpec


@frozen
class NotOpened(InWords):
    """A port that cannot be listened on for now, nor by any mistake of ours: it is tried again."""


class Listening(Actor[Never]):
    """Runs `Platform.listen`.

    Its state is shown as that of the platform as a whole: under an empty account.
    """

    def __init__(
        self,
        platform_id: str,
        platform: AnyPlatform,
        host: Host,
        seats: Seats,
        spec_of: Callable[[Seat], ChildSpec],
        *,
        reporter: str,
    ) -> None:
        self._platform_id = platform_id
        self._platform = platform
        self._host = host
        self._seats = seats
        self._spec_of = spec_of
        self._reporter = reporter
        self._scope = trio.CancelScope()
        self._over = trio.Event()

    async def start(self, ctx: ActorContext) -> None:
        reporter = ctx.find(beside(ctx, self._reporter), Reporter)
        reporter.tell(Follow(Seat(ctx.path.rpartition("/")[2])))
        nursery = await ctx.enter(trio.open_nursery())
        nursery.start_soon(self._listen, ctx)

    async def handle(self, ctx: ActorContext, message: Never) -> None:
        assert_never(message)

    async def stop(self, ctx: ActorContext, reason: ExitReason) -> None:
        """Let every socket say goodbye; the supervisor's deadline bounds it."""
        self._scope.cancel(reason=f"the listener stops: {reason}")
        await self._over.wait()

    async def _listen(self, ctx: ActorContext) -> None:
        reporter = ctx.find(beside(ctx, self._reporter), Reporter)

        def freed(seat: Seat) -> None:
            reporter.tell(Forget(seat.child))
            self._host.reports.remove(self._platform_id, seat.account)
            log = structlog.get_logger().bind(platform=self._platform_id)
            log.info("account.forgotten", account=seat.account)

        door = Door(
            self._seats,
            self._spec_of,
            supervisor_of(ctx),
            opened=self._opened,
            needed=lambda seat: self._host.holds(self._platform_id, seat.account),
            freed=freed,
            network=self._host.network,
        )
        self._become(ConnectionState(Phase.STARTING))
        try:
            with self._scope:
                await self._platform.listen(door)
        except Exception as error:
            end = end_of_port(error)
            if end is None:
                self._become(ConnectionState(Phase.STARTING, str(error)))
                raise
            self._become(state_after(end))
            if isinstance(end, NotOpened):
                log = structlog.get_logger().bind(platform=self._platform_id)
                log.warning("listener.not_opened", why=str(end))
            # Not raised: a taken port deserves a line, not a traceback.
            ctx.stop(end if isinstance(end, NeedsOperator) else Crash(end))
            return
        finally:
            self._over.set()
        self._become(ConnectionState(Phase.STOPPED))

    def _opened(self, where: str) -> None:
        log = structlog.get_logger().bind(platform=self._platform_id)
        log.info("listener.opened", listens=where)
        self._become(ConnectionState(Phase.UP, f"listens on {where}"))

    def _become(self, state: ConnectionState) -> None:
        self._host.reports.report(self._platform_id, "", state)


def end_of_port(error: Exception) -> NotOpened | NeedsOperator | None:
    """Return what is known to go wrong with a port, or `None`."""
    for leaf in leaves(error):
        where = (
            f": {leaf.filename}" if isinstance(leaf, OSError) and leaf.filename else ""
        )
        match leaf:
            case OSError(errno=errno.EADDRINUSE):
                return NotOpened(f"port taken{where}")
            case OSError(errno=errno.EADDRNOTAVAIL) | socket.gaierror():
                return NotOpened(f"no address of this machine{where}")
            case OSError(errno=errno.EACCES | errno.EPERM):
                return NeedsOperator(f"may not listen there{where}: {leaf.strerror}")
            case NeedsOperator():
                return leaf
            case _:
                pass
    return None


def state_after(end: NotOpened | NeedsOperator) -> ConnectionState:
    """Return what is shown of a listener that ended so."""
    match end:
        case NeedsOperator(why):
            return ConnectionState.needs_operator(why)
        case NotOpened():
            return ConnectionState(Phase.STARTING, str(end))
