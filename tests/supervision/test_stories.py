"""Single stories of the core that are too rare for chance to find."""

from __future__ import annotations

from actors.kernel import AnyActor, Crash, Killed, NeedsOperator, Normal, Shutdown
from supervision import (
    ALL_SIGNIFICANT,
    DYNAMIC,
    ONE_FOR_ALL,
    ONE_FOR_ONE,
    REST_FOR_ONE,
    TEMPORARY,
    TRANSIENT,
    Backoff,
    ChildSpec,
    ChildState,
    DeleteChild,
    Done,
    Instance,
    Jitter,
    Refusal,
    RestartChild,
    RestartNow,
    StartChild,
    StartRefused,
    Strategy,
    Supervisor,
    TerminateChild,
    WhichChildren,
)
from supervision.decide import decide
from supervision.events import (
    Boot,
    Called,
    Exited,
    Forget,
    GaveUp,
    Hold,
    OperatorNeeded,
    PostRetry,
    Rest,
    SetTimer,
    Start,
    Started,
    StartFailed,
    Stop,
    TimerFired,
    TryAgain,
)
from supervision.state import Core
from tests.supervision.core_world import Boom, CoreWorld, actions_of, story

STEADY = Backoff(first=10.0, jitter=Jitter.NONE)


def start() -> AnyActor:
    raise NotImplementedError


def world_of(strategy: Strategy, **backoffs: Backoff | None) -> CoreWorld:
    children = [
        ChildSpec(name, start, backoff=backoff) for name, backoff in backoffs.items()
    ]
    return CoreWorld(Supervisor(strategy, children, max_restarts=5, within=5.0))


def test_a_failure_without_backoff_joins_the_group_that_sleeps() -> None:
    world = world_of(REST_FOR_ONE, a=None, b=STEADY)
    world.kill("b")
    world.work()
    world.sleep(4.0)
    world.kill("a")

    assert story(world.work()) == []
    assert [at for at, _ in world.timers.values()] == [10.0]
    assert story(world.sleep(6.0)) == ["+a", "+b"]


def test_a_failure_without_backoff_makes_the_sleep_no_longer() -> None:
    world = world_of(REST_FOR_ONE, a=None, b=STEADY)
    world.kill("b")
    world.work()
    world.sleep(9.5)
    world.kill("a")
    world.work()

    assert [at for at, _ in world.timers.values()] == [10.0]


def test_a_group_whose_leader_was_terminated_does_not_wait_for_it() -> None:
    world = world_of(ONE_FOR_ALL, a=None, b=STEADY)
    world.kill("b")
    world.work()
    world.ask(TerminateChild("b"))
    world.ask(RestartChild("a"))
    world.log.clear()
    world.kill("a")

    assert story(world.work()) == ["+a", "+b"]


def test_while_a_group_is_tried_again_nobody_in_it_is_held() -> None:
    world = world_of(ONE_FOR_ALL, a=None, b=STEADY, c=None)
    world.kill("b")
    world.work()
    fails = iter(["fail"])
    world.starts = lambda _: next(fails, "ok")
    (generation,) = world.timers
    del world.timers[generation]
    world.lane += TimerFired(generation), Called(WhichChildren(), None)
    world.work()

    (rows,) = world.replies
    assert isinstance(rows, tuple)
    assert [(row.id, row.state) for row in rows] == [
        ("c", ChildState.DOWN),
        ("b", ChildState.DOWN),
        ("a", ChildState.RESTARTING),
    ]
    assert world.alive.keys() == {"a", "b", "c"}


def test_a_group_that_sleeps_leaves_alone_who_needs_an_operator() -> None:
    world = world_of(ONE_FOR_ALL, a=STEADY, b=STEADY, c=STEADY)
    world.kill("a", NeedsOperator("token"))
    world.work()
    world.kill("c")
    world.work()
    assert world.rows()["a"].state is ChildState.NEEDS_OPERATOR

    assert story(world.sleep(10.0)) == ["+b", "+c"]


def test_two_that_sleep_side_by_side_wake_each_in_its_time() -> None:
    world = world_of(ONE_FOR_ONE, a=STEADY, b=STEADY)
    world.kill("a")
    world.work()
    world.sleep(4.0)
    world.kill("b")
    world.work()

    assert story(world.sleep(6.0)) == ["+a"]
    assert story(world.sleep(4.0)) == ["+b"]


def test_a_significant_child_that_is_deleted_while_held_holds_nobody_up() -> None:
    children = [
        ChildSpec("a", start, restart=TRANSIENT, significant=True),
        ChildSpec("b", start, backoff=STEADY),
        ChildSpec("c", start, restart=TRANSIENT, significant=True),
    ]
    flags = Supervisor(REST_FOR_ONE, children, auto_shutdown=ALL_SIGNIFICANT)
    world = CoreWorld(flags)
    world.kill("b")
    world.work()

    assert world.ask(DeleteChild("c")) == Done()
    world.kill("a", Normal())
    world.work()

    assert world.exited == Shutdown()


def test_a_significant_child_that_needs_an_operator_keeps_its_supervisor() -> None:
    """Whoever ends last: a person may start it again, and must find it to do so."""
    for ends in ("ab", "ba"):
        children = [
            ChildSpec(name, start, restart=TRANSIENT, significant=True) for name in "ab"
        ]
        world = CoreWorld(Supervisor(children=children, auto_shutdown=ALL_SIGNIFICANT))
        for name in ends:
            world.kill(name, NeedsOperator("token") if name == "a" else Normal())
            world.work()
        assert world.exited is None

        world.ask(RestartChild("a"))
        world.kill("a", Normal())
        world.work()
        assert world.exited == Shutdown()


def test_a_significant_child_that_sleeps_keeps_its_supervisor() -> None:
    children = [
        ChildSpec("a", start, restart=TRANSIENT, significant=True, backoff=STEADY),
        ChildSpec("b", start, restart=TRANSIENT, significant=True),
    ]
    world = CoreWorld(Supervisor(children=children, auto_shutdown=ALL_SIGNIFICANT))
    world.kill("a")
    world.kill("b", Normal())
    world.work()

    assert world.exited is None
    assert story(world.sleep(10.0)) == ["+a"]


def test_a_held_child_can_be_woken_and_wakes_its_group() -> None:
    world = world_of(ONE_FOR_ALL, a=STEADY, b=STEADY)
    world.kill("a")
    world.work()
    world.log.clear()

    assert world.ask(RestartNow("b")) == Done()

    assert story(world.log) == ["+a", "+b"]
    assert not world.timers


def test_a_held_child_that_does_not_start_by_hand_still_comes_back_with_its_group() -> (
    None
):
    """So it is held again, and its mail is kept; a child above the sleeper is not."""
    world = world_of(REST_FOR_ONE, z=None, a=STEADY, b=STEADY)
    world.kill("a")
    world.work()
    world.ask(TerminateChild("z"))
    world.starts = lambda _: "fail"
    world.log.clear()

    assert isinstance(world.ask(RestartChild("b")), StartRefused)
    assert isinstance(world.ask(RestartChild("z")), StartRefused)

    assert actions_of(world.log, Hold) == [Hold("b", "a")]
    (rested,) = actions_of(world.log, Rest)
    assert isinstance(rested, Rest)
    assert rested.child == "z"
    rows = world.rows()
    assert rows["b"].state is ChildState.HELD
    assert rows["b"].seconds_left == 10.0
    assert rows["z"].state is ChildState.DOWN
    world.starts = lambda _: "ok"
    assert story(world.sleep(10.0)) == ["+a", "+b"]


def test_a_restart_by_hand_begins_a_new_streak() -> None:
    world = world_of(ONE_FOR_ONE, a=STEADY)
    for _ in range(2):
        world.kill("a")
        world.work()
        world.sleep(30.0)
    world.ask(TerminateChild("a"))
    world.ask(RestartChild("a"))
    world.kill("a")

    (timer,) = actions_of(world.work(), SetTimer)
    assert isinstance(timer, SetTimer)
    assert (timer.streak, timer.seconds) == (1, 10.0)


def test_a_restart_exactly_as_old_as_the_window_still_counts() -> None:
    only = [ChildSpec("a", start)]
    world = CoreWorld(Supervisor(ONE_FOR_ONE, only, max_restarts=1, within=5.0))
    world.kill("a")
    world.work()
    world.sleep(5.0)
    world.kill("a")

    assert actions_of(world.work(), GaveUp) == [GaveUp("a", 2, "window")]


def test_a_start_that_fails_is_counted_at_once_and_not_when_it_is_tried_again() -> None:
    world = world_of(ONE_FOR_ONE, a=STEADY)
    world.kill("a")
    world.work()
    world.starts = lambda _: "fail"
    done = world.sleep(10.0)

    assert not actions_of(done, PostRetry)
    (timer,) = actions_of(done, SetTimer)
    assert isinstance(timer, SetTimer)
    assert timer.seconds == 20.0
    assert len(world.core.window) == 1


def test_the_retry_of_an_instance_is_not_that_of_its_namesake() -> None:
    world = CoreWorld(Supervisor(DYNAMIC, [ChildSpec("t", start)]))
    world.ask(StartChild(Instance("a")))
    core, token = world.core, world.alive["a"]
    core, actions = decide(core, Exited("a", token, Killed()), 0.0, 0.0)
    assert isinstance(actions[-1], Start)
    core, actions = decide(core, StartFailed(actions[-1].token, Boom()), 0.0, 0.0)
    (retry,) = actions_of(actions, PostRetry)
    assert isinstance(retry, PostRetry)

    for call in (TerminateChild(Instance("a")), StartChild(Instance("a"))):
        core, actions = decide(core, Called(call, None), 0.0, 0.0)
    assert isinstance(actions[-1], Start)
    token = actions[-1].token
    core, _ = decide(core, Started(token, 2), 0.0, 0.0)
    core, actions = decide(core, Exited("a", token, Killed()), 0.0, 0.0)
    assert isinstance(actions[-1], Start)
    core, actions = decide(core, StartFailed(actions[-1].token, Boom()), 0.0, 0.0)
    (second,) = actions_of(actions, PostRetry)
    assert isinstance(second, PostRetry)

    assert decide(core, TryAgain("a", retry.generation), 0.0, 0.0)[1] == []
    assert decide(core, TryAgain("a", second.generation), 0.0, 0.0)[1] != []


def test_after_a_boot_that_failed_nothing_is_answered() -> None:
    children = [ChildSpec("a", start)]
    world = CoreWorld(Supervisor(children=children), starts=lambda _: "fail")

    for event in (Called(RestartChild("a"), 1), Stop(Killed())):
        assert decide(world.core, event, 0.0, 0.0)[1] == []


def test_a_second_stop_changes_nothing() -> None:
    world = world_of(ONE_FOR_ONE, a=None)
    world.tell(Stop(Shutdown("first")))

    assert decide(world.core, Stop(Killed()), 0.0, 0.0)[1] == []
    assert world.exited == Shutdown("first")


def test_only_who_sleeps_can_be_woken() -> None:
    world = world_of(ONE_FOR_ONE, a=STEADY, b=STEADY, c=STEADY)
    world.kill("b", NeedsOperator("token"))
    world.work()
    world.ask(TerminateChild("c"))

    answers = [world.ask(RestartNow(name)) for name in ("a", "b", "c", "d")]

    assert answers == [
        Refusal.RUNNING,
        Refusal.NOT_WAITING,
        Refusal.NOT_WAITING,
        Refusal.NOT_FOUND,
    ]


def test_a_stable_run_that_a_group_restart_ended_counts_as_one() -> None:
    world = world_of(ONE_FOR_ALL, a=STEADY, b=STEADY)
    world.kill("a")
    world.work()
    world.sleep(10.0)
    world.sleep(100.0)
    world.kill("b")
    world.work()
    world.sleep(10.0)
    world.kill("a")

    (timer,) = actions_of(world.work(), SetTimer)
    assert isinstance(timer, SetTimer)
    assert timer.streak == 1


def test_a_significant_child_that_sleeps_with_its_group_keeps_its_supervisor() -> None:
    """It will be back, as one that waits by itself will."""
    children = [
        ChildSpec("a", start, restart=TRANSIENT, significant=True),
        ChildSpec("b", start, backoff=STEADY),
        ChildSpec("c", start, restart=TRANSIENT, significant=True),
    ]
    world = CoreWorld(Supervisor(REST_FOR_ONE, children, auto_shutdown=ALL_SIGNIFICANT))
    world.kill("b")
    world.work()

    world.kill("a", Normal())
    world.work()

    assert world.exited is None
    assert story(world.sleep(10.0)) == ["+b", "+c"]
    world.kill("c", Normal())
    world.work()
    assert world.exited == Shutdown()


def test_needing_an_operator_when_restarted_ends_the_tries() -> None:
    world = world_of(ONE_FOR_ALL, a=None, b=None)
    world.kill("b", Crash(Boom()))
    world.starts = lambda name: "operator" if name == "a" else "ok"

    assert story(world.work()) == ["-a", "+a", "+b"]
    assert world.rows()["a"].state is ChildState.NEEDS_OPERATOR


def test_while_a_retry_is_under_way_there_is_nothing_to_wake_or_restart() -> None:
    """The calls lie in the lane before the retry, as in OTP."""
    world = world_of(ONE_FOR_ONE, a=None)
    fails = iter(["fail"])
    world.starts = lambda _: next(fails, "ok")
    world.kill("a")
    world.lane += (
        Called(RestartNow("a"), 1),
        Called(RestartChild("a"), 2),
        Called(DeleteChild("a"), 3),
    )

    told = story(world.work())

    assert world.replies == [Refusal.RESTARTING] * 3
    assert told == ["+a", "+a"]


def test_a_temporary_child_that_needs_an_operator_at_its_boot_is_forgotten() -> None:
    """As after any other end: there is nobody that a person could start again."""
    children = [ChildSpec("a", start, TEMPORARY), ChildSpec("b", start)]
    core, _ = decide(Core(Supervisor(children=children)), Boot(), 0.0, 0.5)

    needed = StartFailed(1, NeedsOperator("no token"))
    core, actions = decide(core, needed, 0.0, 0.5)

    assert list(core.children) == ["b"]
    assert OperatorNeeded("a", "no token") in actions
    assert [each.child for each in actions if isinstance(each, Forget)] == ["a"]
