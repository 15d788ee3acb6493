"""The shelf: bounded, exact in its counts, and with a closed list of reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from actors.kernel import (
    DeadLetters,
    Envelope,
    MailboxFull,
    NeedsOperator,
    Overflow,
    Poison,
    Shutdown,
    Span,
    System,
    current_turn,
)
from tests.actors.kernel.keeper import Boom, Do, Doer, doer, settle

REASONS = {
    "crashed",
    "quarantined",
    "expired",
    "stopped",
    "overflow: oldest",
    "overflow: newest",
    "supervisor ended",
    "in hand: Killed",
    "in hand: NeedsOperator",
    "in hand: Zombie",
}
"""All there are, as in the explanation of the kernel."""


@given(
    limit=st.integers(1, 20),
    whys=st.lists(st.sampled_from(sorted(REASONS)), max_size=60),
    wanted=st.integers(0, 30),
)
def test_the_newest_are_kept_and_all_are_counted(
    limit: int, whys: list[str], wanted: int
) -> None:
    """K4."""
    now = iter(range(100))
    shelf = DeadLetters(lambda: float(next(now)), limit)
    for at, why in enumerate(whys):
        shelf.add("/a", Envelope(at, attempt=at), why, None)
        assert len(shelf) == min(at + 1, limit)

    assert shelf.counts == Counter(whys)
    kept = list(enumerate(whys))[-limit:]
    expected = [(at, why, at, at) for at, why in reversed(kept)][:wanted]
    newest = shelf.newest(wanted)
    assert [(x.message, x.why, x.at, x.attempts) for x in newest] == expected


STEPS = st.sampled_from(
    ["flood", "crash", "give up", "kill", "refuse", "stop", "expire", "rest", "launch"]
)


@given(
    plan=st.lists(st.tuples(STEPS, st.text(max_size=5)), max_size=25),
    policy=st.sampled_from(
        [Overflow.BACKPRESSURE, Overflow.DROP_OLDEST, Overflow.DROP_NEWEST]
    ),
    poison=st.sampled_from([Poison.DROP, Poison.retry(1)]),
)
def test_any_flood_and_any_end_stay_within_the_limit_and_the_reasons(
    plan: list[tuple[str, str]], policy: Overflow, poison: Poison
) -> None:
    """K4: whatever is accepted is handled or counted, and what people write is no reason.

    Texts have no end: those of exceptions, and of whoever stops somebody.
    """

    async def main() -> None:
        async with System(Doer) as system:
            shelf = system.dead_letters = DeadLetters(trio.current_time, limit=5)
            flooded = Flooded(system, doer(capacity=4, overflow=policy, poison=poison))
            try:
                for step, text in plan:
                    await flooded.do(step, text)
                    await settle()
                    assert len(shelf) == min(5, shelf.counts.total())
                await flooded.do("kill", "")
                await flooded.do("rest", "the end")
            finally:
                flooded.over.set()

        assert set(shelf.counts) <= REASONS
        assert shelf.counts.total() == flooded.cell.dropped
        assert flooded.cell.handled + flooded.cell.dropped == flooded.accepted

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


class Flooded:
    """An address to which everything happens."""

    def __init__(self, system: System, kind: type[Doer]) -> None:
        self.system = system
        self.kind = kind
        self.cell = system.find("/").cell.adopt("a")
        self.address = system.find("/a", kind)
        self.cell.launch(kind)
        self.over = trio.Event()
        self.accepted = 0

    def tell(self, message: object) -> None:
        with suppress(MailboxFull):
            self.address.tell(message)
            self.accepted += 1

    def have(self, work: Callable[[], object]) -> None:
        self.tell(Do(lambda *_: work()))

    async def do(self, step: str, text: str) -> None:
        life = self.cell.incarnation
        match step:
            case "flood":
                for number in range(7):
                    self.tell(number)
            case "crash":
                self.tell("handled in the same go")
                self.have(partial(fail, Boom(text)))
            case "give up":
                self.have(partial(fail, NeedsOperator(text)))
            case "kill" | "refuse" if life is not None:
                self.have(trio.sleep_forever if step == "kill" else self.refuse)
                await settle()
                await life.kill_and_fence()
            case "stop" if life is not None:
                life.request_stop(Shutdown(text))
            case "expire" if life is not None:
                await self.system.suspend(self.address)
                token = current_turn.set(Span("", trio.current_time() + 1, None))
                self.tell(text)
                current_turn.reset(token)
                await trio.sleep(2)
                self.system.resume(self.address)
            case "rest" if life is None:
                self.cell.rest(Shutdown(text))
            case "launch" if life is None:
                self.cell.launch(self.kind)
            case _:
                pass

    async def refuse(self) -> None:
        with trio.CancelScope(shield=True):
            await self.over.wait()


def fail(error: Exception) -> None:
    raise error
