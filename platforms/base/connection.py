"""A connection: the supervised child that lives one session per incarnation.

There is no loop here. When a session ends, the incarnation ends; whether and when there
is another one is its supervisor's decision, and the only reconnecting there is.
"""

from __future__ import annotations

from typing import Never, assert_never

import structlog
import trio

from actors.kernel import (
    Actor,
    ActorContext,
    Crash,
    ExitReason,
    NeedsOperator,
    Normal,
)
from actors.monitor import ConnectionState, Phase
from platforms.base.ends import Finished, SessionEnded, end_of, is_a_mistake
from platforms.base.link import Link
from platforms.base.platform import AnyPlatform
from platforms.base.ports import Host
from platforms.base.reporter import Follow, Reporter, beside
from platforms.base.seats import Seat


class Connection(Actor[Never]):
    """One login of ours. It takes no messages: what is to be said comes by its `Line`.

    Args:
        platform_id: The name of its platform in the configuration.
        platform: What to live.
        host: What it needs of the host.
        seat: What outlives it.
        reporter: The id of the sibling that tells when it is tried again; see `reporter`.
    """

    def __init__(
        self,
        platform_id: str,
        platform: AnyPlatform,
        host: Host,
        seat: Seat,
        *,
        reporter: str | None = None,
    ) -> None:
        self._platform_id = platform_id
        self._platform = platform
        self._host = host
        self._seat = seat
        self._reporter = reporter
        self._scope = trio.CancelScope()
        self._over = trio.Event()
        self._stopping = False
        self._link: Link | None = None

    async def start(self, ctx: ActorContext) -> None:
        if self._reporter is not None:
            reporter = ctx.find(beside(ctx, self._reporter), Reporter)
            reporter.tell(Follow(self._seat))
        nursery = await ctx.enter(trio.open_nursery())
        nursery.start_soon(self._live, ctx)

    async def handle(self, ctx: ActorContext, message: Never) -> None:
        assert_never(message)

    async def stop(self, ctx: ActorContext, reason: ExitReason) -> None:
        """Let the session say goodbye; the supervisor's deadline bounds it."""
        self._stopping = True
        if self._link is not None and not self._over.is_set():
            self._link.over(ConnectionState(Phase.STOPPING))
        self._scope.cancel(reason=f"the connection stops: {reason}")
        await self._over.wait()

    async def _live(self, ctx: ActorContext) -> None:
        link = self._link = self._new_link(ctx)
        try:
            end = await self._session(link)
        except BaseException:
            link.over(ConnectionState(Phase.STOPPED))
            raise
        finally:
            self._over.set()
        await self._end(ctx, link, end)

    async def _session(
        self, link: Link
    ) -> Finished | NeedsOperator | SessionEnded | None:
        """Live the session; return how it ended, or `None` when it was told to stop."""
        link.connecting()
        with self._scope:
            try:
                await link.find_cursor()
                await self._platform.session(link)
            except Exception as error:
                if is_a_mistake(error):
                    link.log.exception("session.failed")
                return end_of(error)
            return end_of(None)
        return None

    async def _end(
        self,
        ctx: ActorContext,
        link: Link,
        end: Finished | NeedsOperator | SessionEnded | None,
    ) -> None:
        if end is None or self._stopping:
            link.over(ConnectionState(Phase.STOPPED))
            return
        link.log.info("session.ended", why=str(end), kind=type(end).__name__)
        match end:
            case Finished(_, still_sends):
                link.over(ConnectionState(Phase.FINISHED, end.why), sends=still_sends)
                if not still_sends:
                    ctx.stop(Normal())
                else:
                    await self._rest(link, end)
            case NeedsOperator(why):
                link.over(ConnectionState.needs_operator(why))
                ctx.stop(end)
            case SessionEnded(why):
                link.over(ConnectionState(Phase.CONNECTING, why))
                # Not raised: that a peer is away deserves a line, not a traceback.
                ctx.stop(Crash(end))
            case _:
                assert_never(end)

    async def _rest(self, link: Link, end: Finished) -> None:
        """Stay, so that what was read before the end can be answered."""
        try:
            await trio.sleep_forever()
        finally:
            link.over(ConnectionState(Phase.FINISHED, end.why))

    def _new_link(self, ctx: ActorContext) -> Link:
        log = structlog.get_logger().bind(
            actor=ctx.path, platform=self._platform_id, account=self._seat.account
        )
        return Link(
            self._platform_id,
            self._platform,
            self._host,
            self._seat,
            log=log,
            new_id=ctx.system.new_id,
        )
