"""What hooks cost: nothing at all where a system has none, and little where they idle."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import trio

from actors.kernel import Address, Cell, Incarnation, MailboxFull, System
from benchmarks.kernel import TICK, Ask, Counter, Done
from benchmarks.measure import Ratio, cost, rounds
from supervision import ChildSpec, Supervisor
from supervision.chaos import Chaos, ChaosHooks

MESSAGES = 40_000
ASKS = 15_000
CLIENTS = 8


def plain() -> None:
    """No hooks: there is nothing that could be looked at."""
    return


def idle() -> ChaosHooks:
    """Hooks without a plan, as in a host that was started with `--allow-chaos`."""
    return ChaosHooks()


def elsewhere() -> ChaosHooks:
    """A plan in force that is about somebody else."""
    plan = Chaos().at("deliver", "/other").drops().at("handle", "/other/*").kills()
    return ChaosHooks(plan)


HOOKS = {"plain": plain, "idle": idle, "elsewhere": elsewhere}


def system(finished: trio.Event, hooks: ChaosHooks | None) -> System:
    counter = ChildSpec("counter", lambda: Counter(finished))
    return System(Supervisor(children=[counter]).actor, hooks=hooks)


def tells(name: str) -> None:
    async def main() -> None:
        finished = trio.Event()
        async with system(finished, HOOKS[name]()) as running:
            counter = running.find("/counter", Counter)
            if name == "plain":
                check_plain(counter)
            for _ in range(MESSAGES):
                try:
                    counter.tell(TICK)
                except MailboxFull:
                    await counter.send(TICK, within=5.0)
            await counter.send(Done(), within=5.0)
            await finished.wait()

    trio.run(main)


def asks(name: str) -> None:
    async def main() -> None:
        async with system(trio.Event(), HOOKS[name]()) as running:
            counter = running.find("/counter", Counter)

            async def client(count: int) -> None:
                for number in range(count):
                    await counter.ask(Ask(number), within=5.0)

            async with trio.open_nursery() as nursery:
                for _ in range(CLIENTS):
                    nursery.start_soon(client, ASKS // CLIENTS)

    trio.run(main)


def check_plain(address: Address[Ask | Done]) -> None:
    """Without hooks the cell and the life are the plain ones, not a slower form of them."""
    cell = address.cell
    assert type(cell) is Cell
    assert type(cell.incarnation) is Incarnation
    assert cell.limit == cell.capacity, "tell must put straight into the lane"


def run() -> Iterator[Ratio]:
    """Yield how many times as much processor time each takes as a system without hooks."""
    for title, variant, goals in (
        ("tell", tells, {"idle": 3.5, "elsewhere": 6.0}),
        ("ask", asks, {"idle": 2.0, "elsewhere": 2.5}),
    ):
        taken = rounds({name: partial(variant, name) for name in HOOKS})
        for name, goal in goals.items():
            label = f"{title}, hooks {name} / no hooks"
            yield cost(label, taken["plain"], taken[name], goal)
