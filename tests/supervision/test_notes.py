"""What the core has written down, shown and told, to the letter."""

from __future__ import annotations

from actors.kernel import AnyActor, Crash, Killed, NeedsOperator, Normal, Shutdown
from actors.kernel import StartFailed as NeverUp
from supervision import (
    ALL_SIGNIFICANT,
    ANY_SIGNIFICANT,
    DYNAMIC,
    FOREVER,
    ONE_FOR_ALL,
    ONE_FOR_ONE,
    REST_FOR_ONE,
    TEMPORARY,
    TRANSIENT,
    Backoff,
    ChildRow,
    ChildSpec,
    ChildState,
    DeleteChild,
    Fault,
    Instance,
    Jitter,
    RestartChild,
    SpecRefused,
    StartChild,
    StartRefused,
    Supervisor,
    TerminateChild,
    caution,
)
from supervision.events import (
    Abandon,
    Action,
    Booted,
    ChildEnded,
    Doubtful,
    Exit,
    Forget,
    GaveUp,
    Hold,
    OperatorNeeded,
    Rest,
    Restarted,
    RestartFailed,
    SetTimer,
    ShuttingDown,
    Stop,
)
from tests.supervision.core_world import Boom, CoreWorld, story

STEADY = Backoff(first=10.0, jitter=Jitter.NONE, give_up=FOREVER)
BOOM = Crash(Boom())
TERMINATED = Shutdown("terminate_child")
TOKEN = NeedsOperator("token")
SHOWN = (
    Abandon
    | Booted
    | ChildEnded
    | Doubtful
    | Exit
    | Forget
    | GaveUp
    | Hold
    | OperatorNeeded
    | Rest
    | Restarted
    | RestartFailed
    | SetTimer
    | ShuttingDown
)


def start() -> AnyActor:
    raise NotImplementedError


def alone(**more: object) -> CoreWorld:
    child = ChildSpec("a", start, **more)  # type: ignore[arg-type]  # tests name the fields
    return CoreWorld(Supervisor(children=[child], max_restarts=1))


def shown(actions: list[Action]) -> list[Action]:
    return [action for action in actions if isinstance(action, SHOWN)]


def after(world: CoreWorld, reason: object = BOOM) -> list[Action]:
    """Return what is shown after the end of `a`."""
    world.kill("a", reason)  # type: ignore[arg-type]  # an exit reason
    return shown(world.work())


def test_it_says_when_it_is_up() -> None:
    assert shown(alone().log) == [Booted()]


def test_a_spec_that_is_hardly_meant() -> None:
    inner = ChildSpec("inner", Supervisor(), restart=TRANSIENT)
    world = CoreWorld(Supervisor(children=[inner]))
    doubtful = Doubtful("inner", caution(inner))
    assert shown(world.log) == [doubtful, Booted()]

    world = CoreWorld(Supervisor())
    world.ask(StartChild(inner))
    assert shown(world.log) == [Booted(), doubtful]


def test_a_run_was_stable_from_reset_after_on() -> None:
    for run, streak in ((59.9, 2), (60.0, 1)):
        world = alone(backoff=STEADY)
        after(world)
        world.sleep(10.0)
        world.sleep(run)

        (timer,) = [one for one in after(world) if isinstance(one, SetTimer)]

        assert timer.streak == streak


def test_each_restart_is_noted_and_so_is_giving_up() -> None:
    world = alone()

    assert after(world) == [ChildEnded("a", 1, BOOM, True), Restarted("a", 2, 0)]
    assert after(world) == [
        ChildEnded("a", 2, BOOM, True),
        GaveUp("a", 2, "window"),
        Exit(Shutdown()),
    ]


def test_a_restart_after_a_sleep_is_noted_with_its_streak() -> None:
    world = alone(backoff=STEADY, counted=False)

    ended, timer = after(world)
    assert ended == ChildEnded("a", 1, BOOM, True, counted=False)
    assert isinstance(timer, SetTimer)
    assert (timer.child, timer.seconds, timer.streak) == ("a", 10.0, 1)
    assert timer.why == "crash: Boom()"
    assert world.rows()["a"].why == "crash: Boom()"
    assert shown(world.sleep(10.0)) == [Restarted("a", 2, 1)]
    assert world.rows()["a"].why == ""


def test_a_restart_that_fails() -> None:
    world = alone()
    fails = iter(["fail"])
    world.starts = lambda _: next(fails, "ok")

    ended, failed, gave_up, abandoned, left = after(world)

    assert ended == ChildEnded("a", 1, BOOM, True)
    assert isinstance(failed, RestartFailed)
    assert (failed.child, repr(failed.exception)) == ("a", "Boom('a')")
    assert gave_up == GaveUp("a", 2, "window")
    assert abandoned == Abandon("a")
    assert left == Exit(Shutdown())


def test_a_restart_that_fails_and_sleeps() -> None:
    world = alone(backoff=STEADY)
    after(world)
    world.starts = lambda _: "fail"

    failed, timer = shown(world.sleep(10.0))

    assert isinstance(failed, RestartFailed)
    assert isinstance(timer, SetTimer)
    assert (timer.why, timer.streak) == ("Boom('a')", 2)


def test_too_many_in_a_row() -> None:
    world = alone(backoff=Backoff(first=10.0, jitter=Jitter.NONE, give_up=0))

    assert after(world)[1:] == [GaveUp("a", 1, "give_up"), Exit(Shutdown())]


def test_too_many_restarts_of_an_instance() -> None:
    world = CoreWorld(Supervisor(DYNAMIC, [ChildSpec("t", start)], max_restarts=0))
    world.ask(StartChild(Instance("a")))

    assert after(world)[1:] == [
        GaveUp("a", 1, "window"),
        Forget("a", Shutdown()),
        Exit(Shutdown()),
    ]


def test_who_never_ran_has_no_incarnation_and_nothing_to_say() -> None:
    child = ChildSpec("a", start)
    world = CoreWorld(Supervisor(children=[child]), starts=lambda _: "ignore")

    assert world.peek() == (ChildRow("a", ChildState.DOWN, 0, is_supervisor=False),)


def test_what_an_operator_gets_to_read() -> None:
    child = ChildSpec("a", start)
    flags = Supervisor(children=[child], max_restarts=1, needs_operator=True)
    world = CoreWorld(flags)
    fails = iter(["fail"])
    world.starts = lambda _: next(fails, "ok")

    after(world)

    assert str(world.exited) == "a failed 2 times, last with Boom('a')"


def test_an_early_death_in_a_group_that_slept() -> None:
    """It ends the start at once: nobody is started for nothing."""
    children = [ChildSpec(name, start, backoff=STEADY) for name in "ab"]
    world = CoreWorld(Supervisor(ONE_FOR_ALL, children))
    after(world)
    world.starts = lambda _: "dying"

    restarted, ended, timer, held = shown(world.sleep(10.0))

    assert restarted == Restarted("a", 3, 1)
    assert isinstance(ended, ChildEnded)
    assert (ended.child, ended.incarnation, ended.restarts) == ("a", 3, True)
    assert isinstance(timer, SetTimer)
    assert (timer.child, timer.streak, timer.seconds) == ("a", 2, 20.0)
    assert held == Hold("b", "a")
    assert story(world.log)[-1] == "+a"


def test_who_stays_down() -> None:
    assert after(alone(restart=TRANSIENT), Normal()) == [
        ChildEnded("a", 1, Normal(), False),
        Rest("a", Normal()),
    ]
    assert after(alone(restart=TEMPORARY)) == [
        ChildEnded("a", 1, BOOM, False),
        Forget("a", BOOM),
    ]


def test_who_needs_an_operator() -> None:
    world = alone()
    assert after(world, TOKEN) == [
        ChildEnded("a", 1, TOKEN, False),
        OperatorNeeded("a", "token"),
        Rest("a", TOKEN),
    ]
    assert world.rows()["a"].why == "token"
    assert after(alone(restart=TEMPORARY), TOKEN) == [
        ChildEnded("a", 1, TOKEN, False),
        OperatorNeeded("a", "token"),
        Forget("a", TOKEN),
    ]


def test_who_needs_an_operator_already_to_start() -> None:
    child = ChildSpec("a", start)
    world = CoreWorld(Supervisor(children=[child]), starts=lambda _: "operator")

    needed, rest, booted = shown(world.log)

    assert needed == OperatorNeeded("a", "no token")
    assert isinstance(rest, Rest)
    assert str(rest.reason) == "no token"
    assert booted == Booted()


def test_an_instance_that_needs_an_operator_is_kept_and_shown() -> None:
    world = CoreWorld(Supervisor(DYNAMIC, [ChildSpec("t", start)]))
    world.ask(StartChild(Instance("a")))

    assert after(world, TOKEN)[1:] == [OperatorNeeded("a", "token"), Rest("a", TOKEN)]
    assert world.rows()["a"].state is ChildState.NEEDS_OPERATOR


def test_a_significant_child_that_needs_an_operator_ends_nobody() -> None:
    for auto in (ANY_SIGNIFICANT, ALL_SIGNIFICANT):
        child = ChildSpec("a", start, restart=TRANSIENT, significant=True)
        world = CoreWorld(Supervisor(children=[child], auto_shutdown=auto))

        after(world, TOKEN)

        assert world.exited is None


def test_the_end_of_a_significant_child() -> None:
    child = ChildSpec("a", start, restart=TEMPORARY, significant=True)
    world = CoreWorld(Supervisor(children=[child], auto_shutdown=ANY_SIGNIFICANT))

    assert after(world) == [
        ChildEnded("a", 1, BOOM, False),
        Forget("a", BOOM),
        ShuttingDown("a"),
        Exit(Shutdown()),
    ]


def test_a_group_that_sleeps_and_is_stopped() -> None:
    children = [ChildSpec(name, start, backoff=STEADY) for name in "abc"]
    world = CoreWorld(Supervisor(ONE_FOR_ALL, children))

    world.kill("b")
    _, timer, *held = shown(world.work())
    assert isinstance(timer, SetTimer)
    assert timer.child == "b"
    assert held == [Hold("a", "b"), Hold("c", "b")]
    assert shown(world.tell(Stop(Killed()))) == [
        *map(Abandon, "abc"),
        Exit(Killed()),
    ]


def test_what_is_done_by_hand() -> None:
    world = CoreWorld(Supervisor(ONE_FOR_ONE, [ChildSpec("a", start)]))
    done: list[list[Action]] = []
    for call in (TerminateChild("a"), DeleteChild("a")):
        before = len(world.log)
        world.ask(call)
        done.append(shown(world.log[before:]))

    assert done == [
        [Rest("a", TERMINATED)],
        [Forget("a", Shutdown("delete_child"))],
    ]


def test_a_child_that_waits_is_terminated() -> None:
    world = alone(backoff=STEADY)
    after(world)
    before = len(world.log)

    world.ask(TerminateChild("a"))

    assert shown(world.log[before:]) == [Rest("a", TERMINATED)]


def test_the_leader_of_a_group_that_sleeps_is_terminated() -> None:
    children = [ChildSpec(name, start, backoff=STEADY) for name in "abc"]
    world = CoreWorld(Supervisor(REST_FOR_ONE, children))
    world.kill("b")
    world.work()
    before = len(world.log)

    world.ask(TerminateChild("b"))

    assert shown(world.log[before:]) == [Rest("c", TERMINATED), Rest("b", TERMINATED)]


def test_an_instance_that_waits_is_terminated() -> None:
    template = ChildSpec("t", start, backoff=STEADY)
    world = CoreWorld(Supervisor(DYNAMIC, [template]))
    world.ask(StartChild(Instance("a")))
    after(world)
    before = len(world.log)

    world.ask(TerminateChild(Instance("a")))

    assert shown(world.log[before:]) == [Forget("a", TERMINATED)]


def test_what_is_not_for_this_kind_of_supervisor() -> None:
    spec, instance = ChildSpec("a", start), Instance("b")

    refused = CoreWorld(Supervisor()).ask(StartChild(instance))
    must = "must be a ChildSpec for this supervisor"
    assert refused == SpecRefused(Fault("child", must, instance))

    refused = CoreWorld(Supervisor(DYNAMIC, [spec])).ask(StartChild(spec))
    must = "must be an Instance for this supervisor"
    assert refused == SpecRefused(Fault("child", must, spec))

    refused = CoreWorld(Supervisor(DYNAMIC, [spec])).ask(StartChild(Instance("")))
    must = "must be a non-empty string without a slash"
    assert refused == SpecRefused(Fault("id", must, ""))


def test_what_does_not_start_by_hand() -> None:
    world = CoreWorld(Supervisor(ONE_FOR_ONE, [ChildSpec("a", start)]))
    world.ask(TerminateChild("a"))
    world.starts = lambda _: "fail"
    before = len(world.log)

    refused = world.ask(RestartChild("a"))

    assert isinstance(refused, StartRefused)
    assert shown(world.log[before:]) == [Rest("a", NeverUp(refused.exception))]
    assert isinstance(world.ask(StartChild(ChildSpec("b", start))), StartRefused)
    assert shown(world.log[-2:]) == [Forget("b", Shutdown())]


def test_what_is_not_needed() -> None:
    world = CoreWorld(Supervisor(ONE_FOR_ONE, [ChildSpec("a", start)]))
    world.ask(TerminateChild("a"))
    world.starts = lambda _: "ignore"

    world.ask(RestartChild("a"))

    assert shown(world.log)[-1] == Rest("a", Normal())


def test_who_needed_an_operator_and_is_not_needed_any_more() -> None:
    world = alone()
    after(world, TOKEN)
    world.starts = lambda _: "ignore"

    world.ask(RestartChild("a"))

    assert world.rows()["a"].state is ChildState.DOWN
