"""How a session comes to be reached by the world: its paths of the host's ingress."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import trio

from actors.monitor import Phase
from platforms.base.ends import SessionEnded
from platforms.ingress import Entrance, Ingress

if TYPE_CHECKING:
    from platforms.base.link import Link

FAULTS: Final = (Phase.BACKING_OFF, Phase.NEEDS_OPERATOR)
WAITS: Final = "waits for the ingress"


@asynccontextmanager
async def ingress_entered(link: Link, ingress: Ingress) -> AsyncIterator[Entrance]:
    """See `Link.ingress`."""
    async with ingress.entrance(link.platform) as entrance:
        while ingress.state.phase is not Phase.UP:
            if ingress.state.phase in FAULTS:
                link.becomes(ingress.state)
            else:
                link.connecting(WAITS)
            await ingress.changed()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_until_closed, ingress)
            try:
                yield entrance
            finally:
                nursery.cancel_scope.cancel()


async def _until_closed(ingress: Ingress) -> None:
    """Wait until something is wrong with the port; that it is opened anew is nothing.

    Raises:
        SessionEnded: it is so.
    """
    while ingress.state.phase not in FAULTS:
        await ingress.changed()
    msg = f"the ingress is closed: {ingress.state.why}"
    raise SessionEnded(msg)
