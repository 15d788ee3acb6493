"""The board: the state of each connection, and those who want to know when one changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import structlog
from attrs import frozen

from actors.monitor.connections import ConnectionState, Phase

log = structlog.get_logger()

CONNECTIONS_KEPT = 10_000
"""Beyond so many, those that have ended are forgotten first, then the one that changed least
recently."""


@frozen
class ConnectionChanged:
    """A connection is in another state than before."""

    platform: str
    account: str
    """Empty for what a platform has before it knows an account: its listener, its dialler."""
    before: ConnectionState | None
    after: ConnectionState
    at: float
    """Monotonic seconds."""


Subscriber: TypeAlias = Callable[[ConnectionChanged], None]


class Board:
    """The only place where the state of a connection is kept.

    Subscribers are plain functions and are called at once; one that raises is logged and
    counted, and neither the others nor the connection notice.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._states: dict[tuple[str, str], tuple[ConnectionState, float]] = {}
        self._subscribers: dict[int, Subscriber] = {}
        self._next = 0
        self.failed_calls = 0

    def report(self, platform: str, account: str, state: ConnectionState) -> None:
        """Say where a connection stands now. Saying it again tells nobody."""
        key = (platform, account)
        before, _ = self._states.get(key, (None, 0.0))
        if before == state:
            return
        now = self._clock()
        self._states.pop(key, None)  # the newest change is the last in order
        self._states[key] = (state, now)
        if len(self._states) > CONNECTIONS_KEPT:
            self._forget_one()
        self._tell(ConnectionChanged(platform, account, before, state, now))

    def remove(self, platform: str, account: str | None = None) -> None:
        """Forget a connection, or with no account all of a platform that is gone."""
        for key in list(self._states):
            if key[0] == platform and account in (None, key[1]):
                del self._states[key]

    def state_of(self, platform: str, account: str) -> ConnectionState | None:
        known = self._states.get((platform, account))
        return None if known is None else known[0]

    def states(self) -> dict[tuple[str, str], tuple[ConnectionState, float]]:
        """Return every state by (platform, account), with the instant of its change."""
        return dict(self._states)

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call *subscriber* on every change from now on; the answer ends that."""
        self._next += 1
        number = self._next
        self._subscribers[number] = subscriber

        def unsubscribe() -> None:
            self._subscribers.pop(number, None)

        return unsubscribe

    def _tell(self, change: ConnectionChanged) -> None:
        for subscriber in list(self._subscribers.values()):
            try:
                subscriber(change)
            except Exception:
                self.failed_calls += 1
                log.exception(
                    "subscriber.raised",
                    platform=change.platform,
                    account=change.account,
                    state=change.after.phase.value,
                )

    def _forget_one(self) -> None:
        """Make room: first what is over anyway."""
        over = (Phase.STOPPED, Phase.FINISHED)
        ended = (key for key, (state, _) in self._states.items() if state.phase in over)
        del self._states[next(ended, next(iter(self._states)))]
