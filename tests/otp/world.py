"""A world without trio: processes as records, time as a number, the core deciding.

It runs a scenario of the corpus and says what happened, in the corpus's own words.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from attrs import frozen

from actors.kernel import ExitReason, Killed, Shutdown
from supervision.calls import (
    CountChildren,
    Counts,
    Up,
    WhichChildren,
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
from tests.otp.steps import call_of
from tests.otp.terms import (
    BrokenSupervisor,
    Json,
    Script,
    ScriptedSupervisor,
    ScriptedWorker,
    Told,
    answer_term,
    counts_term,
    exception_term,
    not_started_term,
    reason_of,
    refused_term,
    row_term,
    supervisor_of,
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


class World:
    """The processes of one scenario, and what happened to them."""

    def __init__(self) -> None:
        self.now = 0.0
        self.attempts: dict[str, int] = {}
        self.live: dict[str, Process] = {}
        self.last: dict[str, Process] = {}
        self.events: list[Json] = []
        self.orphans: list[Json] = []
        self.shown: dict[str, Any] = {}

    # --- a scenario -------------------------------------------------------------------

    def play(self, scenario: Script) -> list[Json]:
        """Run *scenario* and return its trace."""
        return [
            self.entry("start", partial(self.start_root, scenario["root"])),
            *(self.entry(s["op"], partial(self.step, s)) for s in scenario["steps"]),
            self.entry("final", self.finish),
        ]

    def entry(self, op: str, act: Callable[[], None]) -> Json:
        self.events, self.orphans = [], []
        act()
        self.settle()
        entry: dict[str, Json] = {"step": op, "events": self.events}
        events = self.events
        entry["tree"] = {
            process.name: self.snapshot(process)
            for process in list(self.live.values())
            if process.core is not None
        }
        self.events = events
        if self.orphans:
            entry["orphans"] = sorted(self.orphans)
        return entry

    def finish(self) -> None:
        root = self.live.get("root")
        if root is not None:
            root.lane.append(Stop(Shutdown()))

    def start_root(self, flags: Script) -> None:
        script = {"id": "root", "sup": flags, "start": flags.get("start", ["ok"])}
        outcome = self.start("root", 0, supervisor_of(flags, script), (), None)
        match outcome:
            case Started(incarnation=number):
                result: Json = {"ok": ["root", number]}
            case StartIgnored():
                result = "ignore"
            case StartFailed(exception=exception):
                result = {"error": exception_term(exception)}
            case _:
                raise AssertionError(outcome)
        self.events.append(["reply", "start_link", "root", None, result])

    def step(self, step: Script) -> None:
        match step:
            case {"op": "sleep", "ms": ms}:
                self.now += ms / 1000
            case {"op": "crash"}:
                self.crash(step)
            case {"op": "batch", "items": items}:
                self.to_supervisor(step, list(items))
            case _:
                self.to_supervisor(step, [step])

    def to_supervisor(self, step: Script, items: list[Script]) -> None:
        name = step.get("sup", "root")
        supervisor = self.live.get(name)
        if supervisor is None:
            self.events.append(["noproc", name])
            return
        for item in items:
            if item["op"] == "crash":
                self.crash(item)
            elif item["op"] == "stop":
                reason = reason_of(item.get("reason", "shutdown"))
                supervisor.lane.append(Stop(reason))
            else:
                pid = partial(self.pid, supervisor)
                arg, call = call_of(item, pid)
                asked = Asked(item["op"], name, arg)
                supervisor.lane.append(Called(call, asked))

    def pid(self, supervisor: Process, name: str) -> str | Up:
        process = self.last.get(name)
        if process is None:
            return name
        token = process.token if process.parent is supervisor else 0
        return Up(name, process.number, token)

    # --- deaths -----------------------------------------------------------------------

    def crash(self, step: Script) -> None:
        process = self.live.get(step["child"])
        if process is None:
            self.events.append(["noproc", step["child"]])
            return
        reason = reason_of(step["reason"])
        if process.core is not None:
            self.kill_below(process)
        self.die(process, reason)

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

    # --- looking ----------------------------------------------------------------------

    def snapshot(self, supervisor: Process) -> Json:
        dynamic = core_of(supervisor).is_dynamic
        self.tell(supervisor, Called(WhichChildren(), "children"))
        self.tell(supervisor, Called(CountChildren(), "count"))
        rows = [row_term(row, dynamic=dynamic) for row in self.shown["children"]]
        return {
            "children": [[name, state] for name, state, _ in rows],
            "count": counts_term(self.shown["count"]),
        }


def core_of(supervisor: Process) -> Core:
    assert supervisor.core is not None
    return supervisor.core


def _forget_exit(process: Process) -> None:
    """The exit of one that was told to stop is taken by whoever told it."""
    assert process.parent is not None
    if process.parent.lane and isinstance(process.parent.lane[-1], Exited):
        process.parent.lane.pop()
