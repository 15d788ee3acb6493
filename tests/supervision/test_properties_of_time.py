"""Properties of the decision core: the window, streaks, sleeps, and how sleeps merge."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from supervision import (
    DYNAMIC,
    FOREVER,
    FULL,
    ONE_FOR_ALL,
    ONE_FOR_ONE,
    REST_FOR_ONE,
    Backoff,
    ChildSpec,
    RestartChild,
    RestartNow,
    Strategy,
    Supervisor,
)
from supervision.events import (
    Called,
    ChildEnded,
    Forget,
    GaveUp,
    Hold,
    LaneEvent,
    Rest,
    RestartFailed,
    SetTimer,
    Start,
)
from supervision.exits import is_clean
from tests.supervision.core_world import CoreWorld, actions_of, story
from tests.supervision.plans import (
    NAMES,
    SLOW,
    Step,
    draws,
    live_through,
    outcomes,
    start,
    steps,
    supervisors,
)


@SLOW
@given(supervisors(), steps, outcomes)
def test_the_window_is_never_exceeded_by_a_supervisor_that_runs(
    flags: Supervisor, plan: list[Step], starts: list[str]
) -> None:
    """S4."""
    world = live_through(flags, plan, starts)
    if world.exited is not None:
        return
    counted = [
        deed.at
        for deed in world.deeds
        if isinstance(deed.action, ChildEnded)
        and deed.action.restarts
        and deed.action.counted
    ]
    for at in counted:
        recent = [one for one in counted if at - flags.within <= one <= at]
        assert len(recent) <= flags.max_restarts


@given(
    st.lists(st.floats(0.0, 4.0), min_size=1, max_size=40),
    st.integers(0, 5),
    outcomes,
)
def test_the_window_lets_exactly_its_number_of_restarts_through(
    pauses: list[float], limit: int, starts: list[str]
) -> None:
    """S4: failed starts count like deaths."""
    only = [ChildSpec("a", start)]
    world = CoreWorld(Supervisor(ONE_FOR_ONE, only, max_restarts=limit, within=5.0))
    tries = iter("fail" if how == "fail" else "ok" for how in starts)
    world.starts = lambda _: next(tries, "ok")
    failed: list[float] = []
    for pause in pauses:
        world.sleep(pause)
        world.kill("a")
        done = world.work()
        failures = 1 + len(actions_of(done, RestartFailed))
        failed += [world.now] * failures
        recent = [at for at in failed if at >= world.now - 5.0]
        if world.exited is not None:
            assert len(recent) == limit + 1
            assert actions_of(done, GaveUp) == [GaveUp("a", limit + 1, "window")]
            return
        assert len(recent) <= limit


@SLOW
@given(supervisors(ONE_FOR_ONE, DYNAMIC, patient=True), steps, outcomes, draws)
def test_every_sleep_is_as_long_as_the_backoff_says(
    flags: Supervisor, plan: list[Step], starts: list[str], u: float
) -> None:
    """And at least `first` long after an end in peace."""
    world = live_through(flags, plan, starts, u)

    specs = {spec.id: spec for spec in flags.children}
    clean = False
    for deed in world.deeds:
        match deed.action:
            case ChildEnded(_, _, reason):
                clean = is_clean(reason)
            case RestartFailed():
                clean = False
            case SetTimer(child, _, seconds, streak):
                spec = flags.children[0] if flags.strategy is DYNAMIC else specs[child]
                assert spec.backoff is not None
                delay = spec.backoff.delay(streak, u)
                assert 0 <= delay <= spec.backoff.longest(streak) <= spec.backoff.cap
                assert seconds == (max(delay, spec.backoff.first) if clean else delay)
            case _:
                pass


@SLOW
@given(supervisors(ONE_FOR_ONE, patient=True), steps, outcomes)
def test_a_streak_grows_with_each_failure_until_a_run_was_stable(
    flags: Supervisor, plan: list[Step], starts: list[str]
) -> None:
    world = live_through(flags, plan, starts)

    specs = {spec.id: spec for spec in flags.children}
    streaks: dict[str, int] = {}
    up_since: dict[str, float] = {}
    for deed in world.deeds:
        match deed.cause, deed.action:
            case Called(RestartChild(named)), Start(child) if named == child:
                streaks[child], up_since[child] = 0, deed.at
            case _, Start(child):
                up_since[child] = deed.at
            case _, ChildEnded(child):
                backoff = specs[child].backoff if child in specs else None
                if backoff and deed.at - up_since[child] >= backoff.reset_after:
                    streaks[child] = 0
            case _, SetTimer(child, _, _, streak):
                streaks[child] = streaks.get(child, 0) + 1
                assert streak == streaks[child]
            case _, GaveUp(child, failures, "give_up"):
                backoff = specs[child].backoff
                assert backoff is not None
                assert failures == streaks.get(child, 0) + 1
                assert isinstance(backoff.give_up, int)
                assert failures == backoff.give_up + 1
            case _:
                pass


@SLOW
@given(supervisors(ONE_FOR_ALL, REST_FOR_ONE, patient=True), steps, outcomes, draws)
def test_overlapping_failures_of_a_group_merge(
    flags: Supervisor, plan: list[Step], starts: list[str], u: float
) -> None:
    """One sleep, never shorter than what was left, of the wider range."""
    world = live_through(flags, plan, starts, u)

    places: dict[str, int] = {}
    asleep: tuple[str, float] | None = None
    failed = ""
    for place, deed in enumerate(world.deeds):
        match deed.action:
            case Start(child):
                places.setdefault(child, place)
                if not is_of_one(deed.cause):
                    asleep = None
            case Forget(child):
                places.pop(child, None)
            case ChildEnded(child) | RestartFailed(child):
                failed = child
            case SetTimer(child, _, seconds):
                if asleep is not None:
                    leader, until = asleep
                    assert deed.at + seconds >= until - 1e-9
                    assert places[child] <= min(places[leader], places[failed])
                asleep = child, deed.at + seconds
            case Rest(child) if asleep is not None and child == asleep[0]:
                asleep = None
            case _:
                pass
        assert len(world.timers) <= 1


def is_of_one(event: LaneEvent) -> bool:
    """A call that starts or revives just one; ending a sleep starts the group."""
    return isinstance(event, Called) and not isinstance(event.call, RestartNow)


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
def test_a_second_failure_joins_the_sleep_of_the_first(
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
