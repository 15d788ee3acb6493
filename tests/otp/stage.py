"""The real shell on a virtual clock: real actors and mailboxes act out a scenario.

The supervisors are those of `supervision`; nothing in them knows of this. Subclasses
here write down when one begins and when it answers, a subclass of `System` when the
kernel declares somebody dead. Time moves only between steps and while something is busy.
"""

from __future__ import annotations

import trio
import trio.testing
from attrs import define, evolve, frozen

from actors.kernel import (
    IGNORE,
    Actor,
    ActorContext,
    AnyActor,
    Crash,
    ExitReason,
    Ignore,
    Incarnation,
    Query,
    Shutdown,
    System,
)
from supervision import (
    AlreadyStarted,
    ChildNotStarted,
    ChildRow,
    SupervisorActor,
    Up,
)
from supervision.calls import Call
from supervision.supervisor import SupervisorMessage
from tests.otp.terms import (
    BrokenSupervisor,
    Json,
    Script,
    ScriptedSupervisor,
    Told,
    answer_term,
    not_started_term,
    refused_term,
    term_of,
)

NOPROC = "noproc"
"""What is said of a call whose supervisor died before it had an answer."""
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
        super().__init__(ctx._living())
        self._supervisor = supervisor

    def answer(self, question: Query[object], answer: object) -> None:  # type: ignore[override]  # hears all kinds
        self._supervisor.stage.answered(self._supervisor, question, answer)
        super().answer(question, answer)


@define(eq=False)
class Asked:
    """A call of the scenario; what it was answered, and what the asker got of it."""

    op: str
    supervisor: str
    arg: Json
    life: Incarnation
    call: Call
    said: object = None
    heard: object = None


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
        life = ctx._living()
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
            asked.said = NOPROC
            self.reply(asked, {"error": NOPROC})

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
                asked.said = answer
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
