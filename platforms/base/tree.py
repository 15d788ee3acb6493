"""The part of the tree that is one platform: its supervisor, listener, connections.

    <platform id>          one_for_one
    ├─ reporter            tells when a connection that sleeps is tried again
    ├─ listener            where peers dial us; its port taken: backs off
    └─ <account>           a connection each, as accounts come
    or
    └─ session             where we dial: one connection

All of them back off for ever and are not counted: that a peer is away, or a port is
taken, is no fault of ours and must not bring a supervisor down.
"""

from __future__ import annotations

from functools import partial

from attrs import evolve

from platforms.base.connection import Connection
from platforms.base.listening import Listening
from platforms.base.platform import LONGEST_SECONDS, AnyPlatform
from platforms.base.ports import Host
from platforms.base.reporter import Reporter
from platforms.base.seats import Seat, Seats
from supervision import FOREVER, TRANSIENT, Backoff, ChildSpec, Supervisor

REPORTER = "reporter"
LISTENER = "listener"
SESSION = "session"
SESSION_BACKOFF = Backoff(
    first=1.0, factor=2.0, cap=LONGEST_SECONDS, reset_after=60.0, give_up=FOREVER
)
LISTENER_BACKOFF = Backoff(first=1.0, factor=2.0, cap=30.0, give_up=FOREVER)
"""Asking whether a port is free again costs nothing and bothers no peer."""


def platform_tree(platform_id: str, platform: AnyPlatform, host: Host) -> Supervisor:
    """Return the supervisor of one platform, as a value to put into a child spec."""
    seats = Seats()
    redials = evolve(SESSION_BACKOFF, first=platform.redials_after)
    reporter = ChildSpec(REPORTER, partial(Reporter, platform_id, host.reports))

    def connection(seat: Seat) -> ChildSpec:
        start = partial(
            Connection, platform_id, platform, host, seat, reporter=REPORTER
        )
        return _spec(seat.child, start, redials)

    if platform.listens:
        start = partial(
            Listening,
            platform_id,
            platform,
            host,
            seats,
            connection,
            reporter=REPORTER,
        )
        return Supervisor(children=[reporter, _spec(LISTENER, start, LISTENER_BACKOFF)])
    return Supervisor(children=[reporter, connection(Seat(SESSION))])


def _spec(
    child: str, start: partial[Connection] | partial[Listening], backoff: Backoff
) -> ChildSpec:
    return ChildSpec(child, start, restart=TRANSIENT, backoff=backoff, counted=False)
