"""Properties of the decision core, over random specs, failures, calls and pauses.

`CoreWorld` checks what must hold at every instant while it performs the actions: one
life per child, nothing started after a stop request, an end only when all are down, the
window never over-full, timers and lives where the core believes them.
"""

from __future__ import annotations

import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.kernel import AnyActor, Crash, Killed, NeedsOperator, Normal, Shutdown
from supervision import (
    DYNAMIC,
    FOREVER,
    FULL,
    ONE_FOR_ALL,
    ONE_FOR_ONE,
    PERMANENT,
    REST_FOR_ONE,
    TEMPORARY,
    TRANSIENT,
    Backoff,
    ChildSpec,
    ChildState,
    DeleteChild,
    Instance,
    RestartChild,
    RestartNow,
    StartChild,
    Strategy,
    Supervisor,
    TerminateChild,
)
from supervision.calls import Call
from supervision.decide import decide
from supervision.events import (
    Exited,
    GaveUp,
    Hold,
    LaneEvent,
    SetTimer,
    Start,
    Stop,
    TimerFired,
    TryAgain,
)
from tests.supervision.core_world import Boom, CoreWorld, actions_of, story

NAMES = "abcd"
REASONS = [Crash(Boom()), Killed(), Normal(), Shutdown(), NeedsOperator("token")]
SLOW = settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])


def start() -> AnyActor:
    raise NotImplementedError


backoffs = st.builds(
    Backoff,
    first=st.sampled_from([0.5, 1.0, 5.0]),
    cap=st.sampled_from([5.0, 20.0]),
    reset_after=st.sampled_from([1.0, 30.0]),
    give_up=st.sampled_from([2, 8, FOREVER]),
)


@st.composite
def specs(draw: st.DrawFn, name: str, patient: st.SearchStrategy[bool]) -> ChildSpec:
    backoff = draw(backoffs) if draw(patient) else None
    return ChildSpec(
        name,
        start,
        restart=draw(st.sampled_from([PERMANENT, PERMANENT, TRANSIENT, TEMPORARY])),
        backoff=backoff,
        counted=backoff is None or draw(st.booleans()),
    )


@st.composite
def supervisors(draw: st.DrawFn, patient: bool | None = None) -> Supervisor:
    strategy = draw(st.sampled_from(list(Strategy)))
    wait = st.booleans() if patient is None else st.just(patient)
    names = ["template"] if strategy is DYNAMIC else NAMES[: draw(st.integers(1, 4))]
    return Supervisor(
        strategy,
        [draw(specs(name, wait)) for name in names],
        max_restarts=draw(st.integers(0, 6)),
        within=draw(st.sampled_from([1.0, 5.0, 50.0])),
    )


names = st.sampled_from(NAMES)
calls = st.one_of(
    st.builds(TerminateChild, names),
    st.builds(TerminateChild, st.builds(Instance, names)),
    st.builds(RestartChild, names),
    st.builds(DeleteChild, names),
    st.builds(RestartNow, names),
    st.builds(StartChild, st.builds(Instance, names)),
    st.builds(StartChild, st.builds(ChildSpec, names, st.just(start))),
)
kills = st.tuples(names, st.sampled_from(REASONS))
steps = st.lists(
    st.one_of(
        st.lists(kills, min_size=1, max_size=3), calls, st.floats(0.0, 30.0, width=16)
    ),
    max_size=25,
)
outcomes = st.lists(
    st.sampled_from(["ok", "ok", "ok", "fail", "ignore", "dying"]), max_size=40
)


def live_through(
    flags: Supervisor, plan: list[object], starts: list[str], u: float = 0.5
) -> CoreWorld:
    """Boot, do all of *plan*, and return the world as it is then."""
    world = CoreWorld(flags, u)
    coming = iter(starts)
    world.starts = lambda _: next(coming, "ok")
    for step in plan:
        if world.exited is not None:
            break
        if isinstance(step, list):
            for name, reason in step:
                if name in world.alive:
                    world.kill(name, reason)
            world.work()
        elif isinstance(step, float):
            world.sleep(step)
        else:
            world.ask(step)  # type: ignore[arg-type]  # what is left are calls
    return world


@SLOW
@given(supervisors(), steps, outcomes, st.floats(0, 1, exclude_max=True))
def test_whatever_happens_the_world_holds_and_a_stop_ends_all(
    flags: Supervisor, plan: list[object], starts: list[str], u: float
) -> None:
    world = live_through(flags, plan, starts, u)
    if world.exited is not None:
        return
    living = list(world.alive)

    done = world.tell(Stop(Shutdown("test")))

    assert world.exited == Shutdown("test")
    if flags.strategy is not DYNAMIC:
        order = [name for name in world.core.children if name in living]
        assert story(done) == [f"-{name}" for name in reversed(order)]
    world.sleep(1e6)
    assert not actions_of(world.log[world.log.index(done[0]) :], Start)


@SLOW
@given(supervisors(), steps, outcomes)
def test_stale_events_change_nothing(
    flags: Supervisor, plan: list[object], starts: list[str]
) -> None:
    world = live_through(flags, plan, starts)
    if world.exited is not None:
        return
    before = world.rows()
    stale: list[LaneEvent] = [TimerFired(9999), TryAgain("nobody", 1)]
    for child in world.core.children.values():
        stale += (
            Exited(child.id, child.token - 1, Killed()),
            Exited(child.id, child.token + 1, Killed()),
            TryAgain(child.id, child.generation - 1),
        )
        if child.state is not ChildState.RUNNING:
            stale.append(Exited(child.id, child.token, Killed()))
    for event in stale:
        assert world.tell(event) == []
    assert world.rows() == before


@SLOW
@given(supervisors(), steps, outcomes)
def test_a_temporary_child_is_never_restarted(
    flags: Supervisor, plan: list[object], starts: list[str]
) -> None:
    world = live_through(flags, plan, starts)

    begun = [a for a in actions_of(world.log, Start) if isinstance(a, Start)]
    for spec in flags.children:
        if spec.restart is TEMPORARY and flags.strategy is not DYNAMIC:
            assert sum(action.spec is spec for action in begun) <= 1


@SLOW
@given(supervisors(patient=True), steps, outcomes, st.floats(0, 1, exclude_max=True))
def test_every_delay_is_within_its_bounds(
    flags: Supervisor, plan: list[object], starts: list[str], u: float
) -> None:
    world = live_through(flags, plan, starts, u)

    # Merging keeps what is left of a longer sleep, so the longest cap of all is the bound.
    caps = [spec.backoff.cap for spec in flags.children if spec.backoff is not None]
    for timer in actions_of(world.log, SetTimer):
        assert isinstance(timer, SetTimer)
        assert 0 <= timer.seconds <= max(caps)


@SLOW
@given(supervisors(patient=True), steps, outcomes)
def test_in_a_kind_world_every_sleep_ends(
    flags: Supervisor, plan: list[object], starts: list[str]
) -> None:
    world = live_through(flags, plan, starts)
    world.starts = lambda _: "ok"
    world.sleep(1000)

    if world.exited is None:
        states = {row.state for row in world.rows().values()}
        assert not states & {
            ChildState.WAITING,
            ChildState.HELD,
            ChildState.RESTARTING,
        }
        assert world.core.leader is None


group_backoff = Backoff(first=10.0, cap=40.0, jitter=FULL, give_up=FOREVER)


def group(strategy: Strategy, size: int) -> Supervisor:
    children = [ChildSpec(n, start, backoff=group_backoff) for n in NAMES[:size]]
    return Supervisor(strategy, children, max_restarts=100, within=1.0)


@given(
    st.sampled_from([ONE_FOR_ALL, REST_FOR_ONE]),
    st.integers(2, 4),
    st.data(),
    st.tuples(st.floats(0.1, 0.9), st.floats(0.0, 0.9)),
    st.floats(0.0, 1.0),
)
def test_a_second_failure_merges_into_the_sleeping_group(
    strategy: Strategy,
    size: int,
    data: st.DataObject,
    draws: tuple[float, float],
    fraction: float,
) -> None:
    """The range is the wider one, the sleep is never shorter than what was left of it,
    and it is one sleep."""
    world = CoreWorld(group(strategy, size), draws[0])
    first = data.draw(st.sampled_from(list(world.alive)))
    world.kill(first)
    world.work()
    (until, _), *rest = world.timers.values()
    assert rest == []
    # Somebody of the sleeping group is woken by hand, or one before it still works.
    second = data.draw(st.sampled_from([n for n in NAMES[:size] if n != first]))
    if second not in world.alive:
        world.ask(RestartChild(second))
    left = (until - world.now) * fraction
    world.now = until - left
    world.u = draws[1]

    world.kill(second)
    done = world.work()

    assert len(world.timers) == 1
    ((wakes, leader),) = world.timers.values()
    assert wakes >= until - 1e-9
    assert leader == min(first, second)
    held = {a.child for a in actions_of(done, Hold) if isinstance(a, Hold)}
    reach = NAMES[:size] if strategy is ONE_FOR_ALL else NAMES[:size].split(leader)[1]
    assert held == set(reach) - {leader}
    told = story(world.sleep(1000))
    members = reach if strategy is ONE_FOR_ALL else leader + reach
    assert told == [f"+{name}" for name in members]


@given(st.integers(2, 4), st.data())
def test_one_for_all_starts_nothing_until_all_are_down(
    size: int, data: st.DataObject
) -> None:
    plain = [ChildSpec(name, start) for name in NAMES[:size]]
    world = CoreWorld(Supervisor(ONE_FOR_ALL, plain, max_restarts=9, within=9))
    victims = data.draw(
        st.lists(st.sampled_from(NAMES[:size]), min_size=1, unique=True)
    )
    world.log.clear()
    for name in victims:
        world.kill(name)

    told = story(world.work())

    # All victims are one restart: the first exit stops the rest, dead or not.
    others = [name for name in NAMES[:size] if name != victims[0]]
    assert told == [f"-{n}" for n in reversed(others)] + [f"+{n}" for n in NAMES[:size]]


@given(st.lists(st.floats(0.0, 4.0), min_size=1, max_size=40), st.integers(0, 5))
def test_the_window_lets_exactly_its_number_of_restarts_through(
    pauses: list[float], limit: int
) -> None:
    only = [ChildSpec("a", start)]
    world = CoreWorld(Supervisor(ONE_FOR_ONE, only, max_restarts=limit, within=5.0))
    restarted: list[float] = []
    for pause in pauses:
        world.sleep(pause)
        recent = [at for at in restarted if at >= world.now - 5.0]
        world.kill("a")
        done = world.work()
        if len(recent) == limit:
            assert isinstance(actions_of(done, GaveUp)[0], GaveUp)
            return
        assert world.alive
        restarted.append(world.now)


def calls_made(flags: Supervisor, size: int) -> int:
    """Return how many calls it takes to decide the exit of one child among *size*."""
    world = CoreWorld(flags)
    for number in range(size):
        call: Call = StartChild(ChildSpec(str(number), start))
        if flags.strategy is DYNAMIC:
            call = StartChild(Instance(str(number)))
        world.ask(call)
    made = 0

    def count(*_: object) -> None:
        nonlocal made
        made += 1

    event = Exited("1", world.alive["1"], Killed())
    sys.setprofile(count)
    decide(world.core, event, 0.0, 0.0)
    sys.setprofile(None)
    return made


@pytest.mark.parametrize("strategy", [ONE_FOR_ONE, DYNAMIC])
def test_deciding_costs_the_same_among_few_children_and_many(
    strategy: Strategy,
) -> None:
    children = [ChildSpec("template", start)] if strategy is DYNAMIC else []
    flags = Supervisor(strategy, children)

    assert calls_made(flags, 2) == calls_made(flags, 300)
