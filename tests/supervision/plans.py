"""Random supervisors and what may happen to them, for the properties of the core."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from hypothesis import settings
from hypothesis import strategies as st

from actors.kernel import (
    AnyActor,
    Crash,
    ExitReason,
    Killed,
    NeedsOperator,
    Normal,
    Shutdown,
)
from supervision import (
    ALL_SIGNIFICANT,
    ANY_SIGNIFICANT,
    DYNAMIC,
    FOREVER,
    NEVER,
    PERMANENT,
    TEMPORARY,
    TRANSIENT,
    Backoff,
    ChildSpec,
    DeleteChild,
    Instance,
    Jitter,
    RestartChild,
    RestartNow,
    StartChild,
    Strategy,
    Supervisor,
    TerminateChild,
)
from supervision.calls import Call
from tests.supervision.core_world import Boom, CoreWorld

NAMES = "abcd"
SLOW = settings(max_examples=150)

Step: TypeAlias = list[tuple[str, ExitReason] | Call] | float
"""What comes into the lane at once: deaths and calls. Or seconds that pass."""


def start() -> AnyActor:
    raise NotImplementedError


backoffs = st.builds(
    Backoff,
    first=st.sampled_from([0.5, 1.0, 5.0]),
    cap=st.sampled_from([5.0, 20.0]),
    jitter=st.sampled_from(Jitter),
    reset_after=st.sampled_from([1.0, 30.0]),
    give_up=st.sampled_from([2, 8, FOREVER]),
)


@st.composite
def supervisors(
    draw: st.DrawFn,
    *strategies: Strategy,
    patient: bool | None = None,
) -> Supervisor:
    """*patient* says whether its children have a backoff; `None` leaves it to chance."""
    strategy = draw(st.sampled_from(strategies or tuple(Strategy)))
    wait = st.booleans() if patient is None else st.just(patient)
    auto = draw(st.sampled_from([NEVER, ANY_SIGNIFICANT, ALL_SIGNIFICANT]))
    if strategy is DYNAMIC:
        auto = NEVER
    children = []
    for name in ["t"] if strategy is DYNAMIC else NAMES[: draw(st.integers(1, 4))]:
        restart = draw(st.sampled_from([PERMANENT, PERMANENT, TRANSIENT, TEMPORARY]))
        backoff = draw(backoffs) if draw(wait) else None
        significant = auto is not NEVER and restart is not PERMANENT
        children.append(
            ChildSpec(
                name,
                start,
                restart=restart,
                significant=significant and draw(st.booleans()),
                backoff=backoff,
                counted=backoff is None or draw(st.booleans()),
            )
        )
    return Supervisor(
        strategy,
        children,
        max_restarts=draw(st.integers(0, 6)),
        within=draw(st.sampled_from([1.0, 5.0, 50.0])),
        auto_shutdown=auto,
    )


REASONS: list[ExitReason] = [Crash(Boom()), Killed(), Normal(), Shutdown()]
names = st.sampled_from(NAMES)
calls: st.SearchStrategy[Call] = st.one_of(
    st.builds(TerminateChild, names),
    st.builds(TerminateChild, st.builds(Instance, names)),
    st.builds(RestartChild, names),
    st.builds(DeleteChild, names),
    st.builds(RestartNow, names),
    st.builds(StartChild, st.builds(Instance, names)),
    st.builds(StartChild, st.builds(ChildSpec, names, st.just(start))),
)


def plans(*reasons: ExitReason) -> st.SearchStrategy[list[Step]]:
    """Steps in which children end for one of *reasons*."""
    deaths = st.tuples(names, st.sampled_from(reasons))
    together = st.lists(st.one_of(deaths, deaths, calls), min_size=1, max_size=4)
    return st.lists(st.one_of(together, st.floats(0.0, 30.0, width=16)), max_size=25)


steps = plans(*REASONS, NeedsOperator("token"))
outcomes = st.lists(
    st.sampled_from(["ok", "ok", "ok", "fail", "ignore", "dying"]), max_size=40
)
draws = st.floats(0, 1, exclude_max=True)


def in_turn(starts: list[str]) -> Callable[[str], str]:
    """Let starts go as told, and well after that."""
    coming = iter(starts)
    return lambda _: next(coming, "ok")


def take(world: CoreWorld, step: Step) -> None:
    """Have *step* happen."""
    if isinstance(step, float):
        world.sleep(step)
        return
    for part in step:
        if not isinstance(part, tuple):
            world.say(part)
        elif part[0] in world.alive:
            world.kill(*part)
    world.work()


def live_through(
    flags: Supervisor, plan: list[Step], starts: list[str], u: float = 0.5
) -> CoreWorld:
    """Boot, do all of *plan*, and return the world as it is then."""
    world = CoreWorld(flags, u, in_turn(starts))
    for step in plan:
        if world.exited is None:
            take(world, step)
    return world
