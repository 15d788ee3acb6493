"""How a supervisor's core answers calls. OTP's answers, see `calls`."""

from __future__ import annotations

from typing import assert_never

from supervision import fate, transitions
from supervision.calls import (
    AlreadyStarted,
    Call,
    ChildKey,
    ChildRow,
    ChildState,
    CountChildren,
    Counts,
    DeleteChild,
    Done,
    GetChildSpec,
    Refusal,
    RestartChild,
    RestartNow,
    SpecRefused,
    StartChild,
    TerminateChild,
    Up,
    WhichChild,
    WhichChildren,
)
from supervision.events import DropTimer, Forget, Reply, ReplyCounts
from supervision.faults import Fault
from supervision.specs import ChildSpec, Instance, child_fault, instance_fault
from supervision.state import Child, Core, Job, JobKind, Turn


def answer(turn: Turn, call: Call, ref: object) -> None:
    """Answer *call*: at once, or at the end of the transition that it begins."""
    core, out = turn.core, turn.out
    match call:
        case StartChild(child):
            _start(turn, child, ref)
        case TerminateChild(key):
            found = _named(core, key)
            if isinstance(found, Child):
                transitions.end(turn, found, ref)
            else:
                out.append(Reply(ref, found))
        case RestartChild(child_id):
            _restart(turn, child_id, ref)
        case DeleteChild(child_id):
            _delete(turn, child_id, ref)
        case RestartNow(child_id):
            _restart_now(turn, child_id, ref)
        case GetChildSpec(child_id):
            out.append(Reply(ref, _spec(core, child_id)))
        case WhichChildren():
            rows = tuple(_row(turn, c) for c in reversed(core.children.values()))
            out.append(Reply(ref, rows))
        case WhichChild(key):
            out.append(Reply(ref, _one(turn, key)))
        case CountChildren():
            _count(turn, ref)
        case _:
            assert_never(call)


def _start(turn: Turn, wanted: ChildSpec | Instance, ref: object) -> None:
    core = turn.core
    fault = _fault(core, wanted)
    if fault is not None:
        turn.out.append(Reply(ref, SpecRefused(fault)))
        return
    known = core.children.get(wanted.id)
    if known is not None:
        runs = known.state is ChildState.RUNNING
        refusal = AlreadyStarted(known.up) if runs else Refusal.ALREADY_PRESENT
        turn.out.append(Reply(ref, refusal))
        return
    if isinstance(wanted, Instance):
        child = core.add(wanted.id, core.flags.children[0])
        child.args = wanted.args
    else:
        child = core.add(wanted.id, wanted)
        transitions.doubt(turn, wanted)
    _begin_start(turn, JobKind.ADD, child, ref)


def _fault(core: Core, wanted: ChildSpec | Instance) -> Fault | None:
    if core.is_dynamic:
        if isinstance(wanted, Instance):
            return instance_fault(wanted)
        return Fault("child", "must be an Instance for this supervisor", wanted)
    if isinstance(wanted, ChildSpec):
        return child_fault(wanted, core.flags)
    return Fault("child", "must be a ChildSpec for this supervisor", wanted)


def _begin_start(turn: Turn, kind: JobKind, child: Child, ref: object) -> None:
    job = Job(kind, child)
    job.ref = ref
    job.starts.append(child)
    transitions.begin(turn, job)


def _named(core: Core, key: ChildKey) -> Child | Done | Refusal:
    if not core.is_dynamic:
        return core.find(key) or Refusal.NOT_FOUND
    if not isinstance(key, Instance | Up):
        return Refusal.DYNAMIC
    child = core.find(key.id)
    if isinstance(key, Up):
        # That very incarnation is what was meant: if it is gone, there is nothing to do.
        return child if child is not None and child.token == key.token else Done()
    return child or Refusal.NOT_FOUND


def _one(turn: Turn, key: ChildKey) -> ChildRow | Refusal:
    found = _named(turn.core, key)
    if isinstance(found, Child):
        return _row(turn, found)
    # Terminating who is gone is done; showing him is not possible.
    return Refusal.NOT_FOUND if isinstance(found, Done) else found


def _idle(core: Core, child_id: str) -> Child | Refusal:
    """Return the child of that id if nothing runs and nothing is under way there."""
    if core.is_dynamic:
        return Refusal.DYNAMIC
    child = core.find(child_id)
    if child is None:
        return Refusal.NOT_FOUND
    if child.state is ChildState.RUNNING:
        return Refusal.RUNNING
    if child.state in (ChildState.RESTARTING, ChildState.WAITING):
        return Refusal.RESTARTING
    return child


def _restart(turn: Turn, child_id: str, ref: object) -> None:
    child = _idle(turn.core, child_id)
    if isinstance(child, Refusal):
        turn.out.append(Reply(ref, child))
        return
    turn.core.set_state(child, ChildState.DOWN)
    # A person took care of it: what went wrong before does not count.
    child.streak = 0
    _begin_start(turn, JobKind.REVIVE, child, ref)


def _delete(turn: Turn, child_id: str, ref: object) -> None:
    child = _idle(turn.core, child_id)
    if isinstance(child, Refusal):
        turn.out.append(Reply(ref, child))
        return
    turn.core.remove(child)
    turn.out.append(Forget(child.id, transitions.DELETED))
    turn.out.append(Reply(ref, Done()))


def _restart_now(turn: Turn, child_id: str, ref: object) -> None:
    core = turn.core
    child = core.find(child_id)
    if child is not None and child.state is ChildState.HELD:
        child = core.leader
    if child is None:
        turn.out.append(Reply(ref, Refusal.NOT_FOUND))
    elif child.state is ChildState.RUNNING:
        turn.out.append(Reply(ref, Refusal.RUNNING))
    elif child.state is ChildState.RESTARTING:
        turn.out.append(Reply(ref, Refusal.RESTARTING))
    elif child.state is not ChildState.WAITING:
        turn.out.append(Reply(ref, Refusal.NOT_WAITING))
    else:
        turn.out += (DropTimer(child.generation), Reply(ref, Done()))
        fate.wake(turn, child)


def _spec(core: Core, child_id: str) -> ChildSpec | Refusal:
    if core.is_dynamic:
        template = core.flags.children[0]
        known = child_id == template.id or core.find(child_id) is not None
        return template if known else Refusal.NOT_FOUND
    child = core.find(child_id)
    return Refusal.NOT_FOUND if child is None else child.spec


def _row(turn: Turn, child: Child) -> ChildRow:
    sleeper = child
    if child.state is ChildState.HELD:
        assert turn.core.leader is not None
        sleeper = turn.core.leader
    sleeps = sleeper.state is ChildState.WAITING
    return ChildRow(
        id=child.id,
        state=child.state,
        incarnation=child.incarnation,
        is_supervisor=child.spec.is_supervisor,
        seconds_left=max(0.0, sleeper.until - turn.now) if sleeps else None,
        why=child.why,
    )


def _count(turn: Turn, ref: object) -> None:
    core = turn.core
    children = len(core.children)
    supervisors = core.supervisors
    workers = children - supervisors
    if core.is_dynamic:
        # OTP counts what it believes here, and looks at the processes below.
        counts = Counts(1, core.active, supervisors, workers)
        turn.out.append(Reply(ref, counts))
    else:
        counts = Counts(children, core.active, supervisors, workers)
        turn.out.append(ReplyCounts(ref, counts))
