"""Takes the real shell through a scenario on a virtual clock, and keeps its trace.

Time moves only in steps that say so and while something is busy.
"""

from __future__ import annotations

import logging
from functools import partial
from math import inf

import structlog
import trio
import trio.testing

from actors.kernel import (
    ActorDown,
    Incarnation,
    Shutdown,
    StartFailed,
    StartupFailed,
    System,
)
from supervision import (
    ChildRow,
    CountChildren,
    SupervisorActor,
    Up,
)
from supervision.calls import Counts, WhichChildren
from tests.otp.stage import (
    NOPROC,
    ActedStage,
    ActedSupervisor,
    ActedWorker,
    Asked,
    Die,
    StagedSystem,
)
from tests.otp.steps import call_of
from tests.otp.terms import (
    Json,
    Script,
    ScriptedSupervisor,
    counts_term,
    exception_term,
    reason_of,
    row_term,
    supervisor_of,
)

TICK = 0.005
SILENT = structlog.make_filtering_bound_logger(logging.CRITICAL)


class Director:
    """Takes the steps of a scenario one by one."""

    def __init__(
        self,
        stage: ActedStage,
        system: System,
        nursery: trio.Nursery,
        clock: trio.testing.MockClock,
    ) -> None:
        self.stage = stage
        self.system = system
        self.nursery = nursery
        self.clock = clock
        self.asked: list[Asked] = []

    def root_did_not_start(self, failed: StartupFailed) -> None:
        result: Json = "ignore"
        if isinstance(failed.reason, StartFailed):
            result = {"error": exception_term(failed.reason.exception)}
        self.stage.events.append(["reply", "start_link", "root", None, result])

    async def direct(self, scenario: Script) -> list[Json]:
        trace = [await self.entry("start")]
        for step in scenario["steps"]:
            await self.step(step)
            trace.append(await self.entry(step["op"]))
        if "root" in self.stage.live:
            self.stage.live["root"].request_stop(Shutdown())
        trace.append(await self.entry("final"))
        return trace

    async def entry(self, op: str) -> Json:
        await self.quiet()
        stage = self.stage
        for asked in self.asked:
            # Whatever the supervisor said: it has to arrive, and nobody is left waiting.
            if asked.heard != asked.said:
                stage.events.append(["heard", asked.op, asked.said, asked.heard])
        self.asked.clear()
        entry: dict[str, Json] = {"step": op, "events": stage.events}
        if stage.orphans:
            entry["orphans"] = sorted(stage.orphans)
        entry["tree"] = {
            name: await self.look(life)
            for name, life in list(stage.live.items())
            if isinstance(life.actor, ActedSupervisor)
        }
        stage.events, stage.orphans = [], []
        stage.victims.clear()
        return entry

    async def quiet(self) -> None:
        """Let time pass until nobody does anything by himself."""
        while True:
            await trio.testing.wait_all_tasks_blocked()
            supervisors = [
                life
                for life in self.stage.live.values()
                if isinstance(life.actor, ActedSupervisor)
            ]
            if not any(life.in_hand or life.cell.depth for life in supervisors):
                return
            self.clock.jump(TICK)

    async def look(self, life: Incarnation) -> Json:
        actor = life.actor
        assert isinstance(actor, ActedSupervisor)
        address = self.system.find(life.cell.path, SupervisorActor)
        rows = await address.ask(WhichChildren(), within=1)
        counts: Counts = await address.ask(CountChildren(), within=1)
        renumbered: list[ChildRow] = [self.stage.renumbered(row) for row in rows]  # type: ignore[misc]  # a row stays one
        terms = [row_term(row, dynamic=actor.is_dynamic) for row in renumbered]
        return {
            "children": [[name, state] for name, state, _ in terms],
            "count": counts_term(counts),
        }

    # --- steps ------------------------------------------------------------------------

    async def step(self, step: Script) -> None:
        match step:
            case {"op": "sleep", "ms": ms}:
                self.clock.jump(ms / 1000)
            case {"op": "crash"}:
                await self.crash(step)
            case _:
                await self.to_supervisor(step)

    async def to_supervisor(self, step: Script) -> None:
        name = step.get("sup", "root")
        life = self.stage.live.get(name)
        if life is None:
            self.stage.events.append(["noproc", name])
            return
        if step["op"] != "batch":
            await self.item(name, life, step)
            return
        await self.system.suspend(life.cell.address)
        for item in step["items"]:
            await self.item(name, life, item)
        self.system.resume(life.cell.address)

    async def item(self, name: str, life: Incarnation, item: Script) -> None:
        if item["op"] == "crash":
            await self.crash(item)
        elif item["op"] == "stop":
            life.request_stop(reason_of(item.get("reason", "shutdown")))
        else:
            pid = partial(self.pid, life)
            arg, call = call_of(item, pid, self.stage)
            asked = Asked(item["op"], name, arg, life, call)
            self.asked.append(asked)
            self.stage.open.append(asked)
            self.nursery.start_soon(self.ask, asked)
            await trio.testing.wait_all_tasks_blocked()

    async def ask(self, asked: Asked) -> None:
        address = self.system.find(asked.life.cell.path, SupervisorActor)
        try:
            asked.heard = await address.ask(asked.call, within=1e6)
        except ActorDown:
            asked.heard = NOPROC

    def pid(self, life: Incarnation, name: str) -> str | Up:
        number = self.stage.last.get(name)
        if number is None:
            return name
        assert isinstance(life.actor, ActedSupervisor)
        return life.actor.pid(name, number)

    async def crash(self, step: Script) -> None:
        stage = self.stage
        life = stage.live.get(step["child"])
        if life is None:
            stage.events.append(["noproc", step["child"]])
            return
        actor = life.actor
        assert isinstance(actor, ActedWorker | ActedSupervisor)
        stage.victims.add((actor.name, actor.number))
        if step["reason"] == "kill":
            life.kill()
        else:
            self.system.find(life.cell.path, ActedWorker).tell(
                Die(reason_of(step["reason"]))
            )
        await life.ended()


def play(scenario: Script) -> list[Json]:
    """Act *scenario* out on a virtual clock and return its trace."""
    clock = trio.testing.MockClock()
    return trio.run(partial(_play, scenario, clock), clock=clock)


async def _play(scenario: Script, clock: trio.testing.MockClock) -> list[Json]:
    stage = ActedStage()
    flags = scenario["root"]
    script = {"id": "root", "sup": flags, "start": flags.get("start", ["ok"])}
    root = supervisor_of(flags, script, stage)
    factory = root.actor if isinstance(root, ScriptedSupervisor) else root
    system = StagedSystem(factory)
    system.stage = stage
    system.log = structlog.wrap_logger(None, wrapper_class=SILENT)
    async with trio.open_nursery() as nursery:
        director = Director(stage, system, nursery, clock)
        # A root that does not come up may have to wait for children to stop.
        clock.autojump_threshold = 0
        try:
            await system.__aenter__()
        except StartupFailed as failed:
            director.root_did_not_start(failed)
            return await director.direct(scenario)
        finally:
            clock.autojump_threshold = inf
        stage.events.append(["reply", "start_link", "root", None, {"ok": ["root", 1]}])
        trace = await director.direct(scenario)
        await system.__aexit__(None, None, None)
    return trace
