"""Stopping and starting in order: what a supervisor is in the middle of.

A transition (`Job`) halts children one by one, the last started first, then starts
children one by one, then ends. Each halt and each start is the last action that `decide`
returns; the shell performs it and tells its outcome, and that is what the transition goes
on with. Nothing from the supervisor's queue is decided in between.
"""

from __future__ import annotations

from typing import assert_never

from actors.kernel import ExitReason, NeedsOperator, Normal, Shutdown, leaves, shown
from actors.kernel import StartFailed as NeverUp
from supervision import fate
from supervision.calls import ChildState, Done, Ignored, StartRefused
from supervision.events import (
    Booted,
    BootFailed,
    ChildEnded,
    Doubtful,
    Exit,
    Forget,
    Halt,
    Halted,
    Look,
    OperatorNeeded,
    Outcome,
    PostRetry,
    Reply,
    Rest,
    Restarted,
    RestartFailed,
    Seen,
    Start,
    Started,
    StartFailed,
    StartIgnored,
)
from supervision.exits import is_clean, is_restarted
from supervision.specs import ChildSpec, caution
from supervision.state import Child, Job, JobKind, Turn
from supervision.values import TEMPORARY

TERMINATED = Shutdown("terminate_child")
DELETED = Shutdown("delete_child")


def boot(turn: Turn) -> None:
    """Start the children of the spec, in order. A DYNAMIC supervisor has none yet."""
    core = turn.core
    job = Job(JobKind.BOOT)
    for spec in core.flags.children:
        doubt(turn, spec)
    if not core.is_dynamic:
        job.starts = [core.add(spec.id, spec) for spec in core.flags.children]
        job.starts.reverse()
    begin(turn, job)


def doubt(turn: Turn, spec: ChildSpec) -> None:
    """Have a warning logged if *spec* is allowed and hardly meant."""
    why = caution(spec)
    if why:
        turn.out.append(Doubtful(spec.id, why))


def begin(turn: Turn, job: Job) -> None:
    """Make *job* what is under way, and do its first step."""
    turn.core.job = job
    _go_on(turn, job)


def outcome(turn: Turn, event: Outcome) -> None:
    """Go on with the transition, now that its last action has an outcome."""
    job = turn.core.job
    assert job is not None, f"no action waits for an outcome (got {event!r})"
    match event:
        case Started(token, incarnation):
            _started(turn, job, token, incarnation)
        case StartIgnored():
            _ignored(turn, job)
        case StartFailed(_, exception):
            _failed(turn, job, exception)
        case Halted():
            _halted(turn, job)
        case Seen(ended):
            _seen(turn, job, ended)
        case _:
            assert_never(event)


def lay_down(turn: Turn, child: Child) -> None:
    """Note that *child*, which ran, is down; if its run was stable, its streak is over."""
    backoff = child.spec.backoff
    if backoff is not None and turn.now - child.up_since >= backoff.reset_after:
        child.streak = 0
    turn.core.set_state(child, ChildState.DOWN)


def wait_for_operator(turn: Turn, child: Child, needed: NeedsOperator) -> None:
    """*child* stays down until a person did something; a group restart leaves it out."""
    child.why = needed.why
    turn.core.set_state(child, ChildState.NEEDS_OPERATOR)
    turn.out.append(Rest(child.id, needed))


def _go_on(turn: Turn, job: Job) -> None:
    if job.halts:
        child = job.current = job.halts.pop()
        turn.out.append(Halt(child.id, child.token, child.spec.grace))
    elif job.starts:
        if job.fresh:
            fresh = tuple((child.id, child.token) for child in job.fresh)
            turn.out.append(Look(fresh))
        else:
            _start_next(turn, job)
    else:
        turn.core.job = None
        _finish(turn, job)


def _start_next(turn: Turn, job: Job) -> None:
    child = job.current = job.starts.pop()
    token = turn.core.next_token()
    watched = job.fresh is not None
    turn.out.append(Start(child.id, token, child.spec, child.args, watched))


def _finish(turn: Turn, job: Job) -> None:
    core, out = turn.core, turn.out
    match job.kind:
        case JobKind.BOOT:
            out.append(Booted())
        case JobKind.UNDO:
            assert job.child is not None
            assert job.exception is not None
            core.closed = True
            out.append(BootFailed(job.child.id, job.exception))
        case JobKind.SLEEP:
            fate.fall_asleep(turn, job)
        case JobKind.END:
            out.append(Reply(job.ref, Done()))
        case JobKind.CLOSE:
            assert core.closing is not None
            core.closed = True
            out.append(Exit(core.closing))
        case JobKind.ADD | JobKind.REVIVE | JobKind.RESTART:
            pass
        case _:
            assert_never(job.kind)


# --- what came of a start -------------------------------------------------------------


def _started(turn: Turn, job: Job, token: int, incarnation: int) -> None:
    child = job.current
    assert child is not None
    child.token = token
    child.incarnation = incarnation
    if child.spec.backoff is not None:
        child.up_since = turn.now
    child.why = ""
    if child.spec.restart is TEMPORARY:
        # It never starts again: whatever it was made from may go.
        child.args = ()
    turn.core.set_state(child, ChildState.RUNNING)
    if job.kind is JobKind.RESTART:
        turn.out.append(Restarted(child.id, incarnation, child.streak))
        if job.fresh is not None:
            job.fresh.append(child)
    elif job.kind is not JobKind.BOOT:
        turn.out.append(Reply(job.ref, child.up))
    _go_on(turn, job)


def _ignored(turn: Turn, job: Job) -> None:
    """Go on after a `start` that returned `IGNORE`: the child is down without a fault.

    One that would never be restarted anyway is forgotten.
    """
    child = job.current
    assert child is not None
    _rest(turn, child, Normal(), forget=turn.core.is_dynamic)
    if job.kind in (JobKind.ADD, JobKind.REVIVE):
        turn.out.append(Reply(job.ref, Ignored()))
    _go_on(turn, job)


def _failed(turn: Turn, job: Job, exception: BaseException) -> None:
    child = job.current
    assert child is not None
    needed = _operator_needed(exception)
    match job.kind:
        case JobKind.ADD:
            _rest(turn, child, Shutdown(), forget=True)
            turn.out.append(Reply(job.ref, StartRefused(exception)))
            _go_on(turn, job)
        case JobKind.REVIVE:
            if needed is not None:
                _needs_operator(turn, child, needed)
            elif not fate.hold(turn, child):
                _rest(turn, child, NeverUp(exception))
            turn.out.append(Reply(job.ref, StartRefused(exception)))
            _go_on(turn, job)
        case _:
            if needed is not None:
                _needs_operator(turn, child, needed)
                _go_on(turn, job)
            elif job.kind is JobKind.BOOT:
                _undo(turn, child, exception)
            else:
                _try_again(turn, child, exception)


def _operator_needed(exception: BaseException) -> NeedsOperator | None:
    for leaf in leaves(exception):
        if isinstance(leaf, NeedsOperator):
            return leaf
    return None


def _needs_operator(turn: Turn, child: Child, needed: NeedsOperator) -> None:
    turn.out.append(OperatorNeeded(child.id, needed.why))
    if child.spec.restart is TEMPORARY:
        _rest(turn, child, needed)
    else:
        wait_for_operator(turn, child, needed)


def _undo(turn: Turn, child: Child, exception: BaseException) -> None:
    """Stop those that are up, since *child* did not come up: the supervisor does not boot."""
    job = Job(JobKind.UNDO, child)
    job.exception = exception
    everyone = turn.core.children.values()
    job.halts = [other for other in everyone if other.state is ChildState.RUNNING]
    begin(turn, job)


def _try_again(turn: Turn, child: Child, exception: BaseException) -> None:
    """End the transition in which the restart of *child* failed, and try that again.

    Those that were to start after it stay down until the retry succeeds.
    """
    core = turn.core
    assert core.job is not None
    left, core.job = core.job.starts, None
    turn.out.append(RestartFailed(child.id, exception))
    if child.spec.backoff is not None:
        fate.fail(turn, child, shown(exception))
        return
    child.why = shown(exception)
    child.generation = core.next_generation()
    core.set_state(child, ChildState.RESTARTING)
    core.stranded = left
    turn.out.append(PostRetry(child.id, child.generation))


# --- what came of a halt --------------------------------------------------------------


def _halted(turn: Turn, job: Job) -> None:
    child = job.current
    if child is None:
        job.halts.clear()  # all at once: this was the last
    else:
        lay_down(turn, child)
        _after_halt(turn, job, child)
    _go_on(turn, job)


def _after_halt(turn: Turn, job: Job, child: Child) -> None:
    match job.kind:
        case JobKind.END:
            _rest(turn, child, TERMINATED, forget=turn.core.is_dynamic)
        case JobKind.RESTART | JobKind.SLEEP:
            if child.spec.restart is TEMPORARY:
                _rest(turn, child, Shutdown())
        case _:
            pass


def _rest(
    turn: Turn, child: Child, reason: ExitReason, *, forget: bool = False
) -> None:
    """Let *child* stay down for *reason*, or forget it: no TEMPORARY one is kept."""
    if forget or child.spec.restart is TEMPORARY:
        turn.core.remove(child)
        turn.out.append(Forget(child.id, reason))
    else:
        turn.out.append(Rest(child.id, reason))


def end(turn: Turn, child: Child, ref: object) -> None:
    """Terminate *child* on request, whatever it is doing, and answer *ref*."""
    job = Job(JobKind.END, child)
    job.ref = ref
    if child.state is ChildState.RUNNING:
        job.halts.append(child)
    else:
        retries = child.state is ChildState.RESTARTING
        fate.calm(turn, child)
        if child is turn.core.leader:
            fate.release_group(turn, TERMINATED)
        elif retries:
            fate.release_stranded(turn, TERMINATED)
        _rest(turn, child, TERMINATED, forget=turn.core.is_dynamic)
    begin(turn, job)


# --- an early death in a group that just slept ----------------------------------------


def _seen(turn: Turn, job: Job, ended: tuple[tuple[int, ExitReason], ...]) -> None:
    """Go on, unless a child that this very transition has started is dead already."""
    fallen = dict(ended)
    for child in job.fresh or ():
        reason = fallen.get(child.token)
        if reason is not None and is_restarted(child.spec.restart, reason):
            turn.out.append(
                ChildEnded(
                    child.id, child.incarnation, reason, True, child.spec.counted
                )
            )
            lay_down(turn, child)
            fate.fail(turn, child, reason, clean=is_clean(reason))
            return
    _start_next(turn, job)
