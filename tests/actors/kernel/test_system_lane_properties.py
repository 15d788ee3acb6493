"""Whatever fills the user lane: no `Down`, no tick and no exit is lost, and no slot leaks."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from actors.kernel import (
    Actor,
    ActorContext,
    Cell,
    ChildExited,
    Down,
    Incarnation,
    Mailbox,
    MailboxFull,
    Overflow,
    System,
    Timer,
    Watch,
)
from tests.actors.kernel.keeper import Do, Doer, boom, settle

POLICIES = [
    Overflow.BACKPRESSURE,
    Overflow.REJECT,
    Overflow.DROP_OLDEST,
    Overflow.DROP_NEWEST,
    Overflow.conflate(),
]
STEPS = st.sampled_from(
    [
        *("watch", "watch", "watch", "unwatch", "end", "end", "child"),
        *("after", "every", "cancel", "advance", "freeze", "thaw", "flood", "die"),
    ]
)
steps = st.lists(st.tuples(STEPS, st.integers(0, 2)), min_size=10, max_size=40)


class Clockwork:
    """What one timer must have done by now."""

    def __init__(self, timer: Timer, token: object, now: float, period: float) -> None:
        self.timer = timer
        self.token = token
        self.at = now + period
        self.period = period
        self.alive = True
        self.waiting = False
        self.once = False
        self.ticks = 0
        self.skipped = 0

    def fire(self, *, frozen: bool) -> None:
        if self.waiting:
            self.skipped += 1
        self.waiting = True
        self.alive = not self.once
        self.at += self.period
        if not frozen:
            self.taken()

    def taken(self) -> None:
        self.ticks += self.waiting
        self.waiting = False


class Harness:
    """A watcher, what it watches, and a model of what it must hear of."""

    def __init__(self, system: System, heard: list[object], box: Mailbox) -> None:
        class Listener(Actor[object]):
            mailbox = box

            async def handle(self, _: ActorContext, message: object) -> None:
                heard.append(message)

        self.system = system
        self.heard = heard
        self.kind = Listener
        top = system.find("/").cell
        self.cell = top.adopt("watcher")
        self.targets = [top.adopt(f"t{n}") for n in range(3)]
        self.frozen = False
        self.serial = 0
        self.watches: list[tuple[Cell, Watch]] = []
        self.downs_waiting: Counter[str] = Counter()
        self.downs: Counter[str] = Counter()
        self.timers: list[Clockwork] = []
        self.gone: list[Clockwork] = []
        """Timers of watchers that are dead."""
        self.exits_waiting = 0
        self.exits = 0
        self.life = self._launch(self.cell)

    def _launch(self, cell: Cell) -> Incarnation:
        return cell.launch(self.kind if cell is self.cell else Doer)

    @property
    def context(self) -> ActorContext:
        assert self.life.context is not None
        return self.life.context

    async def do(self, step: str, n: int) -> None:
        target = self.targets[n]
        match step:
            case "watch":
                watch = self.context.watch(target.address)
                if target.incarnation is None:
                    self.downs_waiting[target.path] += 1
                else:
                    self.watches.append((target, watch))
            case "unwatch" if self.watches:
                _, watch = self.watches.pop(n % len(self.watches))
                watch.cancel()
            case "end":
                await self._end(target, n)
            case "child":
                await self._child(n)
            case "after" | "every":
                self.serial += 1
                token, period = ("tick", self.serial), n + 0.37
                make = self.context.after if step == "after" else self.context.every
                timer = make(period, token)
                self.timers.append(Clockwork(timer, token, trio.current_time(), period))
                self.timers[-1].once = step == "after"
            case "cancel" if self.timers:
                clockwork = self.timers[n % len(self.timers)]
                clockwork.timer.cancel()
                clockwork.alive = False
            case "advance":
                await self._advance(n + 1)
            case "freeze":
                await self.system.suspend(self.cell.address)
                self.frozen = True
            case "thaw":
                self.system.resume(self.cell.address)
                self.frozen = False
            case "flood":
                for number in range(self.cell.capacity + 2):
                    with suppress(MailboxFull):
                        self.system.find("/watcher", self.kind).tell(number)
            case "die":
                await self._die()
            case _:
                pass
        await settle()
        if not self.frozen:
            self._all_taken()
        self.check()

    async def _end(self, target: Cell, how: int) -> None:
        """End a target, or start it again."""
        life = target.incarnation
        if life is None:
            self._launch(target)
            return
        match how:
            case 0:
                life.kill()
            case 1:
                self.system.find(target.path, Doer).tell(boom())
            case _:
                self.system.find(target.path, Doer).tell(Do(lambda _, ctx: ctx.stop()))
        await life.ended()
        for watched, _ in self.watches:
            self.downs_waiting[watched.path] += watched is target
        self.watches = [w for w in self.watches if w[0] is not target]

    async def _child(self, n: int) -> None:
        child = self.cell.adopt(f"c{n}")
        if child.incarnation is None:
            self._launch(child)
            return
        child.incarnation.kill()
        await child.incarnation.ended()
        self.exits_waiting += 1

    async def _advance(self, seconds: int) -> None:
        await trio.sleep(seconds)
        now = trio.current_time()
        for clockwork in self.timers:
            while clockwork.alive and clockwork.at <= now:
                clockwork.fire(frozen=self.frozen)

    async def _die(self) -> None:
        """End the watcher, and with it all that it had asked for; start another."""
        await self.life.kill_and_fence()
        self.watches.clear()
        self.gone += self.timers
        self.timers = []
        self.downs_waiting.clear()
        self.exits_waiting = 0
        if self.frozen:
            self.system.resume(self.cell.address)
            self.frozen = False
        self.life = self._launch(self.cell)

    def _all_taken(self) -> None:
        self.downs += self.downs_waiting
        self.downs_waiting.clear()
        self.exits += self.exits_waiting
        self.exits_waiting = 0
        for clockwork in self.timers:
            clockwork.taken()

    def check(self) -> None:
        waiting = self.downs_waiting.total() + self.exits_waiting
        waiting += sum(c.waiting for c in self.timers)
        assert self.cell.system_depth == waiting
        held = len(self.watches) + self.downs_waiting.total()
        held += sum(c.alive or c.waiting for c in self.timers)
        assert self.cell.reserved == held + len(self.cell.children or ())
        downs = Counter(m.address.path for m in self.heard if isinstance(m, Down))
        assert downs == self.downs
        ticks = Counter(m for m in self.heard if isinstance(m, tuple))
        assert ticks == {c.token: c.ticks for c in self.gone + self.timers if c.ticks}
        assert all(c.timer.skipped == c.skipped for c in self.gone + self.timers)
        assert sum(isinstance(m, ChildExited) for m in self.heard) == self.exits


@given(
    plan=steps,
    policy=st.sampled_from(POLICIES),
    capacity=st.integers(1, 3),
    rounds=st.integers(1, 3),
)
def test_no_notice_is_lost_and_no_slot_leaks(
    plan: list[tuple[str, int]], policy: Overflow, capacity: int, rounds: int
) -> None:
    follow(plan * rounds, Mailbox(capacity, policy))


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.kind.value)
def test_no_slot_leaks_over_hundreds_of_rounds(policy: Overflow) -> None:
    awake = [("watch", 0), ("after", 0), ("every", 0), ("child", 0), ("end", 0)]
    asleep = [("freeze", 0), ("flood", 0), *awake, ("advance", 1), ("watch", 1)]
    ending = [("end", 0), ("end", 1), ("cancel", 1), ("thaw", 0), ("unwatch", 0)]
    follow(
        [*awake, *asleep, *ending, ("advance", 0), ("die", 0)] * 60, Mailbox(2, policy)
    )


def follow(plan: list[tuple[str, int]], box: Mailbox) -> None:
    async def main() -> None:
        heard: list[object] = []
        async with System(Doer) as system:
            harness = Harness(system, heard, box)
            await settle()
            for step, argument in plan:
                await harness.do(step, argument)
            await harness.do("thaw", 0)
            await harness.do("die", 0)
            assert harness.cell.reserved == len(harness.cell.children or ())

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
