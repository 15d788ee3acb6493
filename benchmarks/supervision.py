"""What one child costs among 100,000, beside one among 1,000: nothing may grow.

The floor is not another program but ourselves with few children, measured in the same
round, each crowd in a process of its own: what one leaves behind in the heap would be
paid for by the next. The collector is set as `rookery run` sets it; with Python's own
setting, which is measured as well, it looks at everybody again and again while a crowd
grows.
"""

from __future__ import annotations

import gc
import random
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from statistics import median
from typing import TypeAlias

import structlog
import trio
import trio.testing
from attrs import frozen

from actors.kernel import Actor, ActorContext, AddressNotFound, Crash, Down, System
from benchmarks.measure import ROUNDS, Ratio, cost
from rookery.host import settle_collector
from supervision import (
    DYNAMIC,
    FOREVER,
    Backoff,
    ChildSpec,
    Instance,
    StartChild,
    Supervisor,
    SupervisorActor,
    start_child,
)
from supervision.decide import decide
from supervision.events import Boot, Called, Event, Exited, Start, Started
from supervision.state import Core

FEW, MORE, MANY = 1_000, 10_000, 100_000
GOAL = 1.3
SHARE = 10
"""One child in so many crashes."""
STEPS = 20_000
"""Decisions and look-ups in one measurement."""
ENDLESS = 10**9

Costs: TypeAlias = dict[str, float]
"""Seconds of processor time for one child, by what was done."""


@frozen
class Break:
    """Fail."""


class Fragile(Actor[Break]):
    """Waits; fails when told."""

    made = 0

    def __init__(self) -> None:
        Fragile.made += 1

    async def handle(self, ctx: ActorContext, message: Break) -> None:
        raise ConnectionError


class Watching(Actor[Down]):
    """Watches the root, and leaves before it does."""

    async def start(self, ctx: ActorContext) -> None:
        ctx.watch(ctx.find("/target"))

    async def handle(self, ctx: ActorContext, message: Down) -> None:
        """Nobody comes here: they leave first."""


PAUSE = Backoff(first=0.001, factor=1.0, cap=0.001, give_up=FOREVER)


def lives(children: int, backoff: Backoff | None = None) -> Costs:
    """Start so many, one after the other; crash a tenth at once; stop them all."""
    costs: Costs = {}

    async def main() -> None:
        template = ChildSpec("template", Fragile, backoff=backoff)
        crowd = Supervisor(DYNAMIC, [template], max_restarts=ENDLESS, within=3600.0)
        async with System(crowd.actor, stop_within=3600.0) as system:
            root = system.find("/", SupervisorActor)
            Fragile.made = 0
            watch = Stopwatch()
            for number in range(children):
                await start_child(root, Instance(str(number)))
            costs["start"] = watch.taken() / children
            costs.update(look_ups(system, children))
            watch = Stopwatch()
            # As often as it takes to crash as many: what the collector does now and
            # then falls on all sizes alike.
            waves = MANY // children
            for wave in range(1, waves + 1):
                for number in range(0, children, SHARE):
                    system.find(f"/{number}", Fragile).tell(Break())
                while Fragile.made < children + wave * (children // SHARE):  # noqa: ASYNC110 - nobody tells
                    await trio.sleep(0.001)
                await trio.testing.wait_all_tasks_blocked()
            costs["crash"] = watch.taken() / (waves * (children // SHARE))
        costs["stop"] = watch.taken() / children

    trio.run(main)
    return costs


class Stopwatch:
    """Seconds of processor time since the last look."""

    def __init__(self) -> None:
        self._began = time.process_time()

    def taken(self) -> float:
        before, self._began = self._began, time.process_time()
        return self._began - before


def decisions(children: int) -> Costs:
    """Let the core decide the end and the new start of one child among so many."""
    flags = Supervisor(
        DYNAMIC, [ChildSpec("t", Fragile)], max_restarts=ENDLESS, within=3600.0
    )
    core = Core(flags)

    def do(event: Event) -> None:
        for action in decide(core, event, 0.0, 0.5)[1]:
            if isinstance(action, Start):
                decide(core, Started(action.token, 1), 0.0, 0.5)

    do(Boot())
    for number in range(children):
        do(Called(StartChild(Instance(str(number))), number))
    names = random.Random(7).choices(list(core.children), k=STEPS)
    reason = Crash(ConnectionError())
    watch = Stopwatch()
    for name in names:
        do(Exited(name, core.children[name].token, reason))
    return {"decide": watch.taken() / STEPS}


def look_ups(system: System, children: int) -> Costs:
    """Find one of so many, again and again; look for one who is not there."""
    # Of a hundred in use: what is measured is looking, not how cold memory is.
    used = random.Random(7).sample(range(children), 100)
    paths = [f"/{number}" for number in random.Random(7).choices(used, k=STEPS)]
    costs: Costs = {}
    watch = Stopwatch()
    for path in paths:
        system.find(path)
    costs["find"] = watch.taken() / STEPS
    for number in range(100):
        try:
            system.find(f"/nobody{number}")
        except AddressNotFound:
            continue
    costs["miss"] = watch.taken() / 100
    for _ in range(5):
        system.snapshot(at_most=20)
    costs["snapshot"] = watch.taken() / 5
    return costs


def leavers(children: int) -> Costs:
    """Stop so many actors, each of which watches the same one."""
    costs: Costs = {}

    async def main() -> None:
        crowd = Supervisor(DYNAMIC, [ChildSpec("watching", Watching)])
        family = [ChildSpec("target", Fragile), ChildSpec("crowd", crowd)]
        async with System(Supervisor(children=family).actor, stop_within=3600.0) as s:
            root = s.find("/crowd", SupervisorActor)
            for number in range(children):
                await start_child(root, Instance(str(number)))
            watch = Stopwatch()
        costs["leave"] = watch.taken() / children

    trio.run(main)
    return costs


def bytes_per_child(children: int) -> float:
    """Heap bytes of one idle child of a dynamic supervisor, all it needs included."""
    size = 0

    async def main() -> None:
        nonlocal size
        crowd = Supervisor(DYNAMIC, [ChildSpec("template", Fragile)])
        async with System(crowd.actor) as system:
            root = system.find("/", SupervisorActor)
            await start_child(root, Instance("first"))
            gc.collect()
            tracemalloc.start()
            before, _ = tracemalloc.get_traced_memory()
            for number in range(children):
                await start_child(root, Instance(str(number)))
            await trio.testing.wait_all_tasks_blocked()
            gc.collect()
            size = tracemalloc.get_traced_memory()[0] - before
            tracemalloc.stop()

    trio.run(main)
    return size / children


def alone(
    measure: Callable[[int], Costs], size: int, times: int, *, as_in_a_host: bool
) -> list[Costs]:
    """Measure so many times; in a process that has done nothing else."""
    log_to_nobody()
    if as_in_a_host:
        settle_collector()
    return [measure(size) for _ in range(times)]


def log_to_nobody() -> None:
    """Have lines written, as a host does, and printed nowhere."""
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()],
        logger_factory=lambda *_: structlog.ReturnLogger(),
    )


def grown(
    measure: Callable[[int], Costs],
    few: int,
    many: int,
    more: int = 0,
    *,
    rounds: int = ROUNDS,
    as_in_a_host: bool = True,
) -> dict[int, dict[str, list[float]]]:
    """Measure in turn, round after round: size, then what was done, then each round."""
    found: dict[int, dict[str, list[float]]] = {}
    for _ in range(rounds):
        for size in filter(None, (few, more, many)):
            # A small crowd is over too soon for the clock: several of them count.
            times = 5 if size < MORE else 1
            with ProcessPoolExecutor(1, get_context("spawn")) as process:
                job = partial(alone, measure, size, times, as_in_a_host=as_in_a_host)
                runs = process.submit(job).result()
            for what in runs[0]:
                mean = sum(run[what] for run in runs) / times
                found.setdefault(size, {}).setdefault(what, []).append(mean)
    return found


def ratio(
    name: str, found: dict[int, dict[str, list[float]]], what: str, size: int
) -> Ratio:
    floor, ours = found[min(found)][what], found[size][what]
    label = f"{name}, {size:,} beside {min(found):,} ({median(ours) * 1e6:.1f} us)"
    return cost(label, floor, ours, GOAL)


def run() -> Iterator[object]:
    """Yield one line for each figure, as it is measured."""
    log_to_nobody()
    found = grown(lives, FEW, MANY, MORE)
    for size in (MORE, MANY):
        yield ratio("start by a call", found, "start", size)
        yield ratio("a tenth crashes at once", found, "crash", size)
        yield ratio("stop", found, "stop", size)
    yield ratio("find", found, "find", MANY)
    yield ratio("find nobody", found, "miss", MANY)
    milliseconds = median(found[MANY]["snapshot"]) * 1e3
    yield f"     snapshot of {MANY:,}, 20 shown: {milliseconds:.0f} ms"
    found = grown(decisions, FEW, MANY)
    yield ratio("decide", found, "decide", MANY)
    found = grown(partial(lives, backoff=PAUSE), FEW, MANY, rounds=3)
    yield ratio("a tenth crashes, with a pause", found, "crash", MANY)
    found = grown(leavers, FEW, MORE)
    yield ratio("a watcher leaves", found, "leave", MORE)
    yield f"     idle child: {bytes_per_child(MORE) / 1000:.2f} kB, goal <= 6 kB"
    found = grown(lives, FEW, MANY, rounds=1, as_in_a_host=False)
    for what in ("start", "crash"):
        times = found[MANY][what][0] / found[FEW][what][0]
        yield f"     {what}, with Python's own setting of the collector: {times:.1f}x"
