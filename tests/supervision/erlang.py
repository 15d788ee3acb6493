"""OTP's `supervisor.erl`, transcribed: the differential test holds the core against it.

Written after the Erlang, function by function, not after our code, and for a prompt world:
who is told to stop is down at once. A child that fails has `restarting` set, as there its
pid becomes `{restarting, Pid}`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TypeAlias

from attrs import define, frozen

from actors.kernel import ExitReason, Killed, Normal, Shutdown
from supervision import (
    ALL_SIGNIFICANT,
    ANY_SIGNIFICANT,
    DYNAMIC,
    ONE_FOR_ALL,
    ONE_FOR_ONE,
    PERMANENT,
    TEMPORARY,
    TRANSIENT,
    ChildSpec,
    DeleteChild,
    Instance,
    RestartChild,
    StartChild,
    Supervisor,
    TerminateChild,
)
from supervision.calls import Call


@frozen
class Exit:
    pid: int
    reason: ExitReason


@frozen
class TryAgain:
    id: str
    pid: int | None


@frozen
class Terminate:
    reason: ExitReason


Message: TypeAlias = Exit | TryAgain | Terminate | Call


@define(eq=False)
class Kid:
    id: str
    spec: ChildSpec
    pid: int | None = None
    restarting: bool = False


class Erlang:
    """One supervisor; *starts* tells how the next start of a child goes."""

    def __init__(self, flags: Supervisor, starts: Callable[[str], str]) -> None:
        self.flags = flags
        self.starts = starts
        self.now = 0.0
        self.inbox: deque[Message] = deque()
        self.kids: list[Kid] = []
        self.restarts: list[float] = []
        self.pids = 0
        self.alive: dict[str, int] = {}
        self.told: list[str] = []
        self.replies: list[str] = []
        self.exited: ExitReason | None = None
        if flags.strategy is not DYNAMIC:
            self.kids = [Kid(spec.id, spec) for spec in flags.children]
            if self.start_children(self.kids) is not None:
                self.terminate(Shutdown())

    def work(self) -> None:
        while self.inbox and self.exited is None:
            self.handle(self.inbox.popleft())

    def handle(self, message: Message) -> None:
        match message:
            case Exit(pid, reason):
                for kid in self.kids:
                    if kid.pid == pid and not kid.restarting:
                        self.do_restart(kid, reason)
                        break
            case TryAgain(kid_id, pid):
                for kid in self.kids:
                    same = self.flags.strategy is not DYNAMIC or kid.pid == pid
                    if kid.id == kid_id and kid.restarting and same:
                        self.restart(kid)
                        break
            case Terminate(reason):
                self.terminate(reason)
            case _:
                self.replies.append(self.call(message))

    # --- restart_child/3 and below ----------------------------------------------------

    def do_restart(self, kid: Kid, reason: ExitReason) -> None:
        clean = isinstance(reason, Normal | Shutdown)
        kind = kid.spec.restart
        if kind is PERMANENT or (kind is TRANSIENT and not clean):
            self.restart(kid)
            return
        self.del_child(kid)
        if kid.spec.significant and (
            self.flags.auto_shutdown is ANY_SIGNIFICANT
            or (
                self.flags.auto_shutdown is ALL_SIGNIFICANT
                and not any(k.spec.significant and k.pid is not None for k in self.kids)
            )
        ):
            self.terminate(Shutdown())

    def restart(self, kid: Kid) -> None:
        if not self.add_restart():
            self.del_child(kid)
            self.terminate(Shutdown())
            return
        strategy = self.flags.strategy
        if strategy in (DYNAMIC, ONE_FOR_ONE):
            failed = kid
            pid, kid.restarting = kid.pid, False
            if self.start(kid):
                return
            kid.pid = pid
        else:
            first = 0 if strategy is ONE_FOR_ALL else self.kids.index(kid)
            before, after = self.kids[:first], self.kids[first:]
            kid.pid = None
            after = self.terminate_children(after)
            self.kids = before + after
            culprit = self.start_children(after)
            if culprit is None:
                return
            failed = culprit
        failed.restarting = True
        failed.pid = failed.pid or 0
        self.inbox.append(TryAgain(failed.id, failed.pid))

    def add_restart(self) -> bool:
        oldest = self.now - self.flags.within
        self.restarts = [self.now, *(t for t in self.restarts if t >= oldest)]
        return len(self.restarts) <= self.flags.max_restarts

    # --- starting and stopping --------------------------------------------------------

    def start(self, kid: Kid) -> bool:
        how = self.starts(kid.id)
        self.told.append({"fail": "!", "ignore": "~"}.get(how, "+") + kid.id)
        kid.pid = None
        if how in ("ok", "dying"):
            self.pids += 1
            kid.pid = self.alive[kid.id] = self.pids
            if how == "dying":
                self.die(kid.id)
        return how != "fail"

    def start_children(self, kids: list[Kid]) -> Kid | None:
        for kid in list(kids):
            if not self.start(kid):
                return kid
            if kid.pid is None and kid.spec.restart is TEMPORARY:
                self.kids.remove(kid)
        return None

    def terminate_children(self, kids: list[Kid]) -> list[Kid]:
        for kid in reversed(kids):
            self.do_terminate(kid)
        return [kid for kid in kids if kid.spec.restart is not TEMPORARY]

    def do_terminate(self, kid: Kid) -> None:
        if kid.pid is not None and self.alive.get(kid.id) == kid.pid:
            self.told.append(f"-{kid.id}")
            del self.alive[kid.id]
        kid.pid, kid.restarting = None, False

    def terminate(self, reason: ExitReason) -> None:
        self.terminate_children(self.kids)
        self.exited = reason

    def die(self, kid_id: str, reason: ExitReason | None = None) -> None:
        self.inbox.append(Exit(self.alive.pop(kid_id), reason or Killed()))

    def del_child(self, kid: Kid) -> None:
        kid.pid, kid.restarting = None, False
        if kid.spec.restart is TEMPORARY or self.flags.strategy is DYNAMIC:
            self.kids.remove(kid)

    # --- handle_call/3 ----------------------------------------------------------------

    def call(self, call: Call) -> str:
        kids = {kid.id: kid for kid in self.kids}
        dynamic = self.flags.strategy is DYNAMIC
        match call:
            case StartChild(Instance(kid_id) | ChildSpec(kid_id) as wanted):
                if kid_id in kids:
                    known = kids[kid_id]
                    runs = known.pid is not None and not known.restarting
                    return "already started" if runs else "already present"
                spec = self.flags.children[0] if dynamic else wanted
                assert isinstance(spec, ChildSpec)
                kid = Kid(kid_id, spec)
                answer = self.answer(kid)
                passing = dynamic or spec.restart is TEMPORARY
                if answer == "up" or (answer == "ignored" and not passing):
                    self.kids.append(kid)
                return answer
            case TerminateChild(Instance(kid_id) | str(kid_id)):
                if kid_id not in kids:
                    return "not found"
                self.do_terminate(kids[kid_id])
                self.del_child(kids[kid_id])
                return "done"
            case RestartChild(kid_id) | DeleteChild(kid_id):
                if kid_id not in kids:
                    return "not found"
                kid = kids[kid_id]
                if kid.restarting:
                    return "restarting"
                if kid.pid is not None:
                    return "running"
                if isinstance(call, DeleteChild):
                    self.kids.remove(kid)
                    return "done"
                return self.answer(kid)
            case _:
                raise AssertionError(call)

    def answer(self, kid: Kid) -> str:
        if not self.start(kid):
            return "refused"
        return "ignored" if kid.pid is None else "up"
