"""The calls as typed functions: `await start_child(supervisor, spec)`.

Each asks the supervisor and returns its answer; see `calls` for who answers what. They
raise what an ask raises: `ActorDown` for a supervisor that is gone or goes meanwhile,
`AskTimeout` where it is busy with something slow. After a timeout the call is carried out
all the same, only nobody hears the answer.

`within` is how long to wait for the answer, in seconds.
"""

from __future__ import annotations

from actors.kernel import Address
from supervision.calls import (
    AlreadyStarted,
    Call,
    ChildKey,
    ChildRow,
    CountChildren,
    Counts,
    DeleteChild,
    Done,
    GetChildSpec,
    Ignored,
    Refusal,
    RestartChild,
    RestartNow,
    SpecRefused,
    StartChild,
    StartRefused,
    TerminateChild,
    Up,
    WhichChild,
    WhichChildren,
)
from supervision.specs import ChildSpec, Instance

WITHIN = 30.0
"""How long a call waits for its answer, in seconds. That long, because the supervisor may be
stopping a child, which has its whole grace for it."""


async def start_child(
    supervisor: Address[Call], child: ChildSpec | Instance, *, within: float = WITHIN
) -> Up | Ignored | AlreadyStarted | StartRefused | SpecRefused | Refusal:
    """Add *child* and start it. If its start fails, nothing is kept."""
    return await supervisor.ask(StartChild(child), within=within)


async def terminate_child(
    supervisor: Address[Call], child: ChildKey, *, within: float = WITHIN
) -> Done | Refusal:
    """Stop *child*, or end its wait before a restart.

    Its spec stays for `restart_child`, unless it is TEMPORARY or an instance of a DYNAMIC
    supervisor: these are forgotten.
    """
    return await supervisor.ask(TerminateChild(child), within=within)


async def restart_child(
    supervisor: Address[Call], child: str, *, within: float = WITHIN
) -> Up | Ignored | StartRefused | Refusal:
    """Start a child that is down. This counts as no restart, and its streak begins anew."""
    return await supervisor.ask(RestartChild(child), within=within)


async def delete_child(
    supervisor: Address[Call], child: str, *, within: float = WITHIN
) -> Done | Refusal:
    """Forget a child that is down."""
    return await supervisor.ask(DeleteChild(child), within=within)


async def restart_now(
    supervisor: Address[Call], child: str, *, within: float = WITHIN
) -> Done | Refusal:
    """End the pause before the restart of *child* (and of its group) now.

    Its streak of failures stays what it is: if it fails again, the next pause is longer.
    """
    return await supervisor.ask(RestartNow(child), within=within)


async def get_child_spec(
    supervisor: Address[Call], child: str, *, within: float = WITHIN
) -> ChildSpec | Refusal:
    """Return the spec that *child* was given."""
    return await supervisor.ask(GetChildSpec(child), within=within)


async def which_children(
    supervisor: Address[Call], *, within: float = WITHIN
) -> tuple[ChildRow, ...]:
    """Return all children, the newest first."""
    return await supervisor.ask(WhichChildren(), within=within)


async def which_child(
    supervisor: Address[Call], child: ChildKey, *, within: float = WITHIN
) -> ChildRow | Refusal:
    """Return how *child* stands."""
    return await supervisor.ask(WhichChild(child), within=within)


async def count_children(
    supervisor: Address[Call], *, within: float = WITHIN
) -> Counts:
    """Return how many children there are."""
    return await supervisor.ask(CountChildren(), within=within)
