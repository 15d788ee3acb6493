"""The two lanes: what fits, what gives way, who waits outside. T12-T15."""

from __future__ import annotations

import gc
import re
import weakref
from collections import deque
from collections.abc import Hashable
from functools import partial
from math import inf, nan
from typing import Any

import pytest
import trio
import trio.testing
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.kernel import (
    ActorContext,
    ActorDown,
    CapacityExceeded,
    Mailbox,
    MailboxFull,
    Overflow,
    OverflowKind,
    Poison,
    Shutdown,
)
from actors.kernel import (
    mailbox as declarations,
)
from tests.actors.kernel.keeper import (
    Boom,
    Do,
    Doer,
    Gate,
    Get,
    boom,
    doer,
    house,
    settle,
    sleeping,
)


async def test_a_tell_to_a_full_mailbox_hands_the_message_back() -> None:
    async with house() as home:
        actor = await home.keep("a", doer(capacity=2))
        actor.tell(1)
        actor.tell(2)

        with pytest.raises(MailboxFull) as caught:
            actor.tell("three")

        assert caught.value.message == "three"
        assert str(caught.value) == (
            "the mailbox of /a was full (capacity 2, message str); use send() to wait for room"
        )


async def test_a_send_waits_for_room_and_not_longer(
    autojump_clock: trio.testing.MockClock,
) -> None:
    diary: list[object] = []
    kind = doer(capacity=1)
    async with house() as home:
        actor = await home.keep("a", lambda: kind(diary))
        actor.tell(Do(sleeping(10)))
        await settle()
        actor.tell("fills it")
        began = trio.current_time()

        with pytest.raises(MailboxFull) as caught:
            await actor.send("impatient", within=2)
        assert 2 <= trio.current_time() - began <= 2.06
        assert "was full for 2 s of waiting" in str(caught.value)

        await actor.send("patient", within=60)
        assert trio.current_time() - began == 10
        await settle()
        assert diary == ["fills it", "patient"]


async def test_a_send_with_room_does_not_wait_and_no_timeout_fires(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """T15: room is looked for first, the clock only then."""
    async with house() as home:
        actor = await home.keep("a", doer(capacity=1))

        await actor.send("x", within=0)


async def test_a_cancelled_send_never_was_in_the_mailbox() -> None:
    """T14."""
    diary: list[object] = []
    gate = Gate()
    kind = doer(capacity=1)
    async with house() as home, trio.open_nursery() as nursery:
        actor = await home.keep("a", lambda: kind(diary))
        actor.tell(gate.order)
        await gate.reached.wait()
        actor.tell(1)
        scope = trio.CancelScope()

        async def send() -> None:
            with scope:
                await actor.send("cancelled", within=60)

        nursery.start_soon(send)
        await settle()
        scope.cancel()
        await settle()
        gate.open()
        await settle()

        assert diary == [1]
        assert home.shelved() == []


async def test_a_send_in_a_cancelled_scope_sends_nothing() -> None:
    diary: list[object] = []
    async with house() as home:
        actor = await home.keep("a", lambda: Doer(diary))
        with trio.CancelScope() as scope:
            scope.cancel()
            await actor.send("no", within=1)
        await settle()

        assert diary == []


@pytest.mark.parametrize("senders", [3, 20])
async def test_parked_senders_come_in_first_come_first_served(senders: int) -> None:
    """T13: capacity 1, a crowd outside, no wake-up lost."""
    diary: list[object] = []
    gate = Gate()
    kind = doer(capacity=1)
    async with house() as home, trio.open_nursery() as nursery:
        actor = await home.keep("a", lambda: kind(diary))
        actor.tell(gate.order)
        await gate.reached.wait()
        actor.tell("in")

        async def send(number: int) -> None:
            await actor.send(number, within=60)

        for number in range(senders):
            nursery.start_soon(send, number)
            await settle()
        gate.open()
        await settle()

        assert diary == ["in", *range(senders)]


async def test_the_system_lane_goes_first_and_loses_nothing_when_full() -> None:
    """T13: a full user lane is no reason to miss a death."""
    diary: list[object] = []
    gate = Gate()
    kind = doer(capacity=2, overflow=Overflow.DROP_OLDEST)
    async with house() as home:
        actor = await home.keep("a", lambda: kind(diary))
        others = [await home.keep(f"o{n}", Doer, restart=False) for n in range(100)]

        def watch_all(_: Doer, ctx: ActorContext) -> None:
            for other in others:
                ctx.watch(other)

        await actor.ask(Get(watch_all), within=1)
        actor.tell(gate.order)
        await gate.reached.wait()
        actor.tell("user 1")
        actor.tell("user 2")
        for other in others:
            other.tell(boom())
        await settle()
        gate.open()
        await settle()

        assert len(diary) == 102
        assert diary[-2:] == ["user 1", "user 2"]
        assert home.cell("a").reserved == 0


async def test_a_full_mailbox_that_rejects_refuses_tell_and_send_at_once() -> None:
    async with house() as home:
        actor = await home.keep("a", doer(capacity=1, overflow=Overflow.REJECT))
        actor.tell(1)
        with pytest.raises(MailboxFull):
            actor.tell(2)
        with pytest.raises(MailboxFull):
            await actor.send(3, within=60)


async def test_what_is_dropped_is_counted_and_shelved_with_its_reason() -> None:
    for overflow, kept, lost in (
        (
            Overflow.DROP_OLDEST,
            [3, 4],
            [(1, "overflow: oldest"), (2, "overflow: oldest")],
        ),
        (
            Overflow.DROP_NEWEST,
            [1, 2],
            [(3, "overflow: newest"), (4, "overflow: newest")],
        ),
    ):
        diary: list[object] = []
        kind = doer(capacity=2, overflow=overflow)
        async with house() as home:
            actor = await home.keep("a", lambda k=kind, d=diary: k(d))  # type: ignore[misc]  # defaults bind the loop's values
            actor.tell(1)
            actor.tell(2)
            actor.tell(3)
            await actor.send(4, within=1)
            await settle()

            assert diary == kept
            assert home.shelved() == lost
            assert home.cell("a").dropped == 2
            assert home.system.dead_letters.counts == {lost[0][1]: 2}


def parity(message: object) -> object:
    return message % 2 if isinstance(message, int) else message


async def test_conflation_keeps_the_place_and_the_newest() -> None:
    diary: list[object] = []
    kind = doer(capacity=8, overflow=Overflow.conflate(parity))
    async with house() as home:
        actor = await home.keep("a", lambda: kind(diary))
        for message in (1, 2, "x", 3, 4, 5):
            actor.tell(message)
        await settle()
        assert diary == [5, 4, "x"]
        assert home.cell("a").conflated == 3

        actor.tell(7)
        await settle()
        assert diary[-1] == 7


class Changing:
    """A message whose key does not stay the same."""

    def __init__(self, key: object) -> None:
        self.key = key


def key_of_changing(message: object) -> Hashable:
    assert isinstance(message, Changing)
    if message.key is None:
        raise Boom
    return message.key


@pytest.mark.parametrize("later", [3, None])
async def test_a_message_whose_key_changes_while_it_waits_takes_no_other_along(
    later: object,
) -> None:
    """Nor is it asked for its key when its turn comes: the actor would pay for it."""
    diary: list[object] = []
    kind = doer(capacity=2, overflow=Overflow.conflate(key_of_changing))
    first, second, third = Changing(1), Changing(2), Changing(4)
    async with house() as home, trio.open_nursery() as nursery:
        actor = await home.keep("a", lambda: kind(diary))
        await home.system.suspend(actor)
        actor.tell(first)
        actor.tell(second)
        nursery.start_soon(partial(actor.send, third, within=5))
        await settle()
        first.key = third.key = later
        home.system.resume(actor)
        await settle()
        again = Changing(1)
        actor.tell(again)
        await settle()

        assert diary == [first, second, third, again]


async def test_a_new_key_waits_while_the_mailbox_is_full() -> None:
    gate = Gate()
    diary: list[object] = []
    kind = doer(capacity=1, overflow=Overflow.conflate(parity))
    async with house() as home, trio.open_nursery() as nursery:
        actor = await home.keep("a", lambda: kind(diary))
        actor.tell(gate.order)
        await gate.reached.wait()
        actor.tell(1)
        actor.tell(3)
        with pytest.raises(MailboxFull):
            actor.tell(2)

        async def send(number: int) -> None:
            await actor.send(number, within=60)

        nursery.start_soon(send, 2)
        await settle()
        with pytest.raises(MailboxFull):
            actor.tell(4)  # what waits outside is not in the mailbox
        gate.open()
        await settle()

        assert diary == [3, 2]


def orders_apart(message: object) -> Hashable:
    return str(id(message) if isinstance(message, Do) else type(message))


async def test_a_parked_message_never_undoes_a_newer_one() -> None:
    """Let in late, an old value would overwrite a new one."""
    diary: list[object] = []
    gates = [Gate() for _ in range(5)]
    kind = doer(
        capacity=4,
        overflow=Overflow.conflate(orders_apart),
    )
    async with house() as home, trio.open_nursery() as nursery:
        actor = await home.keep("a", lambda: kind(diary))
        for gate in gates:
            await actor.send(gate.order, within=1)
            await settle()

        async def send_old() -> None:
            await actor.send("old", within=60)

        nursery.start_soon(send_old)
        await settle()
        gates[0].open()
        await settle()
        actor.tell("new")
        for gate in gates:
            gate.open()
        await settle()

        assert diary == ["new"]


async def test_conflation_keeps_the_newest_though_the_older_expires(
    autojump_clock: trio.testing.MockClock,
) -> None:
    diary: list[object] = []
    kind = doer(overflow=Overflow.conflate())
    async with house() as home:
        actor = await home.keep("a", lambda: kind(diary))
        front = await home.keep("front", Doer)
        actor.tell(Do(sleeping(10)))
        await settle()

        def pass_on(*_: object) -> None:
            actor.tell("short-lived")

        await front.ask(Get(pass_on), within=1)
        actor.tell("for ever")
        await trio.sleep(20)

        assert diary == ["for ever"]


async def test_to_whom_is_gone() -> None:
    async with house() as home:
        actor = await home.keep("a", Doer)
        await home.halt("a")
        actor.tell("told")
        with pytest.raises(ActorDown):
            await actor.send("sent", within=1)
        assert home.shelved() == [("told", "stopped")]

        await home.forget("a")
        actor.tell("told again")
        assert home.shelved()[-1] == ("told again", "stopped")


async def test_dead_letters_are_bounded_and_counted() -> None:
    async with house() as home:
        actor = await home.keep("a", Doer)
        await home.halt("a")
        for number in range(10_050):
            actor.tell(number)
        letters = home.system.dead_letters

        assert len(letters) == 10_000
        assert letters.counts["stopped"] == 10_050
        assert letters.newest(1)[0].message == 10_049
        assert letters.newest(1)[0].path == "/a"


@pytest.mark.parametrize("overflow", [Overflow.DROP_OLDEST, Overflow.conflate()])
def test_in_an_ordered_mailbox_nothing_gives_way(overflow: Overflow) -> None:
    """A `Down`, an exit or a stop request would, and nobody would ever hear of it."""
    with pytest.raises(ValueError, match=f"got {overflow.kind.name}"):
        Mailbox(overflow=overflow, ordered=True)


@pytest.mark.parametrize("number", [0, -1, True, 1.5, inf, nan, "1", None])
def test_declarations_are_checked(number: Any) -> None:
    got = re.escape(f"(got {number!r})")
    with pytest.raises(ValueError, match=f"must be a whole number from 1 {got}"):
        Mailbox(capacity=number)
    with pytest.raises(ValueError, match=f"at least once {got}; use Poison.DROP"):
        Poison.retry(number)


@pytest.mark.parametrize(("name", "wrong"), [("mailbox", 64), ("poison", "drop")])
def test_what_an_actor_declares_is_checked_where_it_is_written(
    name: str, wrong: object
) -> None:
    """Else its first mail, or its first crash, would end whoever supervises it."""
    with pytest.raises(TypeError, match=rf"Odd.{name} must be a \w+ \(got {wrong!r}\)"):
        type("Odd", (Doer,), {name: wrong})


def test_a_policy_is_an_overflow_and_only_one_that_conflates_has_a_key() -> None:
    """Else the first incarnation would find out, and each after it."""
    kind: Any = OverflowKind.REJECT
    with pytest.raises(ValueError, match=r"such as Overflow.REJECT \(got <Over"):
        Mailbox(overflow=kind)
    with pytest.raises(ValueError, match=r"got None for CONFLATE\); use Overflow.conf"):
        Overflow(OverflowKind.CONFLATE)
    with pytest.raises(ValueError, match="for REJECT"):
        Overflow(OverflowKind.REJECT, type)


# --- poison -----------------------------------------------------------------------------


async def test_poison_is_dropped_and_the_rest_kept_in_order() -> None:
    """K3."""
    diary: list[object] = []
    async with house() as home:
        actor = await home.keep("a", lambda: Doer(diary))
        poison = boom("x")
        for message in (1, poison, 2, 3):
            actor.tell(message)
        await settle()

        assert diary == [1, 2, 3]
        assert home.shelved() == [(poison, "crashed")]
        (letter,) = home.system.dead_letters.newest()
        assert letter.attempts == 1
        assert letter.error == "/a crashed while handling Do: Boom('x')"


async def test_a_dead_letter_does_not_keep_the_actor_that_crashed_over_it() -> None:
    """There may be 10,000 of them, and each would hold what that actor held."""
    lives: list[weakref.ref[Doer]] = []

    def start() -> Doer:
        actor = Doer()
        lives.append(weakref.ref(actor))
        return actor

    async with house() as home:
        actor = await home.keep("a", start)
        for _ in range(3):
            actor.tell(boom("x"))
            await settle()
        home.exits.clear()
        gc.collect()

        assert len(home.system.dead_letters) == 3
        assert [life() is not None for life in lives] == [False] * 3 + [True]


async def test_poison_is_retried_first_and_then_quarantined() -> None:
    """K3."""
    diary: list[object] = []
    kind = doer(poison=Poison.retry(2))
    async with house() as home:
        actor = await home.keep("a", lambda: kind(diary))

        def fail(actor: Doer, ctx: ActorContext) -> None:
            actor.diary.append(f"try {ctx.incarnation}")
            raise ConnectionError

        poison = Do(fail)
        for message in (1, poison, 2, 3):
            actor.tell(message)
        await settle()

        assert diary == [1, "try 1", "try 2", "try 3", 2, 3]
        assert home.shelved() == [(poison, "quarantined")]
        assert home.system.dead_letters.newest()[0].attempts == 3
        assert home.life("a").number == 4


# --- reserved slots ---------------------------------------------------------------------


async def test_what_finds_no_slot_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """K6: the ceiling itself is a million; a lower one shows the same."""
    from actors.kernel import lanes

    monkeypatch.setattr(lanes, "RESERVED_CEILING", 3)
    async with house() as home:
        actor = await home.keep("a", Doer)

        def grab(_: Doer, ctx: ActorContext) -> object:
            said = ""
            for _n in range(3):
                ctx.after(60, "tick")
            for attempt in (
                lambda: ctx.after(60, "tick"),
                lambda: ctx.watch(ctx.find("/")),
                lambda: ctx.adopt("child").launch(Doer),
            ):
                with pytest.raises(CapacityExceeded) as caught:
                    attempt()
                said = str(caught.value)
            return said

        assert await actor.ask(Get(grab), within=1) == (
            "/a already holds 3 reserved slots (watches, timers, children)"
        )
        assert home.cell("a").reserved == 3
    assert declarations.RESERVED_CEILING == 1_000_000


# --- the model --------------------------------------------------------------------------

KINDS = {
    OverflowKind.BACKPRESSURE: Overflow.BACKPRESSURE,
    OverflowKind.REJECT: Overflow.REJECT,
    OverflowKind.DROP_OLDEST: Overflow.DROP_OLDEST,
    OverflowKind.DROP_NEWEST: Overflow.DROP_NEWEST,
    OverflowKind.CONFLATE: Overflow.conflate(
        lambda m: m[0] if isinstance(m, tuple) else m
    ),
}
steps = st.lists(
    st.one_of(
        st.tuples(st.just("tell"), st.integers(0, 3)),
        st.tuples(st.just("send"), st.integers(0, 3)),
        st.tuples(st.just("cancel"), st.integers(0, 5)),
        st.tuples(st.just("take"), st.just(0)),
        st.tuples(st.just("crash"), st.just(0)),
    ),
    max_size=40,
)


class Model:
    """What a mailbox of one capacity and policy must hold and lose, as plain lists."""

    def __init__(self, kind: OverflowKind, capacity: int) -> None:
        self.kind = kind
        self.capacity = capacity
        self.inside: deque[tuple[int, int]] = deque()
        self.outside: dict[int, tuple[int, int]] = {}
        self.lost: list[tuple[object, str]] = []

    def put(self, message: tuple[int, int]) -> bool | None:
        """Return whether it was accepted; `None`: only by waiting."""
        if self.kind is OverflowKind.CONFLATE and self._fold(message):
            return True
        if len(self.inside) < self.capacity:
            self.inside.append(message)
            return True
        match self.kind:
            case OverflowKind.DROP_OLDEST:
                self.lost.append((self.inside.popleft(), "overflow: oldest"))
                self.inside.append(message)
                return True
            case OverflowKind.DROP_NEWEST:
                self.lost.append((message, "overflow: newest"))
                return True
            case OverflowKind.REJECT:
                return False
            case _:
                return None

    def _fold(self, message: tuple[int, int]) -> bool:
        for at, other in enumerate(self.inside):
            if other[0] == message[0]:
                self.inside[at] = message
                return True
        return False


@settings(max_examples=150, deadline=None)
@given(kind=st.sampled_from(OverflowKind), capacity=st.integers(1, 5), plan=steps)
def test_a_mailbox_behaves_as_its_model(
    kind: OverflowKind, capacity: int, plan: list[tuple[str, int]]
) -> None:
    """K1, K6: nothing is lost, doubled or reordered but by the policy, and that is on the shelf.

    Who is parked is let in first come first served, though perhaps some takes later
    than there was room; so the model follows what it sees enter, and checks who it was.
    """
    trio.run(
        _follow_model,
        kind,
        capacity,
        plan,
        clock=trio.testing.MockClock(autojump_threshold=0),
    )


async def _follow_model(
    kind: OverflowKind, capacity: int, plan: list[tuple[str, int]]
) -> None:
    model = Model(kind, capacity)
    got: list[object] = []
    expected: list[object] = []
    poisons: list[object] = []
    special = doer(capacity=capacity, overflow=KINDS[kind])
    async with house() as home, trio.open_nursery() as nursery:
        actor = await home.keep("a", lambda: special(got))
        cell = home.cell("a")
        scopes: dict[int, trio.CancelScope] = {}
        gate = Gate()
        actor.tell(gate.order)
        await settle()

        async def send(
            number: int, message: tuple[int, int], scope: trio.CancelScope
        ) -> None:
            with scope:
                await actor.send(message, within=1e6)

        def enter() -> None:
            """Whoever the mailbox let in since must be the first of those outside."""
            while len(model.inside) < cell.depth and model.outside:
                first = next(iter(model.outside))
                model.inside.append(model.outside.pop(first))

        for serial, (step, argument) in enumerate(plan):
            message = (argument, serial)
            match step:
                case "tell":
                    accepted: bool | None = True
                    try:
                        actor.tell(message)
                    except MailboxFull:
                        accepted = False
                    assert bool(model.put(message)) == accepted
                case "send":
                    if kind is OverflowKind.REJECT and len(model.inside) == capacity:
                        continue
                    if any(argument == key for key, _ in model.outside.values()):
                        continue  # whether such two meet inside depends on the takes
                    scope = scopes[serial] = trio.CancelScope()
                    nursery.start_soon(send, serial, message, scope)
                    await settle()
                    if model.put(message) is None:
                        model.outside[serial] = message
                case "cancel":
                    waiting = list(model.outside)
                    if waiting:
                        chosen = waiting[argument % len(waiting)]
                        scopes[chosen].cancel(reason="test")
                        del model.outside[chosen]
                        await settle()
                case "crash" | "take":
                    # Close the next gate behind what is taken now: one message a step.
                    expected.extend(model.inside)
                    model.inside.clear()
                    expected.extend(model.outside.values())
                    model.outside.clear()
                    before, gate = gate, Gate()
                    poison = boom()
                    before.open()
                    await settle()
                    assert got == expected
                    if step == "crash":
                        poisons.append(poison)
                        actor.tell(poison)
                        await settle()
                    actor.tell(gate.order)
                    await settle()
                case _:
                    raise AssertionError(step)
            enter()
            assert cell.depth == len(model.inside) <= capacity
        gate.open()
        await settle()
        expected.extend(model.inside)
        expected.extend(model.outside.values())

    assert got == expected
    crashed = [(poison, "crashed") for poison in poisons]
    assert sorted(home.shelved(), key=str) == sorted(model.lost + crashed, key=str)


async def test_a_stop_overtakes_the_mail_but_not_in_an_ordered_mailbox() -> None:
    plain: list[object] = []
    ordered: list[object] = []

    class InOrder(Doer):
        mailbox = Mailbox(ordered=True)

        async def handle(self, ctx: ActorContext, message: object) -> None:
            if type(message).__name__ == "StopRequested":
                ctx.stop(Shutdown("asked"))
            await super().handle(ctx, message)

    async with house() as home:
        for child, factory in (
            ("plain", lambda: Doer(plain)),
            ("ordered", lambda: InOrder(ordered)),
        ):
            actor = await home.keep(child, factory)
            actor.tell("before")
            home.life(child).request_stop(Shutdown("asked"))
            actor.tell("after")
        await settle()

        assert plain == []
        assert [str(m) for m in ordered] == [
            "before",
            "StopRequested(reason=Shutdown(by='asked'))",
        ]
        assert home.reasons("plain") == home.reasons("ordered") == [Shutdown("asked")]
