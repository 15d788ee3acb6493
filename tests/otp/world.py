"""A world without trio: processes as records, time as a number, the core deciding.

It runs a scenario of the corpus and says what happened, in the corpus's own words.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from actors.kernel import Shutdown
from supervision.calls import (
    CountChildren,
    Up,
    WhichChildren,
)
from supervision.events import (
    Called,
    Started,
    StartFailed,
    StartIgnored,
    Stop,
)
from tests.otp.processes import Asked, Process, Processes, core_of
from tests.otp.steps import call_of
from tests.otp.terms import (
    Json,
    Script,
    counts_term,
    exception_term,
    reason_of,
    row_term,
    supervisor_of,
)


class World(Processes):
    """A world for one scenario, and its trace."""

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

    def crash(self, step: Script) -> None:
        process = self.live.get(step["child"])
        if process is None:
            self.events.append(["noproc", step["child"]])
            return
        reason = reason_of(step["reason"])
        if process.core is not None:
            self.kill_below(process)
        self.die(process, reason)

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
