"""The real supervisor, with real actors on a virtual clock, against the core's own world.

The same supervisor, the same failures, calls and pauses, the same random numbers: both must
do the same, answer the same and show the same, and nothing may be left behind at the end.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import trio
import trio.testing
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from actors.kernel import (
    ActorDown,
    Crash,
    ExitReason,
    NeedsOperator,
    Normal,
    StartupFailed,
    System,
)
from supervision import (
    DYNAMIC,
    AlreadyStarted,
    ChildRow,
    ChildSpec,
    ChildState,
    Instance,
    RestartNow,
    SpecRefused,
    StartChild,
    StartRefused,
    Supervisor,
    Up,
    which_children,
)
from supervision.calls import Call
from tests.supervision.actors import Diary, Fail, Finish, House, Worker
from tests.supervision.core_world import Boom, CoreWorld
from tests.supervision.plans import NAMES, Step, calls, names, supervisors, take

PHASES = {
    ChildState.RUNNING: {"running"},
    ChildState.DOWN: {"down", "finished"},
    ChildState.RESTARTING: {"waiting"},
    ChildState.WAITING: {"waiting"},
    ChildState.HELD: {"waiting"},
    ChildState.NEEDS_OPERATOR: {"needs_operator"},
}

deaths = st.tuples(
    names, st.sampled_from([Crash(Boom()), Normal(), NeedsOperator("token")])
)
# Quarters of a second, so that no rounding decides which of two comes first.
pauses = st.integers(0, 120).map(lambda quarters: quarters / 4)
plans = st.lists(
    st.one_of(
        st.lists(
            st.one_of(deaths, calls, st.builds(RestartNow, names)),
            min_size=1,
            max_size=4,
        ),
        pauses,
    ),
    max_size=12,
)
outcomes = st.fixed_dictionaries(
    {
        name: st.lists(st.sampled_from(["ok", "ok", "fail", "ignore", "operator"]))
        for name in NAMES
    }
)


class Even(random.Random):
    """Always right in the middle."""

    def random(self) -> float:
        return 0.5


def per_child(how: dict[str, list[str]]) -> Callable[[str], str]:
    coming = {name: iter(how[name]) for name in how}
    return lambda name: next(coming[name], "ok")


class Pair:
    """The running supervisor and the core's world, side by side."""

    def __init__(self, flags: Supervisor, how: dict[str, list[str]]) -> None:
        self.diary = Diary()
        self.diary.plans = {name: list(plan) for name, plan in how.items()}
        self.world = CoreWorld(flags, 0.5, per_child(how))
        children = [self.real(spec) for spec in flags.children]
        self.flags = evolve(flags, children=children)
        self.system = System(self.flags.actor, seed=1)
        self.system.random = Even()
        self.asked: list[object] = []

    def real(self, spec: ChildSpec) -> ChildSpec:
        if self.world.flags.strategy is DYNAMIC:
            return evolve(spec, start=lambda name: Worker(name, self.diary))
        return evolve(spec, start=self.diary.worker(spec.id))

    def real_call(self, call: Call) -> Call:
        match call:
            case StartChild(ChildSpec() as spec):
                return StartChild(evolve(spec, start=self.diary.worker(spec.id)))
            case StartChild(Instance(name)):
                return StartChild(Instance(name, (name,)))
            case _:
                return call

    async def live(self, plan: list[Step]) -> None:
        try:
            async with self.system as system, trio.open_nursery() as nursery:
                self.house = House(system, self.diary)
                for step in plan:
                    if self.world.exited is not None:
                        break
                    await self.both_take(step, nursery)
                    await self.compare()
                nursery.cancel_scope.cancel()
        except StartupFailed:
            assert self.world.exited is not None
        else:
            assert self.system.cells == {}

    async def both_take(self, step: Step, nursery: trio.Nursery) -> None:
        if isinstance(step, float):
            await trio.sleep(step)
        else:
            await self.system.suspend(self.house.root)
            dying = set(self.world.alive)
            for part in step:
                if not isinstance(part, tuple):
                    nursery.start_soon(self.ask, len(self.asked), self.real_call(part))
                    self.asked.append(None)
                elif part[0] in dying:
                    dying.discard(part[0])
                    self.house.tell(part[0], message_for(part[1]))
                await trio.testing.wait_all_tasks_blocked()
            self.system.resume(self.house.root)
        await trio.testing.wait_all_tasks_blocked()
        take(self.world, step)

    async def ask(self, place: int, call: Call) -> None:
        try:
            self.asked[place] = await self.house.root.ask(call, within=1e6)
        except ActorDown:
            self.asked[place] = "down"

    async def compare(self) -> None:
        world = self.world
        assert [one for one in self.diary.lines if one[0] not in "x."] == [
            one for one in world.told if one[0] != "~"
        ]
        answered = [plain(answer) for answer in self.asked if answer != "down"]
        assert answered == [plain(reply) for reply in world.replies]
        if world.exited is not None:
            assert await self.system.ended() == world.exited
            return
        rows = await which_children(self.house.root)
        assert [plain(row) for row in rows] == [plain(r) for r in world.peek()]
        for row in rows:
            shown = self.system.snapshot(f"/{row.id}")
            assert shown.phase in PHASES[row.state]
            assert shown.seconds_left == row.seconds_left
        # One for the exit of each child that ever ran, one for each sleep.
        cell = self.house.root.cell
        ever = sum(bool(child.launched) for child in (cell.children or {}).values())
        assert cell.reserved == ever + len(world.timers)
        assert cell.depth == 0


def message_for(reason: ExitReason) -> Fail | Finish:
    match reason:
        case NeedsOperator():
            return Fail(reason)
        case Normal():
            return Finish()
        case _:
            return Fail()


def plain(answer: object) -> object:
    """Return *answer* without what the two cannot have in common."""
    match answer:
        case Up(name, _, token):
            return "up", name, token
        case AlreadyStarted(running):
            return "already", plain(running)
        case SpecRefused():
            return "spec refused"
        case StartRefused(exception):
            return "refused", repr(exception)
        case ChildRow():
            return evolve(answer, incarnation=0)
        case _:
            return answer


@settings(max_examples=200)
@given(supervisors(), plans, outcomes)
def test_the_running_supervisor_does_what_the_core_s_world_does(
    flags: Supervisor, plan: list[Step], how: dict[str, list[str]]
) -> None:
    async def main() -> None:
        await Pair(flags, how).live(plan)

    with capture_logs():
        trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
