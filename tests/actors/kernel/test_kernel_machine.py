"""One actor, anything that can happen to it, and what must hold at every moment.

Above all a law of conservation: a message that was accepted is waiting, in hand, handled,
on the shelf or taken over by a newer one, and never in two of these places.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import trio
from attrs import frozen
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from actors.kernel import (
    Actor,
    ActorContext,
    ActorDown,
    Address,
    AlreadyAnswered,
    AskTimeout,
    Down,
    HandlerCrashed,
    Incarnation,
    Mailbox,
    MailboxFull,
    Overflow,
    Poison,
    Query,
    Shutdown,
    System,
)
from tests.actors.kernel.keeper import Boom, Doer
from tests.actors.kernel.portal import Portal

WITHIN = 5.0
LATE = 0.05
"""How much later than its deadline a wait may end."""
POLICIES = st.sampled_from(
    [
        Overflow.BACKPRESSURE,
        Overflow.REJECT,
        Overflow.DROP_OLDEST,
        Overflow.DROP_NEWEST,
        Overflow.conflate(lambda note: note.sender),  # type: ignore[attr-defined]  # a Note
    ]
)


@frozen(eq=False)
class Note(Query[int]):
    """The `serial`-th message of `sender`, who says one thing after another."""

    sender: int
    serial: int

    def __repr__(self) -> str:
        return f"{self.sender}.{self.serial}"


class Wait:
    """A `send` or an `ask` that has not returned yet."""

    def __init__(self, note: Note, *, asks: bool) -> None:
        self.note = note
        self.asks = asks
        self.since = trio.current_time()
        self.scope = trio.CancelScope()


class World:
    """A system with `/a` in it, what was said to `/a`, and what became of it."""

    def __init__(self, mailbox: Mailbox, poison: Poison) -> None:
        self.mailbox = mailbox
        self.poison = poison
        self.serial = 0
        self.waits: dict[int, Wait] = {}
        """By sender."""
        self.accepted: list[Note] = []
        self.refused: list[Note] = []
        self.asked: list[Note] = []
        self.at_work: list[Note] = []
        self.taken: list[Note] = []
        self.handled: list[Note] = []
        self.answered: list[Note] = []
        self.unanswered: list[tuple[ActorContext, Note]] = []
        self.stopped: list[object] = []
        """What it is right to find on the shelf for that reason."""
        self.crashes: Counter[Note] = Counter()
        self.downs: list[Down] = []
        self.watched: list[Incarnation] = []
        self.downs_at_once = 0
        self.surprises: list[object] = []

    @asynccontextmanager
    async def live(self) -> AsyncIterator[None]:
        self.orders, self._ordered = trio.open_memory_channel[str](0)
        async with (
            System(Doer, seed=7, stopwatch=lambda: 0.0) as system,
            trio.open_nursery() as self.outside,
        ):
            self.system = system
            top = system.find("/").cell
            self.cell = top.adopt("a")
            self.kind = slow(self)
            self.address: Address[Note] = system.find("/a", self.kind)
            self.watcher = top.adopt("watcher").launch(lambda: Doer(self.downs))  # type: ignore[arg-type]  # nothing else is told
            self.launch()
            yield
            self.outside.cancel_scope.cancel(reason="the test is over")

    async def work_on(self, ctx: ActorContext, note: Note) -> None:
        """Hold *note* until it is said how that ends."""
        if self.at_work:
            self.surprises.append((self.at_work, note))
        self.at_work.append(note)
        try:
            await self._work_on(ctx, note)
        finally:
            self.at_work.remove(note)

    async def _work_on(self, ctx: ActorContext, note: Note) -> None:
        self.taken.append(note)
        how = await self._ordered.receive()
        if "answer" in how:
            self.answered.append(note)
            try:
                ctx.answer(note, note.serial)
            except AlreadyAnswered as error:
                self.surprises.append(error)
        if "crash" in how:
            self.crashes[note] += 1
            raise Boom(repr(note))
        if how == "return" and note in self.asked:
            self.unanswered.append((ctx, note))
        self.handled.append(note)

    # --- what may happen ------------------------------------------------------------------

    def note(self, sender: int) -> Note:
        self.serial += 1
        return Note(sender, self.serial)

    def say(self, sender: int, how: str) -> None:
        if sender not in self.waits:  # else he has not finished his last sentence
            {"tell": self.tell, "send": self.send, "ask": self.ask}[how](sender)

    def tell(self, sender: int) -> None:
        note = self.note(sender)
        if self.cell.resting is not None:
            self.stopped.append(note)
        try:
            self.address.tell(note)
        except MailboxFull:
            self.refused.append(note)
        else:
            self.accepted.append(note)

    def send(self, sender: int) -> None:
        self.waits[sender] = Wait(self.note(sender), asks=False)
        self.outside.start_soon(self._send, self.waits[sender])

    def ask(self, sender: int) -> None:
        self.waits[sender] = Wait(self.note(sender), asks=True)
        self.asked.append(self.waits[sender].note)
        self.outside.start_soon(self._ask, self.waits[sender])

    async def _send(self, wait: Wait) -> None:
        arrived = False
        with wait.scope:
            try:
                await self.address.send(wait.note, within=WITHIN)
                arrived = True
            except (MailboxFull, ActorDown):
                pass
        (self.accepted if arrived else self.refused).append(wait.note)
        del self.waits[wait.note.sender]

    async def _ask(self, wait: Wait) -> None:
        with wait.scope:
            try:
                answer = await self.address.ask(wait.note, within=WITHIN)
                if answer != wait.note.serial or wait.note not in self.answered:
                    self.surprises.append((wait.note, answer))
            except HandlerCrashed as error:
                if self.crashes[wait.note] != self.poison.retries + 1:
                    self.surprises.append(error)
            except AskTimeout as error:
                if trio.current_time() < wait.since + WITHIN:
                    self.surprises.append(error)
            except MailboxFull:
                self.refused.append(wait.note)
            except ActorDown:
                pass
        del self.waits[wait.note.sender]

    def cancel(self, sender: int) -> None:
        self.waits[sender].scope.cancel(reason="test")

    def finish(self, how: str) -> None:
        try:
            self.orders.send_nowait(how)
        except trio.WouldBlock:
            return

    def answer_late(self) -> None:
        ctx, note = self.unanswered.pop()
        self.answered.append(note)
        ctx.answer(note, note.serial)

    def launch(self) -> None:
        self.cell.launch(self.kind)

    def rest(self) -> None:
        self.stopped += self.waiting()
        self.cell.rest(Shutdown("test"))

    def stop(self) -> None:
        self.life.request_stop(Shutdown("test"))

    def kill(self) -> None:
        self.life.kill()

    def suspend(self) -> None:
        self.outside.start_soon(self.system.suspend, self.address)

    def resume(self) -> None:
        self.system.resume(self.address)

    def watch(self) -> None:
        assert self.watcher.context is not None
        self.watcher.context.watch(self.address)
        if self.cell.incarnation is None:
            self.downs_at_once += 1
        else:
            self.watched.append(self.cell.incarnation)

    def tick(self, seconds: float) -> None:
        assert self.life.context is not None
        self.life.context.after(seconds, "tick")

    @property
    def life(self) -> Incarnation:
        assert self.cell.incarnation is not None
        return self.cell.incarnation

    # --- what must hold -------------------------------------------------------------------

    def check(self) -> None:
        assert self.surprises == []
        self.check_counters()
        self.check_conservation()
        self.check_order()
        self.check_waits()
        ended = sum(life.reason is not None for life in self.watched)
        assert len(self.downs) == ended + self.downs_at_once

    def lane(self) -> list[object]:
        channel = self.cell.take.__self__  # type: ignore[attr-defined]  # a bound method
        return [envelope.body for envelope in channel._state.data]

    def waiting(self) -> list[object]:
        again = [] if self.cell.redeliver is None else [self.cell.redeliver.body]
        return self.lane() + self.outside_now() + again

    def outside_now(self) -> list[object]:
        return [p.envelope.body for p in self.cell.waiters or () if not p.stale]

    def check_counters(self) -> None:
        cell = self.cell
        assert cell.depth == len(self.lane()) <= self.mailbox.capacity
        there = cell._system_lane and cell._system_lane[1].statistics()
        assert cell.system_depth == (there.current_buffer_used if there else 0)
        shelf = self.system.dead_letters
        assert cell.dropped == shelf.counts.total() == len(shelf)
        if cell.incarnation is None:
            assert (cell.reserved, cell.system_depth) == (0, 0)
        if cell.pending is not None:
            assert len(cell.pending) == cell.depth

    def check_conservation(self) -> None:
        cell = self.cell
        outside = self.outside_now()
        letters = self.system.dead_letters.newest(10_000)
        places = [*self.waiting(), *self.handled, *(x.message for x in letters)]
        if cell.incarnation is not None and cell.incarnation.in_hand is not None:
            places.append(cell.incarnation.in_hand.body)
        found = Counter(place for place in places if isinstance(place, Note))
        assert max(found.values(), default=1) == 1
        assert not any(note in found for note in self.refused)
        for wait in self.waits.values():
            assert wait.note in found
            assert wait.asks or wait.note in outside
        # A crash costs the message in hand, never the queue behind it.
        stopped = [x.message for x in letters if x.why == "stopped"]
        assert all(note in self.stopped for note in stopped)
        lost = [note for note in self.accepted if note not in found]
        assert len(lost) <= cell.conflated
        for note in lost:
            newest = max(n.serial for n in found if n.sender == note.sender)
            assert newest > note.serial

    def check_order(self) -> None:
        """Each sender's messages come in its order, each as often as it may be retried."""
        for sender in range(3):
            serials = [note.serial for note in self.taken if note.sender == sender]
            assert serials == sorted(serials)
        for note, times in Counter(self.taken).items():
            assert times <= self.crashes[note] + 1
            assert self.crashes[note] <= self.poison.retries + 1

    def check_waits(self) -> None:
        """Nobody waits beyond his deadline, for room that is there, or in vain."""
        now, cell = trio.current_time(), self.cell
        if cell.resting is not None:
            assert not self.waits
        in_vain = [
            note
            for ctx, note in self.unanswered
            if ctx.incarnation != cell.launched or cell.incarnation is None
        ]
        for wait in self.waits.values():
            assert now <= wait.since + WITHIN + LATE
            assert wait.note not in self.answered
            assert wait.note not in in_vain
        life = cell.incarnation
        if life is None or cell.suspended or not life.up:
            return
        if life.in_hand is None:
            assert life.stopping is None
            assert (cell.depth, cell.system_depth) == (0, 0)
            assert all(place.stale for place in cell.waiters or ())


def slow(world: World) -> type[Actor[Note]]:
    """An actor that does with each message as its world is told."""

    class Slow(Actor[Note]):
        mailbox = world.mailbox
        poison = world.poison

        async def handle(self, ctx: ActorContext, note: Note) -> None:
            if isinstance(note, Note):  # else a tick, which needs no more
                await world.work_on(ctx, note)

    return Slow


SAYS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(["tell", "send", "ask"])),
    min_size=1,
    max_size=6,
)
HOWS = st.lists(
    st.sampled_from(["answer", "return", "crash", "answer, crash"]), max_size=3
)


class Kernel(RuleBasedStateMachine):
    """K1, K4, K5: runs a `World` inside trio, one event after another."""

    @initialize(
        capacity=st.integers(1, 3),
        policy=POLICIES,
        poison=st.sampled_from([Poison.DROP, Poison.retry(1)]),
    )
    def begin(self, capacity: int, policy: Overflow, poison: Poison) -> None:
        self.world = World(Mailbox(capacity, policy), poison)
        self.portal = Portal(self.world.live())

    def lives(self) -> bool:
        return self.world.cell.incarnation is not None

    @rule(says=SAYS, hows=HOWS)
    def say(self, says: list[tuple[int, str]], hows: list[str]) -> None:
        self.portal.do(*(partial(self.world.say, *one) for one in says))
        self.finish(hows)

    @rule(hows=HOWS, says=SAYS)
    def finish_first(self, hows: list[str], says: list[tuple[int, str]]) -> None:
        self.finish(hows)
        self.portal.do(*(partial(self.world.say, *one) for one in says))

    @precondition(lambda self: self.world.waits)
    @rule(choice=st.integers(0, 2))
    def cancel(self, choice: int) -> None:
        waits = sorted(self.world.waits)
        self.portal.do(lambda: self.world.cancel(waits[choice % len(waits)]))

    def finish(self, hows: list[str]) -> None:
        """It ends with what it has in hand; if it fell over that, it comes back."""
        for how in hows:
            self.portal.do(lambda how=how: self.world.finish(how))  # type: ignore[misc]
            if "crash" in how and not self.lives():
                self.portal.do(self.world.launch)

    @precondition(lambda self: self.world.unanswered)
    @rule()
    def answer_late(self) -> None:
        self.portal.do(self.world.answer_late)

    @precondition(lives)
    @rule(how=st.sampled_from(["stop", "kill", "tick", "tick", "tick", "tick"]))
    def to_the_living(self, how: str) -> None:
        world = self.world
        work = {"stop": world.stop, "kill": world.kill, "tick": lambda: world.tick(1)}
        self.portal.do(work[how])

    @precondition(lambda self: not self.lives())
    @rule(how=st.sampled_from(["launch", "launch", "launch", "rest"]))
    def to_the_dead(self, how: str) -> None:
        self.portal.do(self.world.launch if how == "launch" else self.world.rest)

    @rule(how=st.sampled_from(["suspend", "resume", "resume", "watch", "watch"]))
    def from_outside(self, how: str) -> None:
        world = self.world
        work = {"suspend": world.suspend, "resume": world.resume, "watch": world.watch}
        self.portal.do(work[how])

    @precondition(lives)
    @rule(
        first=st.sampled_from(["stop", "resume", "suspend", "finish"]),
        then=st.sampled_from(["resume", "stop", "finish"]),
    )
    def two_at_once(self, first: str, then: str) -> None:
        """Before anybody had a chance to notice the first."""
        if "stop" in {first, then} and self.world.life.in_hand is not None:
            return  # that end comes often enough
        world = self.world
        work: dict[str, Callable[[], None]] = {
            "stop": world.stop,
            "resume": world.resume,
            "suspend": world.suspend,
            "finish": lambda: world.finish("answer"),
        }
        self.portal.do(lambda: (work[first](), work[then]()))

    @rule(seconds=st.sampled_from([0.4, 1.0, 3.0, 6.0]))
    def wait(self, seconds: float) -> None:
        self.portal.do(lambda: self.portal.clock.jump(seconds))

    @invariant()
    def holds(self) -> None:
        if hasattr(self, "world"):
            self.portal.do(self.world.check)

    def teardown(self) -> None:
        """In the end everything that was accepted is somewhere for good."""
        if not hasattr(self, "world"):
            return
        world = self.world
        try:
            self.portal.do(world.resume)
            if self.lives():
                self.portal.do(world.kill)
            self.portal.do(world.rest, world.check)
            assert not world.waits
            assert not world.lane()
        finally:
            self.portal.close()


TestKernel = Kernel.TestCase
TestKernel.settings = settings(max_examples=100, stateful_step_count=30)
