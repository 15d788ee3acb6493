"""The words that limits share: what a call came to, how urgent it is, where a breaker is."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, IntEnum
from sys import float_info
from typing import Final, TypeAlias

from attrs import frozen

from actors.kernel import leaves
from supervision.faults import BadSpec, Fault

MAX_RETRY_AFTER_SECONDS: Final = 24 * 3600.0
"""The longest pause that a peer may ask for; a longer one is cut to this."""


class BreakerState(Enum):
    """Whether a breaker lets calls through."""

    CLOSED = "closed"
    """All calls; their verdicts are counted."""
    OPEN = "open"
    """None, until some instant."""
    HALF_OPEN = "half open"
    """A few probes, which decide whether it closes or opens again."""


class Urgency(IntEnum):
    """Who goes first where several wait; waiting long counts as being more urgent."""

    URGENT = 0
    """Somebody looks at the screen and waits."""
    NORMAL = 1
    BULK = 2
    """Nobody waits: scheduled jobs, clean-up."""


class Verdict(Enum):
    """What a call says about the health of the peer."""

    SUCCESS = "success"
    FAILURE = "failure"
    IGNORED = "ignored"
    """Nothing: it was cancelled, or failed by a fault of ours."""


@frozen
class Judgement:
    """A verdict, and when the peer wants to hear from us again, if it said so."""

    verdict: Verdict
    retry_after: float | None = None
    """Seconds, as in `Retry-After`; it wins over any rule of ours."""


SUCCESS: Final = Judgement(Verdict.SUCCESS)
FAILURE: Final = Judgement(Verdict.FAILURE)
IGNORED: Final = Judgement(Verdict.IGNORED)

Judge: TypeAlias = Callable[[Exception], Judgement]
"""Tells failures of the peer from ours. It never sees a cancellation, nor a group."""


@frozen
class Taxonomy:
    """A judge by type: `failures` count, except what is also among `ignored`.

    What is in neither is ignored: an error that nobody thought of says nothing about
    the peer.
    """

    failures: tuple[type[Exception], ...]
    ignored: tuple[type[Exception], ...] = ()

    def __call__(self, error: Exception) -> Judgement:
        counts = isinstance(error, self.failures) and not isinstance(
            error, self.ignored
        )
        return FAILURE if counts else IGNORED


def judgement_of(error: Exception, judge: Judge) -> Judgement:
    """Return what *judge* says about *error*, or the worst it says about its leaves.

    A nursery puts even a single `ConnectionError` into a group, which no judge knows.
    """
    found = [judge(leaf) for leaf in leaves(error) if isinstance(leaf, Exception)]
    if len(found) == 1:
        return found[0]
    failed = any(one.verdict is Verdict.FAILURE for one in found)
    hints = [one.retry_after for one in found if one.retry_after is not None]
    verdict = Verdict.FAILURE if failed else Verdict.IGNORED
    return Judgement(verdict, max(hints, default=None))


def heeded(retry_after: float) -> float:
    """Return the seconds a peer's hint is worth: from 0 to `MAX_RETRY_AFTER_SECONDS`.

    Whatever a peer sends is safe: NaN, a negative number, infinity.
    """
    return min(max(0.0, retry_after), MAX_RETRY_AFTER_SECONDS)


def require(holds: bool, field: str, must: str, got: object) -> None:
    """Refuse a policy in the words of a spec."""
    if not holds:
        raise BadSpec(Fault(field, must, got))


def is_count(value: object, least: int = 1) -> bool:
    """Tell whether *value* is a whole number, at least *least*."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def is_positive(value: float) -> bool:
    """Tell whether *value* is a number of seconds that pass: above 0, and finite."""
    return 0 < value <= float_info.max
