"""Processes without trio: records that start, stop and die; the core decides for them."""

from __future__ import annotations

from collections import deque
from typing import Any

from attrs import frozen

from actors.kernel import ExitReason, Killed, Shutdown
from supervision.calls import (
    Counts,
)
from supervision.decide import decide
from supervision.events import (
    Action,
    Boot,
    Booted,
    BootFailed,
    Called,
    Event,
    Exit,
    Exited,
    Halt,
    HaltAll,
    Halted,
    LaneEvent,
    Outcome,
    PostRetry,
    Reply,
    ReplyCounts,
    Start,
    Started,
    StartFailed,
    StartIgnored,
    Stop,
    TryAgain,
)
from supervision.state import Core
from supervision.values import BRUTAL, FOREVER, Grace
from tests.otp.terms import (
    BrokenSupervisor,
    Json,
    Script,
    ScriptedSupervisor,
    ScriptedWorker,
    Told,
    answer_term,
    counts_term,
    not_started_term,
    reason_of,
    refused_term,
    term_of,
)


class Process:
    """Something that runs: a worker, or (with a core) a supervisor."""

    def __init__(
        self, name: str, number: int, token: int, parent: Process | None
    ) -> None:
        self.name = name
        self.number = number
        self.token = token
        self.parent = parent
        self.alive = True
        self.script: Script = {}
        self.core: Core | None = None
        self.lane: deque[LaneEvent] = deque()
        self.children: dict[int, Process] = {}


@frozen
class Asked:
    """Where an answer goes: into the trace."""

    op: str
    supervisor: str
    arg: Json


class Processes:
    """All processes of one scenario, and what happened to them."""

    def __init__(self) -> None:
        self.now = 0.0
        self.attempts: dict[str, int] = {}
        self.live: dict[str, Process] = {}
        self.last: dict[str, Process] = {}
        self.events: list[Json] = []
        self.orphans: list[Json] = []
        self.shown: dict[str, Any] = {}

    # --- deaths -----------------------------------------------------------------------

    def die(self, process: Process, reason: ExitReason) -> None:
        process.alive = False
        self.live.pop(process.name, None)
        self.events.append(["stop", process.name, process.number, term_of(reason)])
        for event in process.lane:
            if isinstance(event, Called):
                assert isinstance(event.ref, Asked)
                self.reply(event.ref, {"error": "noproc"})
        process.lane.clear()
        if process.parent is not None:
            exited = Exited(process.name, process.token, reason)
            process.parent.lane.append(exited)

    def kill_below(self, process: Process) -> None:
        for child in process.children.values():
            if child.alive:
                self.kill_below(child)
                child.alive = False
                child.lane.clear()
                self.live.pop(child.name, None)
                self.orphans.append([child.name, child.number])

    # --- the shell --------------------------------------------------------------------

    def settle(self) -> None:
        """Let every supervisor work until nothing is left to do."""
        while True:
            busy = [p for p in self.live.values() if p.lane]
            if not busy:
                return
            self.tell(busy[0], busy[0].lane.popleft())

    def tell(self, supervisor: Process, event: Event) -> Booted | BootFailed | None:
        """Have *event* decided and everything done that comes of it."""
        core = supervisor.core
        assert core is not None
        pending: Event | None = event
        booted: Booted | BootFailed | None = None
        while pending is not None:
            core, actions = decide(core, pending, self.now, 0.5)
            pending = None
            for action in actions:
                assert pending is None, "nothing may follow what has an outcome"
                if isinstance(action, Booted | BootFailed):
                    booted = action
                else:
                    pending = self.perform(supervisor, action)
        supervisor.core = core
        return booted

    def perform(self, supervisor: Process, action: Action) -> Outcome | None:
        match action:
            case Start(name, token, spec, args):
                start = spec.start
                assert isinstance(
                    start, ScriptedWorker | ScriptedSupervisor | BrokenSupervisor
                )
                return self.start(name, token, start, args, supervisor)
            case Halt(_, token, grace):
                self.halt(supervisor.children[token], grace)
                return Halted()
            case HaltAll(children, grace):
                self.halt_all([supervisor.children[t] for _, t in children], grace)
                return Halted()
            case PostRetry(name, generation):
                supervisor.lane.append(TryAgain(name, generation))
            case Reply(ref, answer):
                dynamic = core_of(supervisor).is_dynamic
                if isinstance(ref, Asked):
                    self.reply(ref, answer_term(answer, dynamic=dynamic))
                else:
                    self.shown[str(ref)] = answer
            case ReplyCounts(ref, counts):
                self.reply_counts(supervisor, ref, counts)
            case Exit(reason):
                self.die(supervisor, reason)
            case _:
                pass
        return None

    def reply(self, asked: Asked, result: Json) -> None:
        self.events.append(["reply", asked.op, asked.supervisor, asked.arg, result])

    def reply_counts(self, supervisor: Process, ref: object, counts: Counts) -> None:
        active = sum(child.alive for child in supervisor.children.values())
        real = Counts(counts.specs, active, counts.supervisors, counts.workers)
        if isinstance(ref, Asked):
            self.reply(ref, counts_term(real))
        else:
            self.shown[str(ref)] = real

    # --- starting ---------------------------------------------------------------------

    def start(
        self,
        name: str,
        token: int,
        start: ScriptedWorker | ScriptedSupervisor | BrokenSupervisor,
        args: tuple[object, ...],
        parent: Process | None,
    ) -> Outcome:
        script = dict(start.script)
        for more in args:
            assert isinstance(more, dict)
            script |= more
        number = self.attempts[name] = self.attempts.get(name, 0) + 1
        plan = script.get("start", ["ok"])
        how = plan[min(number, len(plan)) - 1]
        failed: Json = {"error": "start_error", "crash": "init_crash"}.get(
            how, "start_raise"
        )
        if how == "ignore":
            self.events.append(["ignore", name, number])
            return StartIgnored(token)
        process = Process(name, number, token, parent)
        process.script = script
        if how == "ok":
            failed = self.init(process, start)
        if failed is not None:
            self.events.append(["start_fail", name, number, failed])
            return StartFailed(token, Told(failed))
        self.live[name] = self.last[name] = process
        if parent is not None:
            parent.children[token] = process
        self.events.append(["start", name, number])
        return Started(token, number)

    def init(
        self,
        process: Process,
        start: ScriptedWorker | ScriptedSupervisor | BrokenSupervisor,
    ) -> Json:
        """Bring it up; return why not, or `None`."""
        if isinstance(start, ScriptedWorker):
            return None
        self.events.append(["init", process.name, process.number])
        if isinstance(start, BrokenSupervisor):
            return refused_term(start.fault)
        process.core = Core(start)
        booted = self.tell(process, Boot())
        if isinstance(booted, BootFailed):
            return not_started_term(booted.child, booted.exception)
        assert booted is not None
        return None

    # --- stopping ---------------------------------------------------------------------

    def halt(self, process: Process, grace: Grace) -> None:
        if process.alive:
            self.now += self.stop_one(process, grace)
            if process.parent is not None:
                _forget_exit(process)

    def halt_all(self, processes: list[Process], grace: Grace) -> None:
        before, self.events = self.events, []
        took = [self.stop_one(p, grace) for p in processes if p.alive]
        self.now += max(took, default=0.0)
        if len(self.events) > 1:
            self.events = [["unordered", self.events]]
        self.events = before + self.events

    def stop_one(self, process: Process, grace: Grace) -> float:
        """Stop one process and return how many seconds it took."""
        if grace is BRUTAL:
            self.kill_below(process)
            self.die(process, Killed())
            return 0.0
        if process.core is not None:
            process.lane.append(Stop(Shutdown()))
            while process.alive:
                self.tell(process, process.lane.popleft())
            return 0.0
        if not process.script.get("trap"):
            self.die(process, Shutdown())
            return 0.0
        self.events.append(["terminating", process.name, process.number, "shutdown"])
        needs = process.script.get("term_ms", 0)
        limit = float("inf") if grace is FOREVER else grace
        assert isinstance(limit, float)
        seconds = float("inf") if needs == "never" else needs / 1000
        if seconds > limit:
            self.die(process, Killed())
            return limit
        reason = process.script.get("term_reason", "shutdown")
        self.die(process, reason_of(reason))
        return seconds


def core_of(supervisor: Process) -> Core:
    assert supervisor.core is not None
    return supervisor.core


def _forget_exit(process: Process) -> None:
    """The exit of one that was told to stop is taken by whoever told it."""
    assert process.parent is not None
    if process.parent.lane and isinstance(process.parent.lane[-1], Exited):
        process.parent.lane.pop()
