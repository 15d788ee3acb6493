"""A circuit breaker that calls go through: the shell around `breaker`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

import structlog
import trio
from attrs import define

from supervision.limits.breaker import (
    Breaker,
    BreakerStatus,
    Changed,
    NotAdmitted,
    Ticket,
)
from supervision.limits.breaker_policy import BreakerPolicy
from supervision.limits.errors import AttemptTimeout, CircuitOpen
from supervision.limits.values import (
    FAILURE,
    IGNORED,
    SUCCESS,
    Judge,
    Judgement,
    judgement_of,
)

log = structlog.get_logger()


def _tell_nobody(_: Changed) -> None:
    pass


@define
class Call:
    """One call under way; once it has ended, what it came to."""

    judgement: Judgement = IGNORED


class CircuitBreaker:
    """Keeps calls away from a peer that fails. One for each peer and kind of service."""

    def __init__(
        self,
        name: str,
        policy: BreakerPolicy,
        judge: Judge,
        *,
        random: Random,
        clock: Callable[[], float] = trio.current_time,
        on_change: Callable[[Changed], None] = _tell_nobody,
    ) -> None:
        """Make a closed breaker.

        Args:
            name: Of the peer, for errors: `"openai/gpt-5"`.
            policy: When it opens, and for how long.
            judge: Which exceptions are failures of the peer. A call that is cancelled
                is never judged, and one that exceeds its deadline always is a failure.
            random: For the jitter.
            clock: Monotonic seconds.
            on_change: Told after each transition. What it raises is logged, and no more.
        """
        self.name = name
        self._breaker = Breaker(policy)
        self._judge = judge
        self._random = random
        self._clock = clock
        self._on_change = on_change

    @contextmanager
    def call(self, *, within: float) -> Iterator[Call]:
        """Let the body through, and count what it comes to, however it ends.

        Args:
            within: Seconds that the body may take. This is the deadline of one
                attempt, not that of whoever waits for the answer.

        Raises:
            CircuitOpen: The body did not run.
            AttemptTimeout: The body was cancelled at its deadline.
            ValueError: *within* leaves no time. The peer is not to blame for that.
        """
        if not within > 0:
            msg = f"an attempt needs some time (got within={within!r})"
            raise ValueError(msg)
        ticket = self._enter()
        call = Call()
        try:
            with trio.move_on_after(within) as scope:
                yield call
            call.judgement = FAILURE if scope.cancelled_caught else SUCCESS
        except Exception as error:
            call.judgement = judgement_of(error, self._judge)
            raise
        finally:
            self._leave(ticket, call.judgement)
        if scope.cancelled_caught:
            raise AttemptTimeout(self.name, within)

    def trip(self, seconds: float) -> None:
        """Open it for so many seconds; for `inf`, until `reset`."""
        self._tell(self._breaker.trip(self._clock(), seconds))

    def reset(self) -> None:
        """Close it and forget what was."""
        self._tell(self._breaker.reset(self._clock()))

    def status(self) -> BreakerStatus:
        """Return how it stands now."""
        return self._breaker.status(self._clock())

    def _enter(self) -> Ticket:
        found, changed = self._breaker.enter(self._clock())
        if isinstance(found, NotAdmitted):
            raise CircuitOpen(self.name, found.state, found.retry_after)
        self._tell(changed)
        return found

    def _leave(self, ticket: Ticket, judgement: Judgement) -> None:
        now, u = self._clock(), self._random.random()
        changed = self._breaker.leave(ticket, judgement, now, u)
        self._tell(changed)

    def _tell(self, changed: Changed | None) -> None:
        if changed is None:
            return
        try:
            self._on_change(changed)
        except Exception:  # a call must not fail for whoever watches
            log.exception("breaker.listener_raised", breaker=self.name)
