"""The real shell on a virtual clock: real actors and mailboxes act out a scenario.

The supervisors are those of `supervision`; nothing in them knows of this. Subclasses
here write down when one begins and when it answers, a subclass of `System` when the
kernel declares somebody dead. Time moves only between steps and while something is busy.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from functools import partial

import structlog
import trio
import trio.testing
from attrs import evolve, frozen

from actors.kernel import (
    IGNORE,
    Actor,
    ActorContext,
    ActorError,
    AnyActor,
    Crash,
    ExitReason,
    Ignore,
    Incarnation,
    Query,
    Shutdown,
    StartFailed,
    StartupFailed,
    System,
)
from supervision import (
    AlreadyStarted,
    ChildNotStarted,
    ChildRow,
    CountChildren,
    SupervisorActor,
    Up,
)
from supervision.calls import Call, Counts, WhichChildren
from supervision.supervisor import SupervisorMessage
from tests.otp.steps import call_of
from tests.otp.terms import (
    BrokenSupervisor,
    Json,
    Script,
    ScriptedSupervisor,
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

TICK = 0.005
SILENT = structlog.make_filtering_bound_logger(logging.CRITICAL)
FAILURES = {"error": "start_error", "crash": "init_crash", "raise": "start_raise"}


@frozen
class Die:
    """To a worker: end so."""

    reason: ExitReason


class Part:
    """Who is who: the name and the number of an actor in the trace."""

    name = ""
    number = 0
    last_word: Json = None
    """The reason it claims to have stopped with; the kernel knows only what was asked."""


class ActedWorker(Actor[Die], Part):
    """A worker that follows its script."""

    def __init__(self, stage: ActedStage, script: Script) -> None:
        self.stage = stage
        self.script = script

    async def start(self, ctx: ActorContext) -> Ignore | None:
        how = self.stage.attempt(self, ctx, self.script)
        if how == "ignore":
            return IGNORE
        self.stage.started(self, ctx)
        return None

    async def handle(self, ctx: ActorContext, message: Die) -> None:
        if isinstance(message.reason, Crash):
            raise message.reason.exception
        ctx.stop(message.reason)

    async def stop(self, ctx: ActorContext, reason: ExitReason) -> None:
        asked = isinstance(reason, Shutdown) and reason.by.startswith("/")
        if not asked or not self.script.get("trap"):
            return
        self.stage.events.append(["terminating", self.name, self.number, "shutdown"])
        needs = self.script.get("term_ms", 0)
        await trio.sleep(1e9 if needs == "never" else needs / 1000)
        self.last_word = self.script.get("term_reason")


class ActedSupervisor(SupervisorActor, Part):
    """A real supervisor whose start is scripted, and whose answers are written down."""

    def __init__(self, stage: ActedStage, flags: ScriptedSupervisor) -> None:
        super().__init__(flags)
        self.stage = stage
        self.script = flags.script

    async def start(self, ctx: ActorContext) -> Ignore | None:
        how = self.stage.attempt(self, ctx, self.script)
        if how == "ignore":
            return IGNORE
        self.stage.events.append(["init", self.name, self.number])
        try:
            await super().start(ctx)
        except ChildNotStarted as failed:
            term = not_started_term(failed.child, failed.exception)
            self.stage.failed(self, term)
            raise
        self.stage.started(self, ctx)
        return None

    async def handle(self, ctx: ActorContext, message: SupervisorMessage) -> None:
        await super().handle(Overheard(ctx, self), message)

    @property
    def is_dynamic(self) -> bool:
        return self._core.is_dynamic

    def pid(self, name: str, number: int) -> Up:
        child = self._core.children.get(name)
        theirs = child is not None and child.incarnation == number
        return Up(name, number, child.token if child is not None and theirs else 0)


class BrokenActor(Actor[Die], Part):
    """A supervisor whose spec is refused when it begins."""

    def __init__(self, stage: ActedStage, spec: BrokenSupervisor) -> None:
        self.stage = stage
        self.spec = spec

    async def start(self, ctx: ActorContext) -> Ignore | None:
        how = self.stage.attempt(self, ctx, self.spec.script)
        if how == "ignore":
            return IGNORE
        self.stage.events.append(["init", self.name, self.number])
        term = refused_term(self.spec.fault)
        self.stage.failed(self, term)
        raise Told(term)


class Overheard(ActorContext):
    """The context of a supervisor; its answers are heard as it gives them."""

    __slots__ = ("_supervisor",)

    def __init__(self, ctx: ActorContext, supervisor: ActedSupervisor) -> None:
        super().__init__(ctx._incarnation)
        self._supervisor = supervisor

    def answer(self, question: Query[object], answer: object) -> None:  # type: ignore[override]  # hears all kinds
        self._supervisor.stage.answered(self._supervisor, question, answer)
        super().answer(question, answer)


@frozen(eq=False)
class Asked:
    """A call of the scenario that is not answered yet."""

    op: str
    supervisor: str
    arg: Json
    life: Incarnation
    call: Call


class StagedSystem(System):
    """A system that writes down who dies."""

    stage: ActedStage

    def incarnation_ended(self, incarnation: object) -> None:
        assert isinstance(incarnation, Incarnation)
        if incarnation.up:
            self.stage.died(incarnation)
        super().incarnation_ended(incarnation)


class ActedStage:
    """One scenario, acted out."""

    def __init__(self) -> None:
        self.events: list[Json] = []
        self.orphans: list[Json] = []
        self.attempts: dict[str, int] = {}
        self.numbers: dict[tuple[str, int], int] = {}
        self.last: dict[str, int] = {}
        self.live: dict[str, Incarnation] = {}
        self.open: list[Asked] = []
        self.parents: dict[str, str] = {}
        self.victims: set[tuple[str, int]] = set()

    # --- making actors ----------------------------------------------------------------

    def worker(self, script: Script) -> AnyActor:
        return ActedWorker(self, script)

    def supervisor(self, flags: ScriptedSupervisor) -> SupervisorActor:
        return ActedSupervisor(self, flags)

    def broken(self, start: BrokenSupervisor) -> AnyActor:
        return BrokenActor(self, start)

    # --- what is written down ---------------------------------------------------------

    def attempt(self, actor: Part, ctx: ActorContext, script: Script) -> str:
        """Count the attempt; return `ok` or `ignore`, or fail as planned."""
        actor.name = name = ctx.path.rsplit("/", 1)[1] or "root"
        actor.number = number = self.attempts[name] = self.attempts.get(name, 0) + 1
        plan = script.get("start", ["ok"])
        how: str = plan[min(number, len(plan)) - 1]
        if how == "ignore":
            self.events.append(["ignore", name, number])
        if how in FAILURES:
            self.failed(actor, FAILURES[how])
            raise Told(FAILURES[how])
        return how

    def failed(self, actor: Part, term: Json) -> None:
        self.events.append(["start_fail", actor.name, actor.number, term])

    def started(self, actor: Part, ctx: ActorContext) -> None:
        life = ctx._incarnation
        self.live[actor.name] = life
        self.numbers[actor.name, life.number] = actor.number
        self.last[actor.name] = life.number
        above = life.cell.parent
        self.parents[actor.name] = above.path.rsplit("/", 1)[1] if above else ""
        self.events.append(["start", actor.name, actor.number])

    def died(self, life: Incarnation) -> None:
        actor = life.actor
        assert isinstance(actor, ActedWorker | ActedSupervisor)
        self.live.pop(actor.name, None)
        above = life.cell.parent.incarnation if life.cell.parent is not None else None
        if above is not None and above.killed:
            self.orphans.append([actor.name, actor.number])
            return
        assert life.reason is not None
        term = term_of(life.reason)
        if term == "shutdown" and actor.last_word is not None:
            term = actor.last_word
        if isinstance(actor, ActedSupervisor) and actor.is_dynamic:
            self.bag(life, actor)
        self.events.append(["stop", actor.name, actor.number, term])
        for asked in [asked for asked in self.open if asked.life is life]:
            self.open.remove(asked)
            self.reply(asked, {"error": "noproc"})

    def bag(self, life: Incarnation, supervisor: ActedSupervisor) -> None:
        """Bag the ends of the instances just before the end of their supervisor."""
        mine = supervisor.name if supervisor.name != "root" else ""
        run: list[Json] = []
        while self.events:
            kind, name, *rest = self.events[-1]
            if kind not in ("stop", "terminating") or self.parents.get(name) != mine:
                break
            if (name, rest[0]) in self.victims:
                break
            run.append(self.events.pop())
        self.events += [["unordered", run]] if len(run) > 1 else run

    def answered(
        self, supervisor: ActedSupervisor, question: object, answer: object
    ) -> None:
        for asked in self.open:
            if asked.call is question:
                self.open.remove(asked)
                numbered = self.renumbered(answer)
                term = answer_term(numbered, dynamic=supervisor.is_dynamic)  # type: ignore[arg-type]  # it is what the core answered
                self.reply(asked, term)
                return

    def renumbered(self, answer: object) -> object:
        """A cell counts its own lives; the trace counts what was ever tried of an id."""
        match answer:
            case (
                Up(id=name, incarnation=number) | ChildRow(id=name, incarnation=number)
            ):
                return evolve(answer, incarnation=self.numbers.get((name, number), 0))
            case AlreadyStarted(running=up):
                running = self.renumbered(up)
                return evolve(answer, running=running)  # type: ignore[arg-type]  # an Up stays one
            case tuple():
                return tuple(map(self.renumbered, answer))
            case _:
                return answer

    def reply(self, asked: Asked, result: Json) -> None:
        self.events.append(["reply", asked.op, asked.supervisor, asked.arg, result])


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
        try:
            await system.__aenter__()
        except StartupFailed as failed:
            director.root_did_not_start(failed)
            return await director.direct(scenario)
        stage.events.append(["reply", "start_link", "root", None, {"ok": ["root", 1]}])
        trace = await director.direct(scenario)
        await system.__aexit__(None, None, None)
    return trace


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
            self.stage.open.append(Asked(item["op"], name, arg, life, call))
            self.nursery.start_soon(self.ask, life, call)
            await trio.testing.wait_all_tasks_blocked()

    async def ask(self, life: Incarnation, call: Call) -> None:
        address = self.system.find(life.cell.path, SupervisorActor)
        # If it dies instead of answering, that is written down at its death.
        with suppress(ActorError):
            await address.ask(call, within=1e6)

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
