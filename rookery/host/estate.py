"""What the host runs, as values: it outlives every incarnation of the manager."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from itertools import islice

import structlog
import trio
from attrs import define, field, frozen

from actors.bots import Bot, BotDesk
from actors.messages import Outbound, Segment
from platforms.base import AnyPlatform, Caps
from platforms.base.forms import fit, is_short, pieces
from rookery.config import Configuration, PlatformSettings
from rookery.host.kinds import caps_of

log = structlog.get_logger()


@define(eq=False)
class RunningBot:
    """One configured bot that was loaded."""

    bot: Bot
    desk: BotDesk
    version: int = 1
    """Counts the loads: the id of its actor below its supervisor is `v<version>`."""
    needs_operator: str = ""
    """Why it was given up; empty while it is kept running."""

    @property
    def child(self) -> str:
        return f"v{self.version}"


@define(eq=False)
class Estate:
    """What should run, whatever restarts. Written by the manager and its two keepers only."""

    configuration: Configuration
    """The one that was applied last."""
    bots: dict[str, RunningBot] = field(factory=dict)
    """By the id in the configuration; without those that could not be loaded."""
    platforms: dict[str, PlatformSettings] = field(factory=dict)
    """By the id in the configuration."""
    living: dict[str, AnyPlatform] = field(factory=dict)
    """The `Platform` that was made of each entry of `platforms`."""
    faults: dict[str, str] = field(factory=dict)
    """What is wrong at the moment, by its path in the configuration."""
    settled: trio.Event = field(factory=trio.Event)
    """Set once the first configuration was applied, faults or not."""

    def split(self, out: Outbound) -> Awaitable[Sequence[tuple[Segment, ...]]] | None:
        """Return the parts in which *out* is said on its platform; see `Outbox`.

        By what is configured, not by who is connected: a message is written down, and its
        parts get their keys, whether the platform is there or not.
        """
        known = self.configuration.settings.platforms.get(out.to.platform)
        if known is None:  # it waits, should one come; most likely a name was mistyped
            log.warning(
                "outbox.no_such_platform", key=out.key, to=str(out.to), trace=out.trace
            )
            return None
        caps = caps_of(known)
        # Asked before anything is made: nearly every message is short, and cutting one
        # takes a coroutine and a generator.
        return None if is_short(fit(out.body, caps), caps) else _cut(out, caps)

    def is_operator(self, platform: str, user: str) -> bool:
        """Say whether *user* of the platform *platform* is an operator of this host.

        Whoever sits at its terminal is one; all others stand in the configuration.
        """
        settings = self.configuration.settings
        known = settings.platforms.get(platform)
        if known is not None and known.kind.platform.local:
            return True
        return user in settings.operators.get(platform, ())


async def _cut(out: Outbound, caps: Caps) -> Sequence[tuple[Segment, ...]]:
    parts: list[tuple[Segment, ...]] = []
    for part in islice(pieces(out.body, caps), caps.max_parts + 1):
        parts.append(part)
        if len(parts) > 1:
            await trio.lowlevel.checkpoint()
    # One that would take too many parts is refused as a whole when its turn comes.
    return parts if 0 < len(parts) <= caps.max_parts else (out.body,)


@frozen(kw_only=True)
class Report:
    """What applying a configuration came to."""

    bots: Mapping[str, list[str]] = field(factory=dict)
    """Ids, by what was done: `added`, `reloaded`, `removed`."""
    platforms: Mapping[str, list[str]] = field(factory=dict)
    """Ids, by what was done: `added`, `changed` (stopped and started again), `adjusted`
    (while it ran), `removed`, `retried` (what had waited for an operator)."""
    faults: tuple[str, ...] = ()
    """What does not run as configured, each with its path."""
    refused: bool = False
    """The configuration itself has faults; nothing was touched."""
