"""What a supervisor's core remembers: its children, its window, what it is in the middle of.

Mutable, and owned by `decide`: see there why that is still a pure function. Nothing
costs more than O(1) a child here, and nothing is copied.
"""

from __future__ import annotations

from collections import deque
from enum import Enum
from typing import TypeAlias

from actors.kernel import ExitReason
from supervision.calls import ChildState, Up
from supervision.events import Action
from supervision.specs import ChildSpec, Supervisor
from supervision.values import DYNAMIC, ONE_FOR_ALL, REST_FOR_ONE

_HOLDING = (
    ChildState.RUNNING,
    ChildState.RESTARTING,
    ChildState.WAITING,
    ChildState.HELD,
    ChildState.NEEDS_OPERATOR,
)
"""A significant child in one of these holds up `ALL_SIGNIFICANT`: it may run again."""


class Child:
    """One child, over all its incarnations."""

    __slots__ = (
        "args",
        "generation",
        "id",
        "incarnation",
        "rank",
        "spec",
        "state",
        "streak",
        "token",
        "until",
        "up_since",
        "why",
    )

    def __init__(self, child_id: str, spec: ChildSpec, rank: int) -> None:
        self.id = child_id
        self.spec = spec
        self.args: tuple[object, ...] = ()
        self.rank = rank
        """Its place in the start order, where a group has one."""
        self.state = ChildState.DOWN
        self.token = 0
        """Of its last start. The core's own number, unlike the incarnation it is never
        used twice, so what is told of an older start is recognised."""
        self.incarnation = 0
        """The kernel's number of its last life at this path; 0 if there was none."""
        self.streak = 0
        """Failures in a row, each before a stable run; only counted with a backoff."""
        self.up_since = 0.0
        """When its last life began, in monotonic seconds; only kept with a backoff."""
        self.generation = 0
        """The number of the retry or timer that it waits for; one of another is stale."""
        self.until = 0.0
        """When the pause ends in which it is WAITING, in monotonic seconds."""
        self.why = ""
        """What went wrong last, as text: an exception would keep its frames alive."""

    @property
    def up(self) -> Up:
        return Up(self.id, self.incarnation, self.token)


class Window:
    """The restarts of the last *within* seconds, and whether one more is too many."""

    __slots__ = ("_limit", "_times", "_within")

    def __init__(self, limit: int, within: float) -> None:
        self._limit = limit
        self._within = within
        self._times: deque[float] = deque()

    def __len__(self) -> int:
        return len(self._times)

    def admits(self, now: float) -> bool:
        """Note one more restart at *now*, and tell whether it may be."""
        times = self._times
        times.append(now)
        oldest = now - self._within
        while times[0] < oldest:
            times.popleft()
        return len(times) <= self._limit


class JobKind(Enum):
    """The transitions: each halts some children, then starts some, then ends."""

    BOOT = "boot"
    """The supervisor itself starts, and with it its children."""
    UNDO = "undo"
    """A child did not come up while booting: stop those that did."""
    ADD = "add"
    """A call adds a child: `StartChild`."""
    REVIVE = "revive"
    """A call starts a child that is down: `RestartChild`."""
    END = "end"
    """A call stops a child: `TerminateChild`."""
    RESTART = "restart"
    """A child that failed is restarted, and its group with it."""
    SLEEP = "sleep"
    """The group of a failed child is stopped, then sleeps."""
    CLOSE = "close"
    """The supervisor ends: it was told to, or gives up."""


class Job:
    """The transition that is under way. Calls and exits wait until it ends."""

    __slots__ = (
        "child",
        "current",
        "delay",
        "exception",
        "fresh",
        "halts",
        "kind",
        "ref",
        "starts",
    )

    def __init__(self, kind: JobKind, child: Child | None = None) -> None:
        self.kind = kind
        self.child = child
        """Whom it is about."""
        self.current: Child | None = None
        """Who is being halted or started just now."""
        self.halts: list[Child] = []
        """Still to be halted, the next one last: that is the reverse of start order."""
        self.starts: list[Child] = []
        """Still to be started, the next one last."""
        self.fresh: list[Child] | None = None
        """Those it has started, where an early death of one is to end it at once."""
        self.ref: object = None
        """Where the answer goes, of a transition that a call began."""
        self.delay = 0.0
        """How long the group of a SLEEP is to pause, in seconds."""
        self.exception: BaseException | None = None
        """Why a child did not come up, of an UNDO."""


class Core:
    """The state of one supervisor. Make one for each of its incarnations."""

    __slots__ = (
        "active",
        "children",
        "closed",
        "closing",
        "flags",
        "generations",
        "holding",
        "job",
        "leader",
        "ranks",
        "stranded",
        "supervisors",
        "timers",
        "tokens",
        "window",
    )

    def __init__(self, flags: Supervisor) -> None:
        self.flags = flags
        self.children: dict[str, Child] = {}
        """In start order: a dict keeps it, and a deleted child that is back goes last."""
        self.window = Window(flags.max_restarts, flags.within)
        self.job: Job | None = None
        self.leader: Child | None = None
        """The child that a sleeping group waits with; `None` where no group sleeps."""
        self.stranded: list[Child] = []
        """Those that come back with a RESTARTING child, once its retry succeeds."""
        self.closing: ExitReason | None = None
        """With which reason it ends, once all children are down."""
        self.closed = False
        """It has ended; calls and stops that still come through the queue are ignored."""
        self.timers: dict[int, Child] = {}
        """Who sleeps, by the generation of the timer."""
        # Counted as they change: to count 100,000 children for an answer is slow.
        self.active = 0
        self.holding = 0
        self.supervisors = 0
        # The last number that was given out, of each kind.
        self.tokens = 0
        self.generations = 0
        self.ranks = 0

    @property
    def is_dynamic(self) -> bool:
        return self.flags.strategy is DYNAMIC

    @property
    def is_grouped(self) -> bool:
        return self.flags.strategy in (ONE_FOR_ALL, REST_FOR_ONE)

    def find(self, key: object) -> Child | None:
        """Return the child of that id; a call may bring anything as one."""
        return self.children.get(key) if isinstance(key, str) else None

    def add(self, child_id: str, spec: ChildSpec) -> Child:
        # An int above 256 costs 32 bytes, and there may be 100,000 children.
        self.ranks += self.is_grouped
        child = self.children[child_id] = Child(child_id, spec, self.ranks)
        self.supervisors += spec.is_supervisor
        return child

    def remove(self, child: Child) -> None:
        self.set_state(child, ChildState.DOWN)
        self.supervisors -= child.spec.is_supervisor
        del self.children[child.id]

    def set_state(self, child: Child, state: ChildState) -> None:
        old, child.state = child.state, state
        self.active += (state is ChildState.RUNNING) - (old is ChildState.RUNNING)
        if child.spec.significant:
            self.holding += (state in _HOLDING) - (old in _HOLDING)

    def next_token(self) -> int:
        self.tokens += 1
        return self.tokens

    def next_generation(self) -> int:
        self.generations += 1
        return self.generations

    def reach(self, child: Child) -> list[Child]:
        """Return who shares the fate of *child*, in start order. Costs what it returns."""
        if self.flags.strategy is ONE_FOR_ALL:
            return list(self.children.values())
        if self.flags.strategy is not REST_FOR_ONE:
            return [child]
        found = []
        for other in reversed(self.children.values()):
            found.append(other)
            if other is child:
                break
        found.reverse()
        return found


class Turn:
    """One event being decided: the state, the time, a random number, what is to be done."""

    __slots__ = ("core", "now", "out", "u")

    def __init__(self, core: Core, now: float, u: float) -> None:
        self.core = core
        self.now = now
        self.u = u
        self.out: list[Action] = []


Actions: TypeAlias = list[Action]
