"""The corpus speaks JSON about OTP; the supervisor speaks values. Both ways.

The format is that of the oracle: scenario in, trace out, one JSON object a line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias, assert_never

from attrs import field, frozen

from actors.kernel import (
    AnyActor,
    Crash,
    ExitReason,
    Killed,
    Normal,
    Shutdown,
)
from supervision.calls import (
    AlreadyStarted,
    Answer,
    ChildRow,
    ChildState,
    Counts,
    Done,
    Ignored,
    Refusal,
    SpecRefused,
    StartRefused,
    Up,
)
from supervision.faults import BadSpec, Fault
from supervision.specs import ChildSpec, Supervisor
from supervision.supervisor import ChildNotStarted, SupervisorActor
from supervision.values import (
    BRUTAL,
    DYNAMIC,
    FOREVER,
    AutoShutdown,
    Brutal,
    Forever,
    Grace,
    Restart,
    Strategy,
)

Json: TypeAlias = Any
Script: TypeAlias = Mapping[str, Json]

_STRATEGIES: Script = {s.value: s for s in Strategy} | {"simple_one_for_one": DYNAMIC}
_RESTARTS: Script = {r.value: r for r in Restart}
_AUTO: Script = {a.value: a for a in AutoShutdown}
_GRACES: Script = {"brutal_kill": BRUTAL, "infinity": FOREVER}
_TAGS = {
    "strategy": "invalid_strategy",
    "max_restarts": "invalid_intensity",
    "within": "invalid_period",
    "auto_shutdown": "invalid_auto_shutdown",
    "restart": "invalid_restart_type",
    "start": "invalid_child_type",
    "shutdown": "invalid_shutdown",
}
_FLAGS = ("strategy", "max_restarts", "within", "auto_shutdown")


class Told(Exception):
    """A fault whose OTP term the scenario has laid down."""

    def __init__(self, term: Json) -> None:
        super().__init__(term)
        self.term = term


class Stage(Protocol):
    """Where actors are made; the world without trio needs none."""

    def worker(self, script: Script) -> AnyActor: ...
    def supervisor(self, flags: ScriptedSupervisor) -> SupervisorActor: ...
    def broken(self, start: BrokenSupervisor) -> AnyActor: ...


@frozen(eq=False)
class ScriptedWorker:
    """What starts a worker."""

    script: Script
    stage: Stage | None = None

    def __call__(self, over: Script | None = None) -> AnyActor:
        assert self.stage is not None
        return self.stage.worker({**self.script, **(over or {})})


@frozen(eq=False)
class ScriptedSupervisor(Supervisor):
    """A supervisor with the script of its start."""

    script: Script = field(factory=dict)
    stage: Stage | None = None

    def actor(self) -> SupervisorActor:
        assert self.stage is not None
        return self.stage.supervisor(self)


@frozen(eq=False)
class BrokenSupervisor:
    """A supervisor whose flags or children are refused."""

    script: Script
    fault: Fault
    stage: Stage | None = None

    def __call__(self) -> AnyActor:
        assert self.stage is not None
        return self.stage.broken(self)


Startable: TypeAlias = ScriptedWorker | ScriptedSupervisor | BrokenSupervisor


# --- from JSON ------------------------------------------------------------------------


def child_of(script: Script, stage: Stage | None = None) -> ChildSpec:
    """Return the spec; invalid values go through as they are, to be refused."""
    restart = script.get("restart", "permanent")
    shutdown = script.get("shutdown")
    return ChildSpec(
        id=script.get("id"),  # type: ignore[arg-type]  # may be missing, on purpose
        start=startable(script, stage),  # type: ignore[arg-type]  # may be no such thing, on purpose
        restart=_RESTARTS.get(restart, restart),
        shutdown=None if shutdown is None else grace_of(shutdown),
        significant=script.get("significant", False),
    )


def startable(script: Script, stage: Stage | None) -> Startable | str:
    if script.get("type", "worker") not in ("worker", "supervisor"):
        return str(script["type"])
    if "sup" in script:
        return supervisor_of(script["sup"], script, stage)
    return ScriptedWorker(script, stage)


def supervisor_of(
    flags: Script, script: Script, stage: Stage | None = None
) -> ScriptedSupervisor | BrokenSupervisor:
    strategy = flags.get("strategy", "one_for_one")
    auto = flags.get("auto_shutdown", "never")
    try:
        return ScriptedSupervisor(
            strategy=_STRATEGIES.get(strategy, strategy),
            children=[child_of(child, stage) for child in flags.get("children", [])],
            max_restarts=flags.get("intensity", 1),
            within=flags.get("period", 5),
            auto_shutdown=_AUTO.get(auto, auto),
            script=script,
            stage=stage,
        )
    except BadSpec as refused:
        return BrokenSupervisor(script, refused.fault, stage)


def grace_of(term: Json) -> Grace:
    grace: Grace = term / 1000 if isinstance(term, int) else _GRACES.get(term, term)
    return grace


def reason_of(term: Json) -> ExitReason:
    match term:
        case "normal":
            return Normal()
        case "shutdown":
            return Shutdown()
        case {"shutdown": why}:
            return Shutdown(why)
        case "killed" | "kill":
            return Killed()
        case _:
            return Crash(Told(term))


# --- to JSON --------------------------------------------------------------------------


def term_of(reason: ExitReason) -> Json:
    match reason:
        case Normal():
            return "normal"
        case Shutdown(by=by) if not by or by.startswith("/"):
            # Told by the supervisor that lives at this path.
            return "shutdown"
        case Shutdown(by=why):
            return {"shutdown": why}
        case Crash(exception=Told() as told):
            return told.term
        case Killed():
            return "killed"
        case _:
            # OTP has no such end: shown as it is, it differs from whatever was recorded.
            return repr(reason)


def grace_term(grace: Grace) -> Json:
    match grace:
        case Brutal():
            return "brutal_kill"
        case Forever():
            return "infinity"
        case _:
            return round(grace * 1000)


def fault_term(fault: Fault) -> Json:
    """Return what OTP calls this fault of a child spec, or of a supervisor's flags."""
    match fault.field:
        case "id":
            return "missing_id"
        case "children":
            return {"bad_start_spec": fault.got}
        case "duplicate":
            return {"duplicate_child_name": fault.got}
        case "significant" if fault.got is True:
            where = {"auto_shutdown": "never"}
            if "PERMANENT" in fault.must:
                where = {"restart": "permanent"}
            return {"bad_combination": where | {"significant": True}}
        case "significant":
            return {"invalid_significant": fault.got}
        case "shutdown" if isinstance(fault.got, float):
            return {"invalid_shutdown": round(fault.got * 1000)}
        case name:
            return {_TAGS[name]: fault.got}


def refused_term(fault: Fault) -> Json:
    """Return what `start_link` says of a supervisor with this fault."""
    if fault.field in _FLAGS:
        return {"supervisor_data": fault_term(fault)}
    if fault.field == "children":
        return fault_term(fault)
    return {"start_spec": fault_term(fault)}


def exception_term(exception: BaseException) -> Json:
    match exception:
        case Told(term=term):
            return term
        case BadSpec(fault=fault):
            return refused_term(fault)
        case ChildNotStarted(child=child, exception=cause):
            return not_started_term(child, cause)
        case _:
            return repr(exception)


def not_started_term(child: str, cause: BaseException) -> Json:
    return {"shutdown": {"failed_to_start_child": [child, exception_term(cause)]}}


def state_term(row: ChildRow) -> Json:
    match row.state:
        case ChildState.RUNNING:
            return row.incarnation
        case ChildState.RESTARTING | ChildState.WAITING:
            return "restarting"
        case _:
            return None


def row_term(row: ChildRow, *, dynamic: bool) -> tuple[Json, Json, str]:
    state = state_term(row)
    # An instance that is being restarted has no process to name it by.
    name = None if dynamic and state == "restarting" else row.id
    return name, state, "supervisor" if row.is_supervisor else "worker"


def counts_term(counts: Counts) -> Json:
    return [counts.specs, counts.active, counts.supervisors, counts.workers]


def spec_term(spec: ChildSpec) -> Json:
    return {
        "restart": spec.restart.value,
        "shutdown": grace_term(spec.grace),
        "type": "supervisor" if spec.is_supervisor else "worker",
        "significant": spec.significant,
    }


def answer_term(answer: Answer, *, dynamic: bool) -> Json:
    match answer:
        case Up(id=name, incarnation=n):
            return {"ok": [name, n]}
        case Ignored():
            return {"ok": None}
        case Done():
            return "ok"
        case AlreadyStarted(running=up):
            return {"error": {"already_started": [up.id, up.incarnation]}}
        case StartRefused(exception=exception):
            return {"error": {"start": exception_term(exception)}}
        case SpecRefused(fault=fault):
            return {"error": {"spec": fault_term(fault)}}
        case Refusal.DYNAMIC:
            return {"error": "simple_one_for_one"}
        case Refusal():
            return {"error": answer.value}
        case ChildSpec():
            return {"ok": spec_term(answer)}
        case Counts():
            return counts_term(answer)
        case ChildRow():
            return {"ok": list(row_term(answer, dynamic=dynamic))}
        case tuple():
            return [list(row_term(row, dynamic=dynamic)) for row in answer]
        case _:
            assert_never(answer)
