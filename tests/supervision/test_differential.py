"""The core, with backoff off and children that stop at once, against `supervisor.erl`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.kernel import Crash, Killed, Normal, Shutdown
from supervision import (
    DYNAMIC,
    REST_FOR_ONE,
    AlreadyStarted,
    ChildSpec,
    ChildState,
    DeleteChild,
    Done,
    Ignored,
    Instance,
    Refusal,
    RestartChild,
    StartChild,
    StartRefused,
    Supervisor,
    TerminateChild,
    Up,
)
from supervision.events import Stop
from tests.supervision.core_world import Boom, CoreWorld
from tests.supervision.erlang import Erlang, Terminate
from tests.supervision.plans import (
    NAMES,
    Step,
    outcomes,
    plans,
    start,
    supervisors,
    take,
)

WORDS = {
    Up: "up",
    Ignored: "ignored",
    Done: "done",
    AlreadyStarted: "already started",
    StartRefused: "refused",
    Refusal.ALREADY_PRESENT: "already present",
    Refusal.NOT_FOUND: "not found",
    Refusal.RUNNING: "running",
    Refusal.RESTARTING: "restarting",
}


def per_child(flags: Supervisor, how: dict[str, list[str]]) -> Callable[[str], str]:
    """Let the starts of each child go as told for it."""
    coming: dict[str, Iterator[str]] = {name: iter(how[name]) for name in how}

    def starts(name: str) -> str:
        outcome = next(coming[name], "ok")
        # A restart that is ignored leaves `undefined` as a key there: nothing to follow.
        return "ok" if flags.strategy is DYNAMIC and outcome == "ignore" else outcome

    return starts


def meant_for(flags: Supervisor, plan: list[Step]) -> list[Step]:
    """Leave out what OTP does not have or what this kind of supervisor refuses."""
    return [
        step if isinstance(step, float) else [p for p in step if is_meant(flags, p)]
        for step in plan
    ]


def is_meant(flags: Supervisor, part: object) -> bool:
    if isinstance(part, tuple):
        return True
    match part:
        case StartChild(child) | TerminateChild(child):
            return isinstance(child, Instance) is (flags.strategy is DYNAMIC)
        case RestartChild() | DeleteChild():
            return flags.strategy is not DYNAMIC
        case _:
            return False


def erlang_takes(erlang: Erlang, step: Step) -> None:
    if isinstance(step, float):
        erlang.now += step
        return
    for part in step:
        if not isinstance(part, tuple):
            erlang.inbox.append(part)
        elif part[0] in erlang.alive:
            erlang.die(*part)
    erlang.work()


def answers(world: CoreWorld) -> list[str]:
    return [
        WORDS[reply] if isinstance(reply, Refusal) else WORDS[type(reply)]
        for reply in world.replies
    ]


def states(world: CoreWorld) -> list[tuple[str, str]]:
    return [(child.id, child.state.value) for child in world.core.children.values()]


def erlang_states(erlang: Erlang) -> list[tuple[str, str]]:
    return [
        (
            kid.id,
            ChildState.RESTARTING.value
            if kid.restarting
            else ChildState.DOWN.value
            if kid.pid is None
            else ChildState.RUNNING.value,
        )
        for kid in erlang.kids
    ]


@settings(max_examples=300)
@given(
    supervisors(patient=False),
    plans(Crash(Boom()), Killed(), Normal(), Shutdown()),
    st.fixed_dictionaries(dict.fromkeys(NAMES, outcomes)),
)
def test_without_backoff_the_core_does_what_the_erlang_does(
    flags: Supervisor, plan: list[Step], how: dict[str, list[str]]
) -> None:
    """S1."""
    world = CoreWorld(flags, 0.5, per_child(flags, how))
    erlang = Erlang(flags, per_child(flags, how))
    erlang.work()
    for step in meant_for(flags, plan):
        if world.exited is not None:
            break
        take(world, step)
        erlang_takes(erlang, step)
        assert world.exited == erlang.exited
        if world.exited is None:
            assert states(world) == erlang_states(erlang)
    if world.exited is None:
        world.tell(Stop(Shutdown("test")))
        erlang.inbox.append(Terminate(Shutdown("test")))
        erlang.work()
    if flags.strategy is DYNAMIC:
        # All at once there: in no order.
        assert sorted(world.told) == sorted(erlang.told)
    else:
        assert world.told == erlang.told
    assert answers(world) == erlang.replies
    assert world.exited == erlang.exited
    assert world.alive.keys() == erlang.alive.keys() == set()


def test_an_old_retry_is_heard_as_long_as_one_is_wanted() -> None:
    """A restart fails; before its retry a group restart fails at the same child.

    Now two retries are in the queue, and the first does it: the second finds it done.
    """
    flags = Supervisor(
        REST_FOR_ONE, [ChildSpec(name, start) for name in "ab"], max_restarts=9
    )
    how = {"a": ["ok", "dying", "dying"], "b": ["ok", "fail", "fail"]}
    world = CoreWorld(flags, 0.5, per_child(flags, how))
    erlang = Erlang(flags, per_child(flags, how))
    step: Step = [("a", Killed())]

    take(world, step)
    erlang_takes(erlang, step)

    assert erlang.told[-5:] == ["!b", "+b", "-b", "+a", "+b"]
    assert world.told == erlang.told
