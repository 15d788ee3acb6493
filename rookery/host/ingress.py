"""The port of the ingress, in the tree: opened while some platform needs it.

    web          one_for_one
    ├─ reporter  tells when a port that is taken is tried again
    └─ ingress   the port; taken: backs off, and the platforms that need it show it

That it cannot be opened is no end of the host, and the paths of platforms are not its
business: see `platforms.ingress`.
"""

from __future__ import annotations

from functools import partial
from typing import Never, assert_never

import structlog
import trio

from actors.kernel import Actor, ActorContext, Crash, ExitReason, NeedsOperator
from actors.monitor import ConnectionState, Phase
from platforms.base import Follow, Reporter, Seat, end_of_port, state_after
from platforms.ingress import IDLE, Ingress
from platforms.transport import TCP, Network, address_of, remote_of, shown_place
from supervision import FOREVER, Backoff, ChildSpec

REPORTER = "reporter"
PORT = "ingress"
_BACKOFF = Backoff(first=1.0, factor=2.0, cap=30.0, give_up=FOREVER)

log = structlog.get_logger()


def ingress_specs(
    ingress: Ingress, network: Network = TCP
) -> tuple[ChildSpec, ChildSpec]:
    """Return who keeps *ingress* reachable on *network*, and who tells when it is not."""
    return (
        ChildSpec(REPORTER, partial(Reporter, "", ingress), backoff=_BACKOFF),
        ChildSpec(
            PORT,
            partial(IngressPort, ingress, network),
            backoff=_BACKOFF,
            counted=False,
        ),
    )


class IngressPort(Actor[Never]):
    """Listens while a platform needs it, where the configuration says."""

    def __init__(self, ingress: Ingress, network: Network) -> None:
        self._ingress = ingress
        self._network = network
        self._scope = trio.CancelScope()
        self._over = trio.Event()

    async def start(self, ctx: ActorContext) -> None:
        ctx.find(f"{ctx.path.rpartition('/')[0]}/{REPORTER}", Reporter).tell(
            Follow(Seat(PORT))
        )
        nursery = await ctx.enter(trio.open_nursery())
        nursery.start_soon(self._live, ctx)

    async def handle(self, ctx: ActorContext, message: Never) -> None:
        assert_never(message)

    async def stop(self, ctx: ActorContext, reason: ExitReason) -> None:
        """Let everybody say goodbye; the supervisor's deadline bounds it."""
        self._scope.cancel(reason=f"the ingress stops: {reason}")
        await self._over.wait()

    async def _live(self, ctx: ActorContext) -> None:
        state = ConnectionState(Phase.STOPPED)
        try:
            with self._scope:
                while True:
                    await self._until_needed()
                    await self._listen()
        except Exception as error:
            end = end_of_port(error)
            if end is None:
                state = ConnectionState(Phase.STARTING, str(error))
                raise
            state = state_after(end)
            log.warning("ingress.not_opened", why=str(end), binds=self._binds)
            # Not raised: a taken port deserves a line, not a traceback.
            ctx.stop(end if isinstance(end, NeedsOperator) else Crash(end))
        finally:
            self._ingress.report("", "", state)
            self._over.set()

    async def _until_needed(self) -> None:
        while self._ingress.needed is None:
            if self._ingress.state != IDLE:
                self._ingress.report("", "", IDLE)
            await self._ingress.changed()

    async def _listen(self) -> None:
        """Listen until it is needed no longer, or elsewhere."""
        wanted = self._ingress.needed
        assert wanted is not None
        listeners = await self._network.listen(*wanted)
        where = shown_place(*address_of(listeners[0], wanted))
        log.info("ingress.opened", listens=where)
        async with trio.open_nursery() as connections:
            try:
                async with trio.open_nursery() as accepting:
                    accepting.start_soon(
                        partial(
                            trio.serve_listeners,
                            self._serve,
                            listeners,
                            handler_nursery=connections,
                        )
                    )
                    self._ingress.opened(where)
                    while self._ingress.needed == wanted:
                        await self._ingress.changed()
                    accepting.cancel_scope.cancel()
            finally:
                await self._ingress.leave()
                connections.cancel_scope.cancel()
        log.info("ingress.closed", listened=where)

    async def _serve(self, stream: trio.abc.Stream) -> None:
        await self._ingress.serve(stream, remote_of(stream))

    @property
    def _binds(self) -> str:
        return (
            "" if self._ingress.needed is None else shown_place(*self._ingress.needed)
        )
