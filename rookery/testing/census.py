"""What a log tells of a tree so far: who lives, and how each supervisor stands. Pure.

`Census.note` takes one event after the other; the laws ask it before each.
"""

from __future__ import annotations

from typing import assert_never

from attrs import define, field

from actors.kernel import ExitReason, LifeBegan, LifeEnded, LifeUp
from supervision import (
    DYNAMIC,
    ONE_FOR_ONE,
    ChildSpec,
    RestartChild,
    Supervisor,
    Up,
    events,
)


@define
class Reign:
    """What the decisions of one incarnation of a supervisor tell about it."""

    flags: Supervisor
    children: dict[str, ChildSpec] = field(factory=dict)
    """By id, in the order in which they first started."""
    resting: set[str] = field(factory=set)
    """Children that stay down, or are down until their group is started again."""
    halted: list[str] = field(factory=list)
    """Stopped in the transition that is under way, in order."""
    restarting: str = ""
    """The child whose failure is being dealt with."""
    failures: list[float] = field(factory=list)
    """When the failures happened that count for the restart window."""
    retrying: set[str] = field(factory=set)
    """Children whose restart failed, and whose next try is in the queue."""
    asleep: dict[str, tuple[int, float]] = field(factory=dict)
    """Children that sleep: the generation of the timer, and until when."""
    streaks: dict[str, int] = field(factory=dict)
    clean: set[str] = field(factory=set)
    """Children whose last end was no failure."""
    stable: set[str] = field(factory=set)
    """Children whose last run was long enough to end a streak of failures."""
    leaving: bool = False
    """The supervisor has said that it gives up, or that its task is over."""
    over: bool = False
    """The supervisor has made its last decision."""

    @property
    def alone(self) -> bool:
        """Whether a child that fails is restarted without its siblings."""
        return self.flags.strategy in (ONE_FOR_ONE, DYNAMIC)

    def recent(self, now: float) -> int:
        """Return how many failures lie in the window that ends *now*."""
        oldest = now - self.flags.within
        return sum(at >= oldest for at in self.failures)

    def after(self, child: str) -> list[str]:
        """Return the ids of those that started after *child*."""
        ids = list(self.children)
        return ids[ids.index(child) + 1 :] if child in ids else []


class Census:
    """Who lives where, and under which supervisor."""

    def __init__(self, root: Supervisor) -> None:
        self.specs: dict[str, Supervisor] = {"/": root}
        """The supervisors that were ever to be started, by path."""
        self.reigns: dict[str, Reign] = {}
        """The present or last incarnation of each."""
        self.lives: dict[str, int] = {}
        """Who lives: the number of the incarnation."""
        self.up_since: dict[str, float] = {}
        self.ended: dict[str, tuple[int, ExitReason]] = {}
        """The last life that ended at each path."""
        self.living: dict[str, dict[str, None]] = {}
        """The paths of those that live directly below each path."""

    def below(self, path: str) -> list[str]:
        """Return who lives below *path*, at any depth."""
        found = list(self.living.get(path, ()))
        for child in tuple(found):
            found += self.below(child)
        return found

    # --- taking an event in -------------------------------------------------------------

    def note(self, at: float, event: object) -> None:
        """Take *event*, which happened at the instant *at*, into account."""
        match event:
            case LifeBegan(path, number):
                self.lives[path] = number
                self.living.setdefault(above(path), {})[path] = None
                self.ended.pop(path, None)
                self.reigns.pop(path, None)  # it may have been a supervisor's place
                if path in self.specs:
                    self.reigns[path] = Reign(self.specs[path])
            case LifeUp(path):
                self.up_since[path] = at
            case LifeEnded(path, number, reason):
                self.lives.pop(path, None)
                self.living.get(above(path), {}).pop(path, None)
                self.ended[path] = (number, reason)
            case events.Decided(path, action):
                if path in self.reigns:
                    self._decided(at, path, self.reigns[path], action)
            case _:
                pass

    def _decided(
        self, at: float, path: str, reign: Reign, action: events.Action
    ) -> None:
        match action:
            case events.Start(child, spec=spec):
                self._starts(at, path, reign, child, spec)
            case events.Halt(child):
                reign.halted.append(child)
            case events.HaltAll(children):
                reign.halted += [child for child, _ in children]
            case events.ChildEnded(child, restarts=restarts):
                self._child_ended(at, path, reign, action)
                reign.restarting = child if restarts else ""
            case events.RestartFailed(child):
                spec = reign.children[child]
                reign.clean.discard(child)
                reign.stable.discard(child)
                if spec.backoff is not None and spec.counted:
                    reign.failures.append(at)
            case events.PostRetry(child):
                reign.retrying.add(child)
            case events.SetTimer(child, generation, seconds, streak):
                reign.asleep[child] = (generation, at + seconds)
                reign.streaks[child] = streak
                reign.restarting = ""
                reign.halted.clear()
            case events.DropTimer(generation):
                for child, (number, _) in tuple(reign.asleep.items()):
                    if number == generation:
                        del reign.asleep[child]
            case events.Hold(child) | events.Rest(child):
                reign.resting.add(child)
                reign.retrying.discard(child)
            case events.Forget(child):
                _forget(reign, child)
            case events.Reply(ref, answer):
                reign.halted.clear()
                if isinstance(ref, RestartChild) and isinstance(answer, Up):
                    reign.streaks[ref.child] = 0
            case events.GaveUp() | events.ShuttingDown():
                reign.leaving = True
                reign.restarting = ""
                reign.halted.clear()
            case events.Exit() | events.BootFailed():
                reign.over = True
            case (
                events.Look()
                | events.ReplyCounts()
                | events.Booted()
                | events.Restarted()
                | events.OperatorNeeded()
                | events.Abandon()
                | events.Doubtful()
            ):
                pass
            case _:
                assert_never(action)

    def _starts(
        self, at: float, path: str, reign: Reign, child: str, spec: ChildSpec
    ) -> None:
        if child in reign.retrying and reign.alone:
            reign.failures.append(at)
        reign.children.setdefault(child, spec)
        reign.halted.clear()
        reign.restarting = ""
        for waiting in (reign.retrying, reign.resting):
            waiting.discard(child)
        reign.asleep.pop(child, None)
        place = join(path, child)
        if isinstance(spec.start, Supervisor):
            self.specs[place] = spec.start
        else:
            self.specs.pop(place, None)

    def _child_ended(
        self, at: float, path: str, reign: Reign, ended: events.ChildEnded
    ) -> None:
        child = ended.child
        spec = reign.children[child]
        if ended.restarts and spec.counted:
            reign.failures.append(at)
        # Kept short: a supervisor may live for as long as the log.
        oldest = at - reign.flags.within
        while reign.failures and reign.failures[0] < oldest:
            reign.failures.pop(0)
        reign.halted.clear()
        (reign.clean.add if clean(ended.reason) else reign.clean.discard)(child)
        up_since = self.up_since.get(join(path, child), at)
        if spec.backoff is not None and at - up_since >= spec.backoff.reset_after:
            reign.stable.add(child)
        else:
            reign.stable.discard(child)


def _forget(reign: Reign, child: str) -> None:
    reign.children.pop(child, None)
    reign.asleep.pop(child, None)
    reign.streaks.pop(child, None)
    for known in (reign.retrying, reign.resting, reign.clean, reign.stable):
        known.discard(child)


def clean(reason: ExitReason) -> bool:
    """Tell whether what ended so has done its work."""
    return type(reason).__name__ in ("Normal", "Shutdown")


def above(path: str) -> str:
    """Return the path of the supervisor of *path*; that of the root is `""`."""
    return "" if path == "/" else path.rpartition("/")[0] or "/"


def join(path: str, child: str) -> str:
    """Return the path of *child* of the supervisor at *path*."""
    return f"{path.rstrip('/')}/{child}"
