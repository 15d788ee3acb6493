"""Who may be under way at the same time, and who waits. Pure: time is an argument.

Rule: every transition of a claim is in `TRANSITIONS`. Each urgency has a line of its
own, bounded by itself, so that a flood of bulk work keeps nobody else out. A line is
first come, first served; between the heads of the lines, the one that is *due* first
goes: it came when it came, plus `ageing` seconds for each step of urgency it lacks. So
urgent work goes first, and nothing starves: what waits long enough is due before
whatever comes later.
"""

from __future__ import annotations

from collections import OrderedDict
from enum import Enum

from attrs import define, frozen

from supervision.limits.values import Urgency, is_count, is_positive, require


class ClaimState(Enum):
    """Where a claim is on its way."""

    WAITING = "waiting"
    HELD = "held"
    OVER = "over"


class Step(Enum):
    """What happens to a claim."""

    GRANT = "grant"
    END = "end"


_C = ClaimState

TRANSITIONS: dict[ClaimState, dict[Step, ClaimState]] = {
    _C.WAITING: {Step.GRANT: _C.HELD, Step.END: _C.OVER},
    _C.HELD: {Step.END: _C.OVER},
    # Whoever cleans up need not know whether somebody else has done so before.
    _C.OVER: {Step.END: _C.OVER},
}


@frozen(kw_only=True)
class PermitPolicy:
    """How many calls may be under way, and how many may wait.

    Raises:
        BadSpec: a number is out of range.
    """

    size: int
    """How many may be under way at the same time."""
    max_waiting: int
    """How many calls of each urgency may wait; one more is refused at once."""
    ageing: float = 10.0
    """Seconds of waiting that count as much as one step of urgency."""

    def __attrs_post_init__(self) -> None:
        for name, least, got in (
            ("size", 1, self.size),
            ("max_waiting", 0, self.max_waiting),
        ):
            must = f"must be a whole number from {least}"
            require(is_count(got, least), f"permits.{name}", must, got)
        must = "must be a positive number of seconds"
        require(is_positive(self.ageing), "permits.ageing", must, self.ageing)


@define(eq=False)
class Claim:
    """One call's claim to a permit. Two are never equal."""

    urgency: Urgency
    due_at: float
    state: ClaimState = ClaimState.WAITING

    def step(self, step: Step) -> None:
        self.state = TRANSITIONS[self.state][step]


class Permits:
    """Who is under way and who waits. If anybody waits, no permit is free."""

    def __init__(self, policy: PermitPolicy) -> None:
        self._policy = policy
        self._held = 0
        # Ordered, and cheap at both ends and in the middle: who gives up leaves.
        self._lines: dict[Urgency, OrderedDict[Claim, None]] = {
            urgency: OrderedDict() for urgency in Urgency
        }

    @property
    def held(self) -> int:
        return self._held

    def waiting(self, urgency: Urgency) -> int:
        """Return how many of *urgency* wait."""
        return len(self._lines[urgency])

    def claim(self, urgency: Urgency, now: float) -> Claim | None:
        """Return a claim that holds a permit or waits for one; None if all is full."""
        line = self._lines[urgency]
        claim = Claim(urgency, now + urgency * self._policy.ageing)
        if self._held < self._policy.size:
            self._grant(claim)
        elif len(line) < self._policy.max_waiting:
            line[claim] = None
        else:
            return None
        return claim

    def end(self, claim: Claim) -> list[Claim]:
        """Give up *claim*, wherever it is; return who holds a permit now."""
        was = claim.state
        claim.step(Step.END)
        match was:
            case ClaimState.WAITING:
                del self._lines[claim.urgency][claim]
            case ClaimState.HELD:
                self._held -= 1
            case ClaimState.OVER:
                pass
        return self._grant_free()

    def resize(self, policy: PermitPolicy) -> list[Claim]:
        """Go on with other numbers; return who holds a permit now.

        Nobody who holds one or waits is sent away: fewer are let in until it fits.
        """
        self._policy = policy
        return self._grant_free()

    def _grant_free(self) -> list[Claim]:
        granted: list[Claim] = []
        while self._held < self._policy.size and (claim := self._next()):
            del self._lines[claim.urgency][claim]
            self._grant(claim)
            granted.append(claim)
        return granted

    def _next(self) -> Claim | None:
        heads = [next(iter(line)) for line in self._lines.values() if line]
        return min(heads, key=lambda claim: claim.due_at, default=None)

    def _grant(self, claim: Claim) -> None:
        claim.step(Step.GRANT)
        self._held += 1
