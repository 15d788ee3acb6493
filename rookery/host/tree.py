"""The tree of the host, as one value. Nothing of the host runs outside it.

root (one_for_one; giving up ends the process with exit code 70)
├─ journal     restarted for ever; what it keeps belongs to the System
├─ core        tracker, outbox, sender, router, scheduler, monitor, announcer
├─ bots        the manager adds them, each below a supervisor of its own
├─ platforms   the manager adds them, each below a supervisor of its own
├─ web         the ingress: what the world may reach of platforms
├─ control     the control socket
├─ manager     makes what runs equal to what is configured
└─ heartbeat   only where systemd watches over the process

They start from above to below, and stop from below to above.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from attrs import evolve

from actors.buffer import OutboxKeeper
from actors.journal import JournalKeeper
from actors.kernel import ActorContext, AnyActor
from actors.monitor import Monitor
from actors.router import Router
from actors.schedule import Scheduler
from actors.sender import Sender
from actors.tracker import TrackerKeeper
from rookery.control import ControlSocket
from rookery.host.announcer import Announcer
from rookery.host.bots import BotKeeper
from rookery.host.heartbeat import Heartbeat
from rookery.host.ingress import ingress_specs
from rookery.host.loading import Load, Reread
from rookery.host.manager import Manager
from rookery.host.notify import Notifier
from rookery.host.operations import HostOperations
from rookery.host.parts import Parts
from rookery.host.platforms import PlatformKeeper
from supervision import FOREVER, Backoff, ChildSpec, Supervisor

# More than five failures within a minute: whatever it is, restarting does not help.
_WINDOW_SECONDS = 60.0
_MAX_RESTARTS = 5
BACKOFF = Backoff(first=0.2, factor=2.0, cap=5.0, reset_after=60.0, give_up=8)


def host_tree(
    parts: Parts,
    reread: Reread,
    notifier: Notifier,
    load: Load,
    *,
    control: bool = True,
) -> Supervisor:
    """Return the root supervisor of the host.

    Args:
        parts: What outlives every restart.
        reread: Reads the configuration again.
        notifier: The way to systemd.
        load: How a bot is loaded.
        control: Is there a control socket? A simulated world has no files for it.
    """

    def keepers(ctx: ActorContext) -> tuple[BotKeeper, PlatformKeeper]:
        bots = BotKeeper(ctx, parts, load)
        platforms = PlatformKeeper(
            ctx, parts.estate, parts.for_platforms(), parts.board
        )
        return bots, platforms

    children = [
        _steadfast(
            "journal", partial(JournalKeeper, parts.journal, parts.note_trouble)
        ),
        _child("core", _core(parts)),
        _child("bots", _supervisor()),
        _child("platforms", _supervisor()),
        # Behind the platforms, so that it is stopped before them: whoever is let in by the
        # ingress finds the platform that he came for.
        _child("web", _supervisor(*ingress_specs(parts.ingress, parts.network))),
        *([_steadfast("control", _socket(parts))] if control else ()),
        _steadfast("manager", partial(Manager, parts.estate, reread, keepers)),
    ]
    if notifier.watchdog_seconds is not None:
        children.append(_child("heartbeat", partial(Heartbeat, notifier)))
    return _supervisor(*children)


def _socket(parts: Parts) -> Callable[[], ControlSocket]:
    data = parts.estate.configuration.data
    return partial(ControlSocket, data, HostOperations(parts))


def _core(parts: Parts) -> Supervisor:
    monitor = partial(Monitor, parts.board, parts.faults, parts.journal, parts.tracker)
    return _supervisor(
        _child("tracker", partial(TrackerKeeper, parts.tracker)),
        _child("outbox", partial(OutboxKeeper, parts.outbox)),
        _child("sender", partial(Sender, parts.journal, parts.outbox, parts.lines)),
        _child("router", partial(Router, parts.journal, parts.desks)),
        _child("scheduler", partial(Scheduler, parts.timetable, parts.journal)),
        _child("monitor", monitor),
        _child("announcer", partial(Announcer, parts.board, parts.journal)),
    )


def _supervisor(*children: ChildSpec) -> Supervisor:
    return Supervisor(
        children=children, max_restarts=_MAX_RESTARTS, within=_WINDOW_SECONDS
    )


def _child(name: str, start: Supervisor | Callable[..., AnyActor]) -> ChildSpec:
    return ChildSpec(name, start, backoff=BACKOFF)


def _steadfast(name: str, start: Callable[..., AnyActor]) -> ChildSpec:
    """Return the spec of a child that is tried again for ever.

    Chats go on without it for a while, so that it fails must end nobody else.
    """
    backoff = evolve(BACKOFF, give_up=FOREVER)
    return ChildSpec(name, start, backoff=backoff, counted=False)
