"""What a supervisor's core is told, and what it wants done. Values only.

Two kinds of events. Those of the *lane* arrive in the supervisor's one queue, first in,
first out: `Boot`, `Exited`, `TryAgain`, `TimerFired`, `Called`, `Stop`. *Outcomes*
answer the last action of a batch and are told before anything else is taken from the
lane: `Started`, `StartIgnored` and `StartFailed` a `Start`, `Halted` a `Halt` or
`HaltAll`, `Seen` a `Look`. So calls and exits wait until a transition is over.
"""

from __future__ import annotations

from typing import TypeAlias

from attrs import frozen

from actors.kernel import ExitReason
from supervision.calls import Answer, Call, Counts
from supervision.specs import ChildSpec
from supervision.values import Grace

# --- events of the lane ---------------------------------------------------------------


@frozen
class Boot:
    """The supervisor itself starts. The first event, and the only of its kind."""


@frozen
class Exited:
    """A child's incarnation ended by itself."""

    child: str
    token: int
    reason: ExitReason


@frozen
class TryAgain:
    """The `PostRetry` of this generation came through the queue."""

    child: str
    generation: int


@frozen
class TimerFired:
    """The `SetTimer` of this generation is over."""

    generation: int


@frozen
class Called:
    """Somebody asks for something."""

    call: Call
    ref: object
    """Whatever brings the answer back; the core only hands it on."""


@frozen
class Stop:
    """Stop all children in order, then end with this reason."""

    reason: ExitReason


LaneEvent: TypeAlias = Boot | Exited | TryAgain | TimerFired | Called | Stop

# --- outcomes -------------------------------------------------------------------------


@frozen
class Started:
    """The child is up."""

    token: int
    incarnation: int


@frozen
class StartIgnored:
    """Its `start` returned `IGNORE`."""

    token: int


@frozen
class StartFailed:
    """The child did not come up."""

    token: int
    exception: BaseException


@frozen
class Halted:
    """All that the action named is down."""


@frozen
class Seen:
    """Tells which children of a `Look` have ended meanwhile."""

    ended: tuple[tuple[int, ExitReason], ...]


Outcome: TypeAlias = Started | StartIgnored | StartFailed | Halted | Seen
Event: TypeAlias = LaneEvent | Outcome

# --- actions --------------------------------------------------------------------------


@frozen
class Start:
    """Start a child and tell the outcome. Always the last action of a batch."""

    child: str
    token: int
    spec: ChildSpec
    args: tuple[object, ...] = ()
    watched: bool = False
    """Keep hold of its life: a `Look` will ask for it before its exit comes through."""


@frozen
class Halt:
    """Ask a child to stop, kill it after its grace, tell when it is down. The last of a batch."""

    child: str
    token: int
    grace: Grace


@frozen
class HaltAll:
    """Halt many children at once, with one common deadline. The last action of a batch."""

    children: tuple[tuple[str, int], ...]
    grace: Grace


@frozen
class Look:
    """Tell which of these have ended by now. The last of a batch."""

    children: tuple[tuple[str, int], ...]


@frozen
class PostRetry:
    """Put a `TryAgain` at the end of the supervisor's own queue."""

    child: str
    generation: int


@frozen
class SetTimer:
    """Put a `TimerFired` into the queue after *seconds*; *child* is what sleeps."""

    child: str
    generation: int
    seconds: float
    streak: int
    why: str


@frozen
class DropTimer:
    """Forget a timer that is not wanted any more."""

    generation: int


@frozen
class Hold:
    """*child* is down with its group, and comes back when *leader* does."""

    child: str
    leader: str


@frozen
class Abandon:
    """*child* was to come back, and will not: its supervisor is ending."""

    child: str


@frozen
class Rest:
    """*child* stays down; whoever waits for it need not."""

    child: str
    reason: ExitReason


@frozen
class Forget:
    """*child* is no more."""

    child: str
    reason: ExitReason


@frozen
class Reply:
    """Answer a call."""

    ref: object
    answer: Answer


@frozen
class ReplyCounts:
    """Answer with *counts*, but `active` is the number of children really alive now.

    OTP looks at the processes there; an exit that still waits in the queue is seen.
    """

    ref: object
    counts: Counts


@frozen
class Booted:
    """All children are up: so is the supervisor."""


@frozen
class BootFailed:
    """A child did not come up, those before it are down again: nor will the supervisor."""

    child: str
    exception: BaseException


@frozen
class Exit:
    """All children are down: end with this reason. The very last action."""

    reason: ExitReason


# --- what happened, for the log -------------------------------------------------------


@frozen
class Doubtful:
    """The spec of a child is allowed and hardly meant; see `specs.caution`."""

    child: str
    why: str


@frozen
class Restarted:
    """A child is up again."""

    child: str
    incarnation: int
    streak: int


@frozen
class ChildEnded:
    """A child's incarnation ended by itself; *restarts* says whether it will be back."""

    child: str
    incarnation: int
    reason: ExitReason
    restarts: bool
    counted: bool = True
    """False: the spec says that such an end is no fault of ours."""


@frozen
class RestartFailed:
    """A try to restart a child failed."""

    child: str
    exception: BaseException


@frozen
class OperatorNeeded:
    """A child is not tried again until a person did something."""

    child: str
    why: str


@frozen
class GaveUp:
    """Too many failures: the supervisor ends, because of this child's last one."""

    child: str
    failures: int
    """How many lie in the window, or in the child's streak."""
    breaker: str
    """`window` or `give_up`."""


@frozen
class ShuttingDown:
    """A significant child has ended, and so the supervisor ends: see `AutoShutdown`."""

    child: str


Note: TypeAlias = (
    Doubtful
    | Restarted
    | ChildEnded
    | RestartFailed
    | OperatorNeeded
    | GaveUp
    | ShuttingDown
)

Action: TypeAlias = (
    Start
    | Halt
    | HaltAll
    | Look
    | PostRetry
    | SetTimer
    | DropTimer
    | Hold
    | Abandon
    | Rest
    | Forget
    | Reply
    | ReplyCounts
    | Booted
    | BootFailed
    | Exit
    | Note
)


@frozen
class Decided:
    """To a system's witness: what the supervisor at *path* is about to do."""

    path: str
    action: Action
