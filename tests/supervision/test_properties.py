"""Properties of the decision core: who lives when, over random failures, calls and pauses.

`CoreWorld` performs the actions and checks itself what makes no sense at all (stopping a
stranger, timers that nobody set); the properties are read off the deeds it writes down.
How long things take is in `test_properties_of_time`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from actors.kernel import Killed, Shutdown
from supervision import (
    DYNAMIC,
    ONE_FOR_ALL,
    ONE_FOR_ONE,
    REST_FOR_ONE,
    TEMPORARY,
    ChildState,
    RestartNow,
    Supervisor,
)
from supervision.events import (
    BootFailed,
    Called,
    ChildEnded,
    Exit,
    Exited,
    Forget,
    Halt,
    HaltAll,
    Hold,
    LaneEvent,
    OperatorNeeded,
    Rest,
    SetTimer,
    Start,
    Stop,
    TimerFired,
    TryAgain,
)
from tests.supervision.core_world import CoreWorld, Deed, actions_of
from tests.supervision.plans import (
    SLOW,
    Step,
    draws,
    live_through,
    outcomes,
    steps,
    supervisors,
    take,
)

ORDERED = (ONE_FOR_ONE, ONE_FOR_ALL, REST_FOR_ONE)
KILL = Killed()


@SLOW
@given(supervisors(), steps, outcomes, draws)
def test_a_child_has_one_life_at_a_time(
    flags: Supervisor, plan: list[Step], starts: list[str], u: float
) -> None:
    """S2."""
    world = live_through(flags, plan, starts, u)

    for deed in world.deeds:
        if isinstance(deed.action, Start):
            assert deed.action.child not in deed.alive


@SLOW
@given(supervisors(), steps, steps, outcomes, draws)
def test_nothing_starts_after_a_stop_request(
    flags: Supervisor,
    before: list[Step],
    after: list[Step],
    starts: list[str],
    u: float,
) -> None:
    """S5: whatever was in the lane before it, comes after it, or was to wake later."""
    world = live_through(flags, before, starts, u)
    if world.exited is not None:
        return
    for name in list(world.alive)[1:]:
        world.kill(name)
    began = len(world.deeds)
    world.lane.appendleft(Stop(Shutdown("test")))
    for step in after:
        take(world, step)
    world.work()
    world.sleep(1e6)

    done = [deed.action for deed in world.deeds[began:]]
    assert world.exited == Shutdown("test")
    assert not actions_of(done, Start)


@SLOW
@given(supervisors(), steps, outcomes, draws)
def test_it_ends_only_when_all_are_down_and_then_for_good(
    flags: Supervisor, plan: list[Step], starts: list[str], u: float
) -> None:
    world = live_through(flags, plan, starts, u)
    if world.exited is None:
        world.tell(Stop(Shutdown("test")))

    last = world.deeds[-1]
    assert isinstance(last.action, Exit | BootFailed)
    assert last.alive == set()
    assert len(actions_of(world.log, Exit, BootFailed)) == 1


def in_order(world: CoreWorld) -> Iterator[tuple[Deed, dict[str, int]]]:
    """Yield each deed with the places of the children in the start order by then."""
    places: dict[str, int] = {}
    for place, deed in enumerate(world.deeds):
        match deed.action:
            case Start(child):
                places.setdefault(child, place)
            case Forget(child):
                places.pop(child, None)
            case _:
                pass
        yield deed, dict(places)


@SLOW
@given(supervisors(*ORDERED), steps, outcomes, st.booleans())
def test_children_start_in_order_and_stop_in_reverse(
    flags: Supervisor, plan: list[Step], starts: list[str], stops: bool
) -> None:
    """S3: in every transition, and the last one stops all that live."""
    world = live_through(flags, plan, starts)
    before, living = len(world.deeds), set(world.alive)
    if stops and world.exited is None:
        world.tell(Stop(Shutdown("test")))
        halts = actions_of([deed.action for deed in world.deeds[before:]], Halt)
        assert {halt.child for halt in halts if isinstance(halt, Halt)} == living

    moves, ends = [], 0
    for deed, places in in_order(world):
        # One that dies while its group comes back ends that transition: the next one
        # has the same cause, and where nobody had started yet it begins with a start.
        ends += isinstance(deed.action, ChildEnded)
        if isinstance(deed.action, Start | Halt):
            kind = type(deed.action)
            moves.append((deed.cause, ends, kind, places[deed.action.child]))
    for (cause, end, kind, first), (*other, second) in pairwise(moves):
        if cause is other[0] and [end, kind] == other[1:]:
            assert first < second if kind is Start else first > second


@SLOW
@given(supervisors(ONE_FOR_ALL), steps, outcomes)
def test_one_for_all_starts_nothing_until_all_are_down(
    flags: Supervisor, plan: list[Step], starts: list[str]
) -> None:
    world = live_through(flags, plan, starts)

    restarted: LaneEvent | None = None
    for deed in world.deeds:
        if isinstance(deed.action, Start) and deed.cause is not restarted:
            restarted = deed.cause
            if not is_by_hand(deed.cause):
                assert deed.alive == set()


@SLOW
@given(supervisors(REST_FOR_ONE), steps, outcomes)
def test_rest_for_one_starts_nothing_until_all_after_it_are_down(
    flags: Supervisor, plan: list[Step], starts: list[str]
) -> None:
    world = live_through(flags, plan, starts)

    restarted: LaneEvent | None = None
    for deed, places in in_order(world):
        if isinstance(deed.action, Start) and deed.cause is not restarted:
            restarted = deed.cause
            if not is_by_hand(deed.cause):
                place = places[deed.action.child]
                assert all(places[name] < place for name in deed.alive)


def is_by_hand(event: LaneEvent) -> bool:
    """A call starts just the child that it names; unless it ends the sleep of a group."""
    return isinstance(event, Called) and not isinstance(event.call, RestartNow)


@SLOW
@given(supervisors(), steps, outcomes)
def test_who_fails_alone_is_restarted_alone(
    flags: Supervisor, plan: list[Step], starts: list[str]
) -> None:
    if flags.strategy not in (ONE_FOR_ONE, DYNAMIC):
        return
    world = live_through(flags, plan, starts)

    for deed in world.deeds:
        match deed.cause, deed.action:
            case Exited(failed), Start(child):
                assert failed == child
            case Exited(), Halt() | HaltAll():
                # Only giving up, or the end of a significant child, touches others.
                assert world.exited is not None
            case _:
                pass


@SLOW
@given(supervisors(*ORDERED), steps, outcomes)
def test_a_temporary_child_is_never_restarted(
    flags: Supervisor, plan: list[Step], starts: list[str]
) -> None:
    world = live_through(flags, plan, starts)

    begun = [a for a in actions_of(world.log, Start) if isinstance(a, Start)]
    for spec in flags.children:
        if spec.restart is TEMPORARY:
            assert sum(action.spec is spec for action in begun) <= 1


@SLOW
@given(supervisors(), steps, outcomes)
def test_who_needs_an_operator_is_not_started_until_somebody_asks(
    flags: Supervisor, plan: list[Step], starts: list[str]
) -> None:
    """S7."""
    world = live_through(flags, plan, starts)

    needing: set[str] = set()
    for deed in world.deeds:
        match deed.action:
            case OperatorNeeded(child):
                needing.add(child)
            case Start(child):
                assert child not in needing or is_by_hand(deed.cause)
                needing.discard(child)
            case _:
                pass


@SLOW
@given(supervisors(), steps, outcomes)
def test_stale_events_change_nothing(
    flags: Supervisor, plan: list[Step], starts: list[str]
) -> None:
    world = live_through(flags, plan, starts)
    if world.exited is not None:
        return
    before = world.rows()
    generations = range(world.core.generations + 2)
    fired = [TimerFired(n) for n in generations if n not in world.timers]
    stale: list[LaneEvent] = [*fired, TryAgain("nobody", 1), Exited("nobody", 1, KILL)]
    for child in world.core.children.values():
        stale += (TryAgain(child.id, n) for n in generations)
        tokens = range(world.core.tokens + 2)
        living = child.token if child.state is ChildState.RUNNING else None
        stale += (Exited(child.id, n, KILL) for n in tokens if n != living)
    for event in stale:
        assert world.tell(event) == []
    assert world.rows() == before


@SLOW
@given(supervisors(), steps, outcomes)
def test_in_a_fair_world_it_runs_again_or_has_ended(
    flags: Supervisor, plan: list[Step], starts: list[str]
) -> None:
    """Nobody fails any more, and time goes by: nobody waits for ever."""
    world = live_through(flags, plan, starts)
    world.starts = lambda _: "ok"
    world.sleep(1000)

    if world.exited is None:
        states = {row.state for row in world.rows().values()}
        assert states <= {
            ChildState.RUNNING,
            ChildState.DOWN,
            ChildState.NEEDS_OPERATOR,
        }
        assert world.core.leader is None
        # Down is who ended in peace, was ended by hand or has nothing to do: asked for,
        # or not meant to come back.
        for name, row in world.rows().items():
            if row.state is ChildState.DOWN:
                assert rests(world, name)


def rests(world: CoreWorld, name: str) -> bool:
    """Tell whether the last word on *name* was that it stays down."""
    for action in reversed(world.log):
        match action:
            case Rest(child, _) if child == name:
                return True
            case Start(child) | SetTimer(child) | Hold(child) if child == name:
                return False
    return False
