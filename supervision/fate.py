"""What becomes of a child that failed, and of its group: restart, sleep, or give up.

The order is: the window counts, then `give_up`, then comes the delay. A failure is
counted when it happens and never when a timer fires, so sleeping costs no quota.
"""

from __future__ import annotations

from actors.kernel import ExitReason, NeedsOperator, Shutdown
from supervision import transitions
from supervision.calls import ChildState
from supervision.events import (
    Abandon,
    DropTimer,
    Forget,
    GaveUp,
    HaltAll,
    Hold,
    Rest,
    SetTimer,
)
from supervision.state import Child, Job, JobKind, Turn
from supervision.values import TEMPORARY

_COMING_BACK = (ChildState.RESTARTING, ChildState.WAITING, ChildState.HELD)
"""States in which a child is down and something is under way to start it."""


def fail(turn: Turn, child: Child, cause: object, *, clean: bool = False) -> None:
    """Restart *child*, which is down already: now, or after a pause; or give up.

    Args:
        turn: The event that is being decided.
        child: It failed, or ended and has to run.
        cause: Why, for a person. It is made text only where somebody gets to read it:
            the `repr` of an exception may be long.
        clean: It did not fail but had done its work.
    """
    core = turn.core
    if child.spec.counted and not core.window.admits(turn.now):
        _give_up(turn, child, cause, GaveUp(child.id, len(core.window), "window"))
        return
    backoff = child.spec.backoff
    delay = 0.0
    if backoff is not None:
        child.streak += 1
        if backoff.exhausted(child.streak):
            _give_up(turn, child, cause, GaveUp(child.id, child.streak, "give_up"))
            return
        child.why = str(cause)
        delay = backoff.delay(child.streak, turn.u)
        if clean:
            # A permanent child that ends cleanly over and over must not spin.
            delay = max(delay, backoff.first)
    elif core.leader is None:
        restart(turn, child)
        return
    if core.is_grouped:
        _stop_group(turn, child, delay)
    else:
        _sleep(turn, child, delay)


def restart(turn: Turn, child: Child, *, after_sleep: bool = False) -> None:
    """Restart *child* and all that its strategy restarts with it.

    After a pause of a group (*after_sleep*) the early death of one member ends the start
    of the others at once; see `Job.fresh`.
    """
    core = turn.core
    core.stranded = []
    job = Job(JobKind.RESTART, child)
    members = core.reach(child)
    for member in members:
        if member.state is ChildState.RUNNING:
            job.halts.append(member)
        elif member.state is not ChildState.NEEDS_OPERATOR:
            calm(turn, member)
    if core.is_grouped:
        core.leader = None
        if after_sleep:
            job.fresh = []
    # Every spec that is kept is started: so are those that had ended in peace, or were
    # terminated by hand. OTP does it, too.
    job.starts = [
        member
        for member in reversed(members)
        if member.spec.restart is not TEMPORARY
        and member.state is not ChildState.NEEDS_OPERATOR
    ]
    transitions.begin(turn, job)


def wake(turn: Turn, child: Child) -> None:
    """End the pause of *child* and of its group: its failure was counted when it happened."""
    core = turn.core
    core.timers.pop(child.generation, None)
    core.set_state(child, ChildState.DOWN)
    restart(turn, child, after_sleep=True)


def calm(turn: Turn, child: Child) -> None:
    """End whatever *child* waits for: it is just down."""
    if child.state is ChildState.WAITING:
        turn.core.timers.pop(child.generation, None)
        turn.out.append(DropTimer(child.generation))
    turn.core.set_state(child, ChildState.DOWN)


def release_group(turn: Turn, reason: ExitReason) -> None:
    """The leader of a sleeping group will not come back, so nor will the others: down."""
    core = turn.core
    assert core.leader is not None
    for member in core.reach(core.leader):
        if member.state is ChildState.HELD:
            core.set_state(member, ChildState.DOWN)
            turn.out.append(Rest(member.id, reason))
    core.leader = None


def release_stranded(turn: Turn, reason: ExitReason) -> None:
    """The child whose retry would have brought others back will not be tried again."""
    core = turn.core
    for member in reversed(core.stranded):
        known = core.children.get(member.id) is member
        if known and member.state is ChildState.DOWN:
            turn.out.append(Rest(member.id, reason))
    core.stranded = []


def close(turn: Turn, reason: ExitReason) -> None:
    """Stop all children in reverse start order, then end. Nothing starts any more."""
    core = turn.core
    core.closing = reason
    job = Job(JobKind.CLOSE)
    for child in core.children.values():
        if child.state is ChildState.RUNNING:
            job.halts.append(child)
        elif child.state in _COMING_BACK:
            calm(turn, child)
            turn.out.append(Abandon(child.id))
    if core.is_dynamic and job.halts:
        core.job = job
        everyone = tuple((child.id, child.token) for child in job.halts)
        turn.out.append(HaltAll(everyone, core.flags.children[0].grace))
        return
    transitions.begin(turn, job)


def fall_asleep(turn: Turn, job: Job) -> None:
    """The group of a SLEEP job is down: begin its one pause, which all members share."""
    core = turn.core
    leader = job.child
    assert leader is not None
    core.leader = leader
    _sleep(turn, leader, job.delay)
    for member in core.reach(leader):
        if member is not leader and member.state is not ChildState.NEEDS_OPERATOR:
            _hold(turn, member, leader)


def hold(turn: Turn, child: Child) -> bool:
    """Hold *child*, which an operator tried to start in vain, if its group sleeps.

    It comes back with the group then. Returns whether it does.
    """
    core = turn.core
    leader = core.leader
    if leader is None or child not in core.reach(leader):
        return False
    _hold(turn, child, leader)
    return True


def _hold(turn: Turn, child: Child, leader: Child) -> None:
    turn.core.set_state(child, ChildState.HELD)
    turn.out.append(Hold(child.id, leader.id))


def _stop_group(turn: Turn, child: Child, delay: float) -> None:
    core = turn.core
    leader = child
    sleeping = core.leader
    if sleeping is not None:
        # Two failures become one: the wider range, and never a shorter sleep.
        delay = max(delay, sleeping.until - turn.now)
        if sleeping.rank < child.rank:
            leader = sleeping
    job = Job(JobKind.SLEEP, leader)
    job.delay = delay
    for member in core.reach(leader):
        if member.state is ChildState.RUNNING:
            job.halts.append(member)
        elif member.state is not ChildState.NEEDS_OPERATOR:
            calm(turn, member)
    transitions.begin(turn, job)


def _sleep(turn: Turn, child: Child, delay: float) -> None:
    core = turn.core
    child.generation = core.next_generation()
    child.until = turn.now + delay
    core.timers[child.generation] = child
    core.set_state(child, ChildState.WAITING)
    turn.out.append(
        SetTimer(child.id, child.generation, delay, child.streak, child.why)
    )


def _give_up(turn: Turn, child: Child, cause: object, note: GaveUp) -> None:
    core = turn.core
    turn.out.append(note)
    if core.is_dynamic:
        core.remove(child)
        turn.out.append(Forget(child.id, Shutdown()))
    reason: ExitReason = Shutdown()
    if core.flags.needs_operator:
        why = f"{child.id} failed {note.failures} times, last with {cause}"
        reason = NeedsOperator(why)
    close(turn, reason)
