"""Start and remove platforms: each below a supervisor of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from actors.kernel import ActorContext
from actors.monitor import Board
from platforms.base import Host, needs_reconnect, platform_tree
from rookery.config import PlatformSettings, Settings
from rookery.host.estate import Estate
from rookery.host.kinds import NotBuilt, build
from supervision import (
    FOREVER,
    Backoff,
    ChildSpec,
    ChildState,
    SupervisorActor,
    Up,
    delete_child,
    restart_child,
    start_child,
    terminate_child,
    which_children,
)

if TYPE_CHECKING:
    from actors.kernel import Address
    from supervision import SupervisorMessage

PLATFORMS = "/platforms"
_BACKOFF = Backoff(first=1.0, cap=60.0, give_up=FOREVER)


@frozen
class PlatformRefused(Exception):
    """Its own code would not make it, or its supervisor would not have it."""

    platform: str
    why: str

    def __str__(self) -> str:
        return f"the platform {self.platform} could not be started: {self.why}"


class PlatformKeeper:
    """What the manager does with platforms. Each call may be repeated."""

    def __init__(
        self,
        ctx: ActorContext,
        estate: Estate,
        host: Host,
        board: Board,
    ) -> None:
        self._ctx = ctx
        self._estate = estate
        self._host = host
        self._board = board

    async def bring(self, platform_id: str, settings: PlatformSettings) -> None:
        """Let a platform run. That its peer is away or its port is taken is no failure here.

        Raises:
            PlatformRefused: its code would not make it, or its supervisor would not run it.
        """
        try:
            platform = build(settings)
        except NotBuilt as error:
            raise PlatformRefused(platform_id, str(error)) from error
        tree = platform_tree(platform_id, platform, self._host)
        self._estate.platforms[platform_id] = settings
        self._estate.living[platform_id] = platform
        spec = ChildSpec(platform_id, tree, backoff=_BACKOFF, counted=False)
        up = await start_child(self._platforms(), spec)
        if not isinstance(up, Up):
            raise PlatformRefused(platform_id, str(up))

    def adjust(self, platform_id: str, settings: PlatformSettings) -> bool:
        """Let a platform go on with other settings; say whether it could."""
        before = self._estate.platforms[platform_id]
        platform = self._estate.living.get(platform_id)
        if (
            platform is None
            or settings.kind.platform is not before.kind.platform
            or needs_reconnect(before.config, settings.config)
        ):
            return False
        platform.reconfigure(settings.config)
        self._estate.platforms[platform_id] = settings
        return True

    async def restore(self) -> None:
        """Start again what the supervisor of platforms forgot."""
        rows = {row.id for row in await which_children(self._platforms())}
        for platform_id, settings in list(self._estate.platforms.items()):
            if platform_id not in rows:
                await self.bring(platform_id, settings)

    async def remove(self, platform_id: str) -> None:
        """Close its connections and its port, and forget it."""
        self._estate.platforms.pop(platform_id, None)
        self._estate.living.pop(platform_id, None)
        await terminate_child(self._platforms(), platform_id)
        await delete_child(self._platforms(), platform_id)
        self._board.remove(platform_id)
        self._host.ingress.forget(platform_id)

    def bind_ingress(self, settings: Settings) -> None:
        """Let the ingress be at the address in the configuration."""
        ingress = settings.ingress
        self._host.ingress.bind(*ingress.binds, ingress.connections_per_address)

    async def try_again(self, platform_id: str) -> bool:
        """Start again what waits for an operator, who has been here; say if anything did."""
        supervisor = self._ctx.find(f"{PLATFORMS}/{platform_id}", SupervisorActor)
        rows = await which_children(supervisor)
        stuck = [row.id for row in rows if row.state is ChildState.NEEDS_OPERATOR]
        for child in stuck:
            await restart_child(supervisor, child)
        return bool(stuck)

    def _platforms(self) -> Address[SupervisorMessage]:
        return self._ctx.find(PLATFORMS, SupervisorActor)
