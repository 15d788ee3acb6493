"""A restart failed, and its retry is in the queue: what may come in between."""

from __future__ import annotations

from actors.kernel import AnyActor, Shutdown
from supervision import (
    ONE_FOR_ALL,
    ChildSpec,
    DeleteChild,
    RestartChild,
    Supervisor,
    TerminateChild,
)
from supervision.events import Called, Rest
from tests.supervision.core_world import CoreWorld, actions_of

TERMINATED = Shutdown("terminate_child")


def start() -> AnyActor:
    raise NotImplementedError


def rested(*between: DeleteChild | RestartChild) -> list[str]:
    """Return who rests when `a`, whose retry would bring `b` and `c`, is terminated."""
    children = [ChildSpec(name, start) for name in "abc"]
    world = CoreWorld(Supervisor(ONE_FOR_ALL, children, max_restarts=9))
    fails = iter(["fail"])
    world.starts = lambda _: next(fails, "ok")
    world.kill("a")
    calls = *between, TerminateChild("a")
    world.lane += [Called(call, None) for call in calls]
    world.work()
    rests = [rest for rest in actions_of(world.log, Rest) if isinstance(rest, Rest)]
    assert {rest.reason for rest in rests} == {TERMINATED}
    return [rest.child for rest in rests]


def test_whoever_would_have_come_back_with_it_rests_like_it() -> None:
    assert rested() == ["b", "c", "a"]


def test_who_was_deleted_meanwhile_does_not_rest() -> None:
    assert rested(DeleteChild("b")) == ["c", "a"]


def test_who_was_started_meanwhile_does_not_rest() -> None:
    assert rested(RestartChild("c")) == ["b", "a"]
