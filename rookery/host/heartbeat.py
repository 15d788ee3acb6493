"""Tell systemd's watchdog that the loop turns; only made where systemd asks for it."""

from __future__ import annotations

from typing import assert_never

from attrs import frozen

from actors.kernel import Actor, ActorContext
from rookery.host.notify import Notifier


@frozen
class Beat:
    """Time to tell."""


class Heartbeat(Actor[Beat]):
    """Lives at `/heartbeat`. Tells twice as often as systemd wants to hear it."""

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier

    async def start(self, ctx: ActorContext) -> None:
        seconds = self._notifier.watchdog_seconds
        assert seconds is not None, "made only where a watchdog asked"
        self._notifier.watchdog()
        ctx.every(seconds / 2, Beat())

    async def handle(self, _: ActorContext, message: Beat) -> None:
        match message:
            case Beat():
                self._notifier.watchdog()
            case _:
                assert_never(message)
