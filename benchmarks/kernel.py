"""The kernel, every feature on, beside naive awaited forms of a raw trio channel."""

from __future__ import annotations

import gc
import statistics
import time
import tracemalloc
from collections.abc import Iterator

import structlog
import trio
import trio.testing
from attrs import frozen

from actors.kernel import Actor, ActorContext, Address, MailboxFull, Query, System
from benchmarks.measure import ROUNDS, cost, faster, rounds
from supervision import ChildSpec, Strategy, Supervisor

MESSAGES = 60_000
ASKS = 20_000
HOPS = 10_000
ACTORS = 5_000
STATIONS = 4
"""Relays on the way; both forms then have the same number of hand-overs."""


@frozen
class Tick:
    number: int


class Done:
    """Tells a counter that this was all."""


@frozen
class Ask(Query[int]):
    number: int


TICK = Tick(1)


class Counter(Actor[Tick | Ask | Done]):
    """Counts ticks, answers asks."""

    def __init__(self, finished: trio.Event) -> None:
        self.seen = 0
        self.finished = finished

    async def handle(self, ctx: ActorContext, message: Tick | Ask | Done) -> None:
        match message:
            case Tick():
                self.seen += 1
            case Ask():
                ctx.answer(message, message.number)
            case Done():
                self.finished.set()


class Relay(Actor[Tick]):
    """Passes a tick on; the last one sets the event."""

    def __init__(self, to: str | None, back: trio.Event | None = None) -> None:
        self.to = to
        self.back = back
        self.next: Address[Tick] | None = None

    async def handle(self, ctx: ActorContext, message: Tick) -> None:
        if self.to is None:
            arrived.append(message)
            wake()
            return
        if self.next is None:
            self.next = ctx.find(self.to, Relay)
        self.next.tell(message)


arrived: list[Tick] = []
_waiter: list[trio.lowlevel.Task] = []


def wake() -> None:
    if _waiter:
        trio.lowlevel.reschedule(_waiter.pop())


async def wait_for_arrival() -> None:
    _waiter.append(trio.lowlevel.current_task())

    def abort(_: object) -> trio.lowlevel.Abort:
        _waiter.clear()
        return trio.lowlevel.Abort.SUCCEEDED

    await trio.lowlevel.wait_task_rescheduled(abort)


# --- floors ------------------------------------------------------------------------------


def raw_send_receive(capacity: int, messages: int) -> None:
    async def main() -> None:
        send, receive = trio.open_memory_channel[Tick](capacity)

        async def produce() -> None:
            async with send:
                for _ in range(messages):
                    await send.send(TICK)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(produce)
            seen = 0
            async for _ in receive:
                seen += 1

    trio.run(main)


def raw_ask(clients: int, asks: int) -> None:
    async def main() -> None:
        send, receive = trio.open_memory_channel[
            tuple[Ask, trio.MemorySendChannel[int]]
        ](64)

        async def serve() -> None:
            async for question, reply in receive:
                await reply.send(question.number)

        async def client(count: int) -> None:
            for number in range(count):
                reply_send, reply_receive = trio.open_memory_channel[int](1)
                await send.send((Ask(number), reply_send))
                await reply_receive.receive()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve)
            async with trio.open_nursery() as inner:
                for _ in range(clients):
                    inner.start_soon(client, asks // clients)
            nursery.cancel_scope.cancel()

    trio.run(main)


def raw_hops(hops: int, stations: int = STATIONS) -> None:
    async def main() -> None:
        lines = [trio.open_memory_channel[Tick](64) for _ in range(stations + 1)]

        async def relay(index: int) -> None:
            async for tick in lines[index][1]:
                await lines[index + 1][0].send(tick)

        async with trio.open_nursery() as nursery:
            for index in range(stations):
                nursery.start_soon(relay, index)
            for _ in range(hops):
                await lines[0][0].send(TICK)
                await lines[-1][1].receive()
            nursery.cancel_scope.cancel()

    trio.run(main)


def raw_fan_in(producers: int, messages: int) -> None:
    async def main() -> None:
        send, receive = trio.open_memory_channel[Tick](64)

        async def produce() -> None:
            for _ in range(messages // producers):
                await send.send(TICK)

        async with trio.open_nursery() as nursery:
            for _ in range(producers):
                nursery.start_soon(produce)
            for _ in range(messages // producers * producers):
                await receive.receive()

    trio.run(main)


def raw_spawn(count: int) -> float:
    """Seconds of processor time until *count* bare tasks wait on a channel each."""
    taken = 0.0

    async def main() -> None:
        nonlocal taken

        async def body(receive: trio.MemoryReceiveChannel[Tick]) -> None:
            async for _ in receive:
                pass

        async with trio.open_nursery() as nursery:
            gc.collect()
            began = time.process_time()
            for _ in range(count):
                _, receive = trio.open_memory_channel[Tick](64)
                nursery.start_soon(body, receive)
            await trio.testing.wait_all_tasks_blocked()
            taken = time.process_time() - began
            nursery.cancel_scope.cancel()

    trio.run(main)
    return taken


# --- ours --------------------------------------------------------------------------------


def our_tell(messages: int) -> None:
    async def main() -> None:
        finished = trio.Event()
        async with System(lambda: Counter(finished)) as system:
            address = system.find("/", Counter)
            for _ in range(messages):
                try:
                    address.tell(TICK)
                except MailboxFull:
                    await address.send(TICK, within=10.0)
            await address.send(Done(), within=10.0)
            await finished.wait()

    trio.run(main)


def our_ask(clients: int, asks: int) -> None:
    async def main() -> None:
        async with System(lambda: Counter(trio.Event())) as system:
            address = system.find("/", Counter)

            async def client(count: int) -> None:
                for number in range(count):
                    await address.ask(Ask(number), within=5.0)

            async with trio.open_nursery() as nursery:
                for _ in range(clients):
                    nursery.start_soon(client, asks // clients)

    trio.run(main)


def our_hops(hops: int) -> None:
    def root() -> Supervisor:
        return Supervisor(
            Strategy.ONE_FOR_ONE,
            [
                ChildSpec(
                    f"r{i}",
                    lambda i=i: Relay(f"/r{i + 1}" if i < STATIONS - 1 else None),
                )
                for i in range(STATIONS)
            ],
        )

    async def main() -> None:
        async with System(root().actor) as system:
            first = system.find("/r0", Relay)
            for _ in range(hops):
                first.tell(TICK)
                await wait_for_arrival()
            arrived.clear()

    trio.run(main)


def our_fan_in(producers: int, messages: int) -> None:
    async def main() -> None:
        finished = trio.Event()
        async with System(lambda: Counter(finished)) as system:
            address = system.find("/", Counter)

            async def produce() -> None:
                for _ in range(messages // producers):
                    try:
                        address.tell(TICK)
                    except MailboxFull:
                        await address.send(TICK, within=10.0)

            async with trio.open_nursery() as nursery:
                for _ in range(producers):
                    nursery.start_soon(produce)
            await address.send(Done(), within=10.0)
            await finished.wait()

    trio.run(main)


class Idle(Actor[Tick]):
    async def handle(self, ctx: ActorContext, message: Tick) -> None:
        """Nothing to do."""


def our_spawn(count: int) -> float:
    """Seconds of processor time until *count* supervised actors wait for mail."""
    taken = 0.0

    async def main() -> None:
        nonlocal taken
        specs = [ChildSpec(f"a{i}", Idle) for i in range(count)]
        supervisor = Supervisor(Strategy.ONE_FOR_ONE, specs)
        gc.collect()
        began = time.process_time()
        async with System(supervisor.actor) as system:
            await trio.testing.wait_all_tasks_blocked()
            taken = time.process_time() - began
            system.kill()

    trio.run(main)
    return taken


class Fragile(Actor[Tick]):
    """Crashes on a tick; says when it is up."""

    def __init__(self, up: list[float]) -> None:
        self.up = up

    async def start(self, ctx: ActorContext) -> None:
        self.up.append(time.perf_counter())
        wake()

    async def handle(self, ctx: ActorContext, message: Tick) -> None:
        raise ConnectionError


def crash_to_ready(count: int) -> float:
    """Median microseconds of wall time from the raise to the next incarnation's start.

    Its log line is made, and thrown away: a traceback on a terminal is not what is measured.
    """
    structlog.configure(
        processors=[structlog.processors.JSONRenderer()],
        logger_factory=lambda *_: structlog.ReturnLogger(),
    )
    up: list[float] = []
    taken: list[float] = []

    async def main() -> None:
        supervisor = Supervisor(
            Strategy.ONE_FOR_ONE,
            [ChildSpec("fragile", lambda: Fragile(up))],
            max_restarts=count + 1,
            within=3600.0,
        )
        async with System(supervisor.actor) as system:
            address = system.find("/fragile", Fragile)
            for _ in range(count):
                began = time.perf_counter()
                address.tell(TICK)
                await wait_for_arrival()
                taken.append(up[-1] - began)
                await trio.testing.wait_all_tasks_blocked()

    trio.run(main)
    return statistics.median(taken) * 1e6


def bytes_per_actor(count: int) -> float:
    """Heap bytes of one idle supervised actor, all it needs included."""
    size = 0

    async def main() -> None:
        nonlocal size
        specs = [ChildSpec(f"a{i}", Idle) for i in range(count)]
        supervisor = Supervisor(Strategy.ONE_FOR_ONE, specs)
        gc.collect()
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        async with System(supervisor.actor):
            await trio.testing.wait_all_tasks_blocked()
            gc.collect()
            size = tracemalloc.get_traced_memory()[0] - before
            tracemalloc.stop()

    trio.run(main)
    return size / count


def run() -> Iterator[object]:
    """Yield one line for each figure, as it is measured."""
    taken = rounds(
        {
            "raw": lambda: raw_send_receive(64, MESSAGES // 2),
            "ours": lambda: our_tell(MESSAGES),
        }
    )
    yield faster("tell, capacity 64", [2 * t for t in taken["raw"]], taken["ours"], 5.5)
    taken = rounds(
        {"raw": lambda: raw_ask(100, ASKS), "ours": lambda: our_ask(100, ASKS)}
    )
    yield faster("ask with timeout, 100 clients", taken["raw"], taken["ours"], 3.5)
    taken = rounds({"raw": lambda: raw_hops(HOPS), "ours": lambda: our_hops(HOPS)})
    yield cost("a hop with one message in flight", taken["raw"], taken["ours"], 0.8)
    taken = rounds(
        {
            "raw": lambda: raw_fan_in(100, MESSAGES // 2),
            "ours": lambda: our_fan_in(100, MESSAGES // 2),
        }
    )
    yield faster("fan-in, 100 to 1 in bursts", taken["raw"], taken["ours"], 2.5)
    spawns = [(raw_spawn(ACTORS), our_spawn(ACTORS)) for _ in range(ROUNDS)]
    raw, ours = (list(side) for side in zip(*spawns, strict=True))
    yield faster("spawn of a supervised actor", raw, ours, 0.55)
    yield f"     idle supervised actor: {bytes_per_actor(2000) / 1000:.2f} kB, goal <= 6 kB"
    yield f"     crash to ready, median: {crash_to_ready(2000):.0f} us of wall time"
