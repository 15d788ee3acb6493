"""Whole trees of real supervisors under random failures, kills, calls, stops and pauses.

Nothing is predicted here: what must hold whatever happens is looked at in every quiet
moment, and at the end.
"""

from __future__ import annotations

from functools import partial
from typing import TypeAlias

import trio
import trio.testing
from attrs import Factory, define, frozen
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from actors.kernel import (
    ActorContext,
    ActorError,
    Cell,
    Ignore,
    Incarnation,
    NeedsOperator,
    Shutdown,
    System,
)
from supervision import (
    BRUTAL,
    DYNAMIC,
    FOREVER,
    PERMANENT,
    TEMPORARY,
    TRANSIENT,
    Backoff,
    ChildSpec,
    CountChildren,
    DeleteChild,
    Instance,
    RestartChild,
    RestartNow,
    StartChild,
    Strategy,
    Supervisor,
    SupervisorActor,
    TerminateChild,
    WhichChildren,
)
from supervision.calls import Call, ChildState
from supervision.state import Core
from tests.supervision.actors import Diary, Fail, Finish, Ping, Worker, WorkerMessage

STOP_WITHIN = 5.0
KILL_WAIT = 2.0
WHEEL = 0.1
"""How late a deadline may be noticed."""
LONG = 200.0
"""Longer than any sleep, grace or deadline here."""


@define
class Stage:
    """What the workers of one tree share."""

    diary: Diary = Factory(Diary)
    lives: list[Incarnation] = Factory(list)


class Tracked(Worker):
    """A worker whose lives are on a list."""

    def __init__(self, stage: Stage, manners: str, name: str) -> None:
        super().__init__(name, stage.diary, manners)
        self.stage = stage

    async def start(self, ctx: ActorContext) -> Ignore | None:
        life = ctx.self.cell.incarnation
        assert life is not None
        self.stage.lives.append(life)
        return await super().start(ctx)


@frozen
class Kill:
    path: str


@frozen
class Tell:
    path: str
    message: WorkerMessage


@frozen
class Ask:
    path: str
    question: Ping | Call
    within: float


Step: TypeAlias = Kill | Tell | Ask | float

MANNERS = ["prompt", "prompt", "prompt", "slow", "stubborn", "undead"]
STARTS = ["ok", "ok", "ok", "fail", "ignore", "operator", "slow", "short", "dying"]
NAMES = ("a", "b", "c", "d", "x", "y")
backoffs = st.one_of(
    st.none(),
    st.builds(
        Backoff,
        first=st.sampled_from([0.5, 2.0]),
        cap=st.just(20.0),
        reset_after=st.just(5.0),
        give_up=st.sampled_from([2, FOREVER]),
    ),
)
restarts = st.sampled_from([PERMANENT, PERMANENT, TRANSIENT, TEMPORARY])


@st.composite
def trees(draw: st.DrawFn) -> tuple[Stage, Supervisor]:
    """Two levels: `a`, `b` and a supervisor `s` of `c` and `d`, or of instances."""
    stage = Stage()
    starts = st.lists(st.sampled_from(STARTS), max_size=6)
    # The first start of all is fine: trees that do not come up are told elsewhere.
    stage.diary.plans = {name: ["ok", *draw(starts)] for name in NAMES}

    def worker(name: str, dynamic: bool = False) -> ChildSpec:
        start = partial(Tracked, stage, draw(st.sampled_from(MANNERS)))
        return ChildSpec(
            name,
            start if dynamic else partial(start, name),
            restart=draw(restarts),
            shutdown=draw(st.sampled_from([None, 1.0, BRUTAL, FOREVER])),
            backoff=draw(backoffs),
        )

    limits = st.integers(0, 5)
    strategy = draw(st.sampled_from(Strategy))
    below = [worker("t", True)] if strategy is DYNAMIC else [worker("c"), worker("d")]
    inner = ChildSpec(
        "s",
        Supervisor(strategy, below, draw(limits)),
        restart=draw(restarts),
        backoff=draw(backoffs),
    )
    outer = draw(st.sampled_from([s for s in Strategy if s is not DYNAMIC]))
    children = [worker("a"), inner, worker("b")]
    return stage, Supervisor(outer, children, draw(limits))


workers = st.sampled_from(["/a", "/b", "/s/c", "/s/d", "/s/x", "/s/y"])
children = st.sampled_from(["a", "s", "b", "c", "d", "x"])
instances = st.sampled_from(["x", "y"]).map(lambda name: Instance(name, (name,)))
messages = st.sampled_from([Fail(), Fail(), Finish(), Fail(NeedsOperator("token"))])
withins = st.sampled_from([0.5, 30.0])
calls: st.SearchStrategy[Call] = st.one_of(
    st.builds(TerminateChild, st.one_of(children, instances)),
    st.builds(RestartChild, children),
    st.builds(DeleteChild, children),
    st.builds(RestartNow, children),
    st.builds(RestartNow, children),
    st.builds(StartChild, instances),
    st.builds(WhichChildren),
    st.builds(CountChildren),
)
steps: st.SearchStrategy[Step] = st.one_of(
    st.builds(Tell, workers, messages),
    st.builds(Tell, workers, messages),
    st.builds(Kill, st.one_of(workers, st.just("/s"))),
    st.builds(Ask, workers, st.builds(Ping), withins),
    st.builds(Ask, st.sampled_from(["/", "/s"]), calls, withins),
    st.sampled_from([0.0, 0.25, 1.0, 3.0, 25.0]),
)


class Run:
    """One tree, its steps, and a look at it whenever nothing moves."""

    def __init__(self, stage: Stage, flags: Supervisor, seed: int) -> None:
        self.stage = stage
        self.system = System(
            flags.actor, seed=seed, stop_within=STOP_WITHIN, kill_wait=KILL_WAIT
        )
        self.asked = self.answered = 0

    async def go(self, plan: list[Step]) -> None:
        async with trio.open_nursery() as nursery:
            async with self.system:
                root = self.system.cells["/"]
                for step in plan:
                    await self.take(step, nursery)
                    await trio.testing.wait_all_tasks_blocked()
                    self.look()
                leaving = trio.current_time()
                await self.system.stop(Shutdown("test"))
                assert trio.current_time() - leaving <= STOP_WITHIN + KILL_WAIT
                assert all(life.reason is not None for life in self.stage.lives)
                lives = len(self.stage.lives)
            # What was fenced may still be about; trio cannot drop a task.
            assert self.system.cells == {}
            assert root.reserved == 0
            # Whoever asked was told by now, and need not wait for the deadline.
            await trio.testing.wait_all_tasks_blocked()
            assert self.answered == self.asked
            await trio.sleep(LONG)
            assert len(self.stage.lives) == lives, "somebody started after the end"

    async def take(self, step: Step, nursery: trio.Nursery) -> None:
        match step:
            case Kill(path):
                cell = self.system.cells.get(path)
                if cell is not None and cell.incarnation is not None:
                    cell.incarnation.kill()
            case Tell(path, message):
                cell = self.system.cells.get(path)
                if cell is not None and cell.incarnation is not None:
                    cell.notify(message)
            case Ask():
                if step.path in self.system.cells:
                    self.asked += 1
                    nursery.start_soon(self.ask, step)
            case _:
                await trio.sleep(step)

    async def ask(self, step: Ask) -> None:
        kind = Worker if isinstance(step.question, Ping) else SupervisorActor
        began = trio.current_time()
        try:
            address = self.system.find(step.path, kind)
            await address.ask(step.question, within=step.within)  # type: ignore[arg-type]  # of its kind
        except ActorError:
            pass
        assert trio.current_time() - began <= step.within + WHEEL
        self.answered += 1

    # --- what holds whenever nothing moves ----------------------------------------------

    def look(self) -> None:
        living = [life for life in self.stage.lives if life.reason is None]
        paths = [life.cell.path for life in living]
        assert len(paths) == len(set(paths)), "two lives at once"
        for life in living:
            assert self.system.cells[life.cell.path] is life.cell
            assert life.cell.incarnation is life
        for cell in self.system.cells.values():
            self.look_at(cell)

    def look_at(self, cell: Cell) -> None:
        below = (cell.children or {}).values()
        if cell.incarnation is None:
            for child in below:
                assert child.incarnation is None, "it outlived its supervisor"
        if cell.incarnation is None:
            assert cell.resting is None or cell.depth == 0, "mail that nobody will read"
        elif is_idle(cell.incarnation):
            # One slot for the exit of each child that ever ran, one for each timer.
            ever = sum(child.launched > 0 for child in below)
            assert cell.reserved == ever + len(cell.incarnation.timers or ())
            # One that still starts its children is in the middle of something, too.
            if cell.incarnation.up and isinstance(
                cell.incarnation.actor, SupervisorActor
            ):
                self.look_into(cell, cell.incarnation.actor._core)

    def look_into(self, cell: Cell, core: Core) -> None:
        """What a supervisor believes is so."""
        assert cell.incarnation is not None
        assert len(cell.incarnation.timers or ()) == len(core.timers)
        places = cell.children or {}
        assert places.keys() == core.children.keys()
        for child in core.children.values():
            lives = places[child.id].incarnation is not None
            assert lives is (child.state is ChildState.RUNNING)


def is_idle(life: Incarnation) -> bool:
    """Tell whether it is up, in the middle of nothing, and has no mail."""
    cell = life.cell
    return life.up and life.in_hand is None and not cell.depth + cell.system_depth


@settings(max_examples=200)
@given(trees(), st.lists(steps, max_size=20), st.integers(0, 2**32))
def test_whatever_happens_to_a_tree_nobody_is_lost_and_nothing_is_left(
    tree: tuple[Stage, Supervisor], plan: list[Step], seed: int
) -> None:
    """S2."""
    stage, flags = tree

    async def main() -> None:
        await Run(stage, flags, seed).go(plan)

    with capture_logs():
        trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
