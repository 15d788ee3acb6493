"""The decision core of a supervisor: `decide(state, event, now, u)`.

A pure function in everything that can be observed: no clock, no randomness, no waiting,
no I/O, and equal histories give equal actions. The state is mutated in place and handed
back, because copying a map of 100,000 children for each exit would be absurd: whoever
calls owns no more than the state that came back last.

The rules are those of Erlang/OTP's `supervisor`, exactly, as long as no child has a
backoff. This file tells the events apart and judges the end of a child. The others of the
core: `transitions` stops and starts children in order; `fate` restarts them, lets them
sleep and gives up; `calling` answers calls.
"""

from __future__ import annotations

from typing import assert_never

from actors.kernel import ExitReason, NeedsOperator, Shutdown
from supervision import calling, transitions
from supervision.calls import ChildState
from supervision.events import (
    Boot,
    Called,
    ChildEnded,
    Event,
    Exited,
    Forget,
    Halted,
    OperatorNeeded,
    Rest,
    Seen,
    ShuttingDown,
    Started,
    StartFailed,
    StartIgnored,
    Stop,
    TimerFired,
    TryAgain,
)
from supervision.exits import is_clean, is_restarted
from supervision.fate import close, fail, wake
from supervision.state import Actions, Child, Core, Turn
from supervision.values import ALL_SIGNIFICANT, ANY_SIGNIFICANT, TEMPORARY


def decide(state: Core, event: Event, now: float, u: float) -> tuple[Core, Actions]:
    """Return the state after *event*, and what to do, in this order.

    Args:
        state: What the last call returned, or a new `Core`.
        event: From the lane; or, if the last action was a `Start`, `Halt`, `HaltAll`
            or `Look`, its outcome.
        now: The time of a monotonic clock, in seconds.
        u: A random number in [0, 1).
    """
    turn = Turn(state, now, u)
    match event:
        case Exited(child_id, token, reason):
            child = state.children.get(child_id)
            # A child that was told to stop is DOWN by now: its exit is no news any more.
            if (
                child is not None
                and child.token == token
                and child.state is ChildState.RUNNING
            ):
                _ended(turn, child, reason)
        case TryAgain(child_id, generation):
            child = state.children.get(child_id)
            # Any retry will do, also an older one: so it is in OTP. But an instance may have
            # been deleted and its id be used again: a retry must not be for that one.
            if (
                child is not None
                and child.state is ChildState.RESTARTING
                and (not state.is_dynamic or child.generation == generation)
            ):
                fail(turn, child, child.why)
        case TimerFired(generation):
            child = state.timers.pop(generation, None)
            if child is not None:
                wake(turn, child)
        case Called(call, ref):
            if not state.closed:
                calling.answer(turn, call, ref)
        case Stop(reason):
            if not state.closed:
                close(turn, reason)
        case Boot():
            transitions.boot(turn)
        case Started() | StartIgnored() | StartFailed() | Halted() | Seen():
            transitions.outcome(turn, event)
        case _:
            assert_never(event)
    return state, turn.out


def _ended(turn: Turn, child: Child, reason: ExitReason) -> None:
    restarts = is_restarted(child.spec.restart, reason)
    turn.out.append(
        ChildEnded(child.id, child.incarnation, reason, restarts, child.spec.counted)
    )
    transitions.lay_down(turn, child)
    if restarts:
        fail(turn, child, reason, clean=is_clean(reason))
        return
    if isinstance(reason, NeedsOperator):
        turn.out.append(OperatorNeeded(child.id, reason.why))
        if child.spec.restart is not TEMPORARY:
            transitions.wait_for_operator(turn, child, reason)
            return
    _stays_down(turn, child, reason)
    _auto_shutdown(turn, child)


def _stays_down(turn: Turn, child: Child, reason: ExitReason) -> None:
    if child.spec.restart is TEMPORARY or turn.core.is_dynamic:
        turn.core.remove(child)
        turn.out.append(Forget(child.id, reason))
    else:
        turn.out.append(Rest(child.id, reason))


def _auto_shutdown(turn: Turn, child: Child) -> None:
    if not child.spec.significant:
        return
    mode = turn.core.flags.auto_shutdown
    over = mode is ALL_SIGNIFICANT and turn.core.holding == 0
    if over or mode is ANY_SIGNIFICANT:
        turn.out.append(ShuttingDown(child.id))
        close(turn, Shutdown())
