"""A world for properties of the core: it performs actions, may be unkind, and checks.

Every rule that must hold at every instant is checked where the action is performed, so
each property test is a story that this world survives.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from attrs import frozen

from actors.kernel import Crash, ExitReason, NeedsOperator, Shutdown
from supervision import (
    ChildState,
    Supervisor,
    WhichChildren,
)
from supervision.calls import Call, ChildRow
from supervision.decide import decide
from supervision.events import (
    Action,
    Boot,
    Booted,
    BootFailed,
    Called,
    DropTimer,
    Event,
    Exit,
    Exited,
    Forget,
    Halt,
    HaltAll,
    Halted,
    LaneEvent,
    Look,
    Outcome,
    PostRetry,
    Reply,
    ReplyCounts,
    Seen,
    SetTimer,
    Start,
    Started,
    StartFailed,
    StartIgnored,
    Stop,
    TimerFired,
    TryAgain,
)
from supervision.state import Core

MARKS = {"fail": "!", "operator": "~", "ignore": "~"}


class Boom(Exception):
    """Why things fail here."""


@frozen
class Deed:
    """One action, when and why it was performed, and who lived just before."""

    at: float
    cause: LaneEvent
    action: Action
    alive: frozenset[str]


class CoreWorld:
    """Performs what the core wants, one action at a time, and watches it."""

    def __init__(
        self,
        flags: Supervisor,
        u: float = 0.5,
        starts: Callable[[str], str] = lambda _: "ok",
    ) -> None:
        self.flags = flags
        self.core = Core(flags)
        self.now = 0.0
        self.u = u
        self.lane: deque[LaneEvent] = deque()
        self.alive: dict[str, int] = {}
        """Who lives, by id: the token."""
        self.unseen: dict[int, ExitReason] = {}
        """Who is dead, and nobody has told the core."""
        self.timers: dict[int, tuple[float, str]] = {}
        self.log: list[Action] = []
        self.deeds: list[Deed] = []
        self.told: list[str] = []
        """Starts (`+a`), failed ones (`!a`), those that nothing came of (`~a`), halts (`-a`)."""
        self.starts = starts
        """How the next start of a child goes: ok, fail, ignore, dying."""
        self.stop_asked = False
        self.exited: ExitReason | None = None
        self.replies: list[object] = []
        self.incarnations = 0
        self.decide = decide
        self.checks = True
        """Between events; costs a look at every child."""
        self.tell(Boot())

    # --- what a test does -------------------------------------------------------------

    def tell(self, event: LaneEvent) -> list[Action]:
        """Put *event* into the lane, handle all that is there, return what was done."""
        self.lane.append(event)
        return self.work()

    def work(self) -> list[Action]:
        before = len(self.log)
        while self.lane and self.exited is None:
            self._handle(self.lane.popleft())
        return self.log[before:]

    def say(self, call: Call) -> None:
        """Put *call* into the lane and leave it there."""
        self.lane.append(Called(call, None))

    def ask(self, call: Call) -> object:
        """Return the answer to *call*, which nothing delays."""
        self.tell(Called(call, None))
        return self.replies[-1]

    def kill(self, child: str, reason: ExitReason | None = None) -> None:
        """Let *child* end by itself; the core hears of it when the lane is worked."""
        token = self.alive.pop(child)
        reason = reason or Crash(Boom())
        self.unseen[token] = reason
        self.lane.append(Exited(child, token, reason))

    def sleep(self, seconds: float) -> list[Action]:
        """Let time pass, with the timers that fire meanwhile."""
        before = len(self.log)
        end = self.now + seconds
        while due := [(at, g) for g, (at, _) in self.timers.items() if at <= end]:
            self.now, generation = min(due)
            del self.timers[generation]
            self.tell(TimerFired(generation))
        self.now = end
        return self.log[before:]

    def rows(self) -> dict[str, ChildRow]:
        return {row.id: row for row in self.peek()}

    def peek(self) -> tuple[ChildRow, ...]:
        """Return what `which_children` would."""
        rows = self.ask(WhichChildren())
        self.replies.pop()
        assert isinstance(rows, tuple)
        return rows

    # --- what it performs -------------------------------------------------------------

    def _handle(self, event: LaneEvent) -> None:
        if isinstance(event, Stop):
            self.stop_asked = True
        pending: Event | None = event
        while pending is not None:
            self.core, actions = self.decide(self.core, pending, self.now, self.u)
            pending = None
            for action in actions:
                assert pending is None, "only the last action may have an outcome"
                self.log.append(action)
                alive = frozenset(self.alive)
                self.deeds.append(Deed(self.now, event, action, alive))
                pending = self._perform(action)
        if self.checks:
            self._check_rest()

    def _perform(self, action: Action) -> Outcome | None:
        match action:
            case Start():
                return self._start(action)
            case Halt(child, token):
                self._halt(child, token)
                return Halted()
            case HaltAll(children):
                for child, token in children:
                    self._halt(child, token)
                return Halted()
            case Look(children):
                dead = [(t, self.unseen[t]) for _, t in children if t in self.unseen]
                return Seen(tuple(dead))
            case PostRetry(child, generation):
                self.lane.append(TryAgain(child, generation))
            case SetTimer(child, generation, seconds):
                assert seconds >= 0
                self.timers[generation] = (self.now + seconds, child)
            case DropTimer(generation):
                # It may have fired, with what it says still in the lane.
                if TimerFired(generation) not in self.lane:
                    del self.timers[generation]
            case Reply(_, answer):
                self.replies.append(answer)
            case ReplyCounts(_, counts):
                self.replies.append(counts)
            case Exit(reason):
                assert not self.alive, "it ended before all its children were down"
                assert not self.timers
                self.exited = reason
            case BootFailed():
                assert not self.alive
                self.exited = Shutdown()
            case Forget(child):
                assert child not in self.alive
            case Booted() | _:
                pass
        return None

    def _start(self, action: Start) -> Outcome:
        child, token = action.child, action.token
        assert child not in self.alive, "two lives at once"
        assert not self.stop_asked, "something started after a stop request"
        how = self.starts(child)
        self.told.append(MARKS.get(how, "+"))
        self.told[-1] += child
        if how == "fail":
            return StartFailed(token, Boom(child))
        if how == "operator":
            return StartFailed(token, NeedsOperator("no token"))
        if how == "ignore":
            return StartIgnored(token)
        self.incarnations += 1
        self.alive[child] = token
        if how == "dying":
            self.kill(child)
        return Started(token, self.incarnations)

    def _halt(self, child: str, token: int) -> None:
        living = self.alive.pop(child, None)
        assert living == token or token in self.unseen, "halted a stranger"
        if living is not None:
            self.told.append(f"-{child}")
            # Its end comes through the lane all the same, too late to matter.
            self.lane.append(Exited(child, token, Shutdown()))

    # --- what must hold between two events --------------------------------------------

    def _check_rest(self) -> None:
        core = self.core
        assert core.job is None
        assert set(self.timers) == set(core.timers)
        states = [child.state for child in core.children.values()]
        assert core.active == states.count(ChildState.RUNNING)
        if self.exited is None:
            assert len(core.window) <= self.flags.max_restarts
            believed = {
                child.id: child.token
                for child in core.children.values()
                if child.state is ChildState.RUNNING
            }
            assert self.alive.items() <= believed.items()


def actions_of(log: list[Action], *kinds: type) -> list[Action]:
    return [action for action in log if isinstance(action, kinds)]


def story(log: list[Action]) -> list[str]:
    """Return starts and halts in short: `+a`, `-a`."""
    told = []
    for action in log:
        if isinstance(action, Start):
            told.append(f"+{action.child}")
        elif isinstance(action, Halt):
            told.append(f"-{action.child}")
    return told
