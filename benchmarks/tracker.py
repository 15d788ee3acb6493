"""The tracker's index beside a dict with a heap that is cleaned when it is touched.

That is the usual way to give entries of a dict a time to live: push every deadline on a
heap, and before each call pop what is over or no longer true. Its entries are found by
message and account together; without the account it has to look at all of them.

Both are told the time with each call and keep what they are told, so that only the way
of keeping differs. Processor time, medians of rounds in turn.
"""

from __future__ import annotations

import gc
import heapq
import time
import tracemalloc
from collections.abc import Callable, Iterator
from statistics import median
from typing import Protocol, TypeAlias

from attrs import define, field

from actors.messages import Chat, ChatAddress, ChatKind, OutboundState, Outcome
from actors.tracker import TrackerIndex
from benchmarks.measure import ROUNDS, Ratio, cpu_seconds, faster

SIZES = (1_000, 100_000, 1_000_000)
TTL = 1_800.0
CALLS = 50_000
"""Calls of the steady loop in a round."""
SCANS = 3
"""Receipts without an account in a round: the heap's way looks at all entries for each."""
ADDRESSES = [
    ChatAddress("qq", "1", Chat(ChatKind.GROUP, str(number))) for number in range(64)
]
Keys: TypeAlias = list[str]
Addresses: TypeAlias = list[ChatAddress]
Outcomes: TypeAlias = list[Outcome]


@define
class Record:
    """What the heap's way keeps of a delivery that waits."""

    message: str
    to: ChatAddress
    account: str
    created_at: float
    expires_at: float
    metadata: dict[str, object] = field(factory=dict)


@define
class Stored:
    outcome: Outcome
    stored_at: float
    expires_at: float


class HeapTracker:
    """A dict and a heap of deadlines, cleaned lazily; cut into methods as one would."""

    @staticmethod
    def key_of(message: str, account: str) -> tuple[str, str]:
        return message, account

    def __init__(self) -> None:
        self.pending: dict[tuple[str, str], Record] = {}
        self.pending_heap: list[tuple[float, str, str]] = []
        self.receipts: dict[str, Stored] = {}
        self.receipt_heap: list[tuple[float, str]] = []

    def begin(self, message: str, to: ChatAddress, now: float) -> None:
        self.clean(now)
        key = self.key_of(message, to.account)
        if key in self.pending:
            raise ValueError(message)
        at = now + TTL
        self.pending[key] = Record(message, to, to.account, now, at)
        heapq.heappush(self.pending_heap, (at, message, to.account))

    def finish(
        self, message: str, account: str | None, outcome: Outcome, now: float
    ) -> Record | None:
        self.clean(now)
        found: Record | None = None
        if account is not None:
            found = self.pending.pop(self.key_of(message, account), None)
        else:
            keys = [
                k for k, record in self.pending.items() if record.message == message
            ]
            if len(keys) == 1:
                found = self.pending.pop(keys[0], None)
        if outcome.message_id:
            at = now + TTL
            self.receipts[outcome.message_id] = Stored(outcome, now, at)
            heapq.heappush(self.receipt_heap, (at, outcome.message_id))
        return found

    def get(self, message: str, account: str, now: float) -> Record | None:
        self.clean(now)
        return self.pending.get(self.key_of(message, account))

    def clean(self, now: float) -> None:
        self.clean_pending(now)
        self.clean_receipts(now)

    def clean_pending(self, now: float) -> None:
        while self.pending_heap and self.pending_heap[0][0] <= now:
            at, message, account = heapq.heappop(self.pending_heap)
            record = self.pending.get((message, account))
            if record is not None and record.expires_at == at:
                del self.pending[message, account]

    def clean_receipts(self, now: float) -> None:
        while self.receipt_heap and self.receipt_heap[0][0] <= now:
            at, id_ = heapq.heappop(self.receipt_heap)
            stored = self.receipts.get(id_)
            if stored is not None and stored.expires_at == at:
                del self.receipts[id_]


class Way(Protocol):
    """Both ways, a loop for each operation, so that a call costs nothing on top."""

    def begin(self, keys: Keys, to: Addresses) -> None: ...
    def lookup(self, keys: Keys, to: Addresses) -> None: ...
    def finish(self, keys: Keys, to: Addresses, outcomes: Outcomes) -> None: ...
    def steady(
        self, new: Keys, to: Addresses, old: Keys, was: Addresses, outcomes: Outcomes
    ) -> None: ...
    def bare(self, keys: Keys, outcomes: Outcomes) -> None: ...


class ByHeap:
    def __init__(self, size: int) -> None:
        self.heap = HeapTracker()

    def begin(self, keys: Keys, to: Addresses) -> None:
        begin, clock = self.heap.begin, time.monotonic
        for key, address in zip(keys, to, strict=True):
            begin(key, address, clock())

    def lookup(self, keys: Keys, to: Addresses) -> None:
        get, clock = self.heap.get, time.monotonic
        for key, address in zip(keys, to, strict=True):
            get(key, address.account, clock())

    def finish(self, keys: Keys, to: Addresses, outcomes: Outcomes) -> None:
        finish, clock = self.heap.finish, time.monotonic
        for key, address, outcome in zip(keys, to, outcomes, strict=True):
            finish(key, address.account, outcome, clock())

    def steady(
        self, new: Keys, to: Addresses, old: Keys, was: Addresses, outcomes: Outcomes
    ) -> None:
        heap, clock = self.heap, time.monotonic
        for key, address, earlier, there, outcome in zip(
            new, to, old, was, outcomes, strict=True
        ):
            heap.begin(key, address, clock())
            heap.get(key, address.account, clock())
            heap.finish(earlier, there.account, outcome, clock())

    def bare(self, keys: Keys, outcomes: Outcomes) -> None:
        for key, outcome in zip(keys, outcomes, strict=True):
            self.heap.finish(key, None, outcome, time.monotonic())


class ByOrder:
    def __init__(self, size: int) -> None:
        # As many outcomes as the other way keeps, and room for all that wait.
        self.index = TrackerIndex(capacity=2 * size + CALLS, keep=4 * size + CALLS)

    def begin(self, keys: Keys, to: Addresses) -> None:
        begin, clock = self.index.begin, time.monotonic
        for key, address in zip(keys, to, strict=True):
            begin(key, address, clock(), TTL)

    def lookup(self, keys: Keys, to: Addresses) -> None:
        pending, clock = self.index.pending, time.monotonic
        for key, _ in zip(keys, to, strict=True):
            pending(key)
            clock()  # as the other way has to

    def finish(self, keys: Keys, to: Addresses, outcomes: Outcomes) -> None:
        finish, clock = self.index.finish, time.monotonic
        for key, _, outcome in zip(keys, to, outcomes, strict=True):
            finish(key, outcome, clock())

    def steady(
        self, new: Keys, to: Addresses, old: Keys, was: Addresses, outcomes: Outcomes
    ) -> None:
        index, clock = self.index, time.monotonic
        for key, address, earlier, _, outcome in zip(
            new, to, old, was, outcomes, strict=True
        ):
            index.begin(key, address, clock(), TTL)
            index.pending(key)
            index.finish(earlier, outcome, clock())

    def bare(self, keys: Keys, outcomes: Outcomes) -> None:
        for key, outcome in zip(keys, outcomes, strict=True):
            self.index.finish(key, outcome, time.monotonic())


WAYS: dict[str, Callable[[int], Way]] = {"heap": ByHeap, "order": ByOrder}


class Round:
    """The keys and outcomes of a round, made before anything is measured."""

    def __init__(self, size: int) -> None:
        self.size = size
        count = size + CALLS
        self.keys = [f"k{number:024x}" for number in range(count)]
        self.outcomes = [
            Outcome(OutboundState.SENT, "", f"m{number}") for number in range(count)
        ]
        self.to = [ADDRESSES[number % 64] for number in range(count)]

    def run(self, make: Callable[[int], Way]) -> dict[str, float]:
        """Return seconds for each of the operations."""
        size, keys, to, outcomes = self.size, self.keys, self.to, self.outcomes
        many = min(size, CALLS)
        way = make(size)
        taken = {
            "begin": cpu_seconds(lambda: way.begin(keys[:size], to[:size])),
            "lookup": cpu_seconds(lambda: way.lookup(keys[:many], to[:many])),
            "begin, lookup and finish": cpu_seconds(
                lambda: way.steady(
                    keys[size:], to[size:], keys[:CALLS], to[:CALLS], outcomes[:CALLS]
                )
            ),
            "bare": cpu_seconds(lambda: way.bare(keys[-SCANS:], outcomes[-SCANS:])),
        }
        way = make(size)
        way.begin(keys[:size], to[:size])
        taken["finish"] = cpu_seconds(
            lambda: way.finish(keys[:size], to[:size], outcomes[:size])
        )
        return taken


def memory(make: Callable[[int], Way], size: int) -> float:
    """Return bytes for each delivery that waits, keys and addresses apart."""
    made = Round(size)
    gc.collect()
    tracemalloc.start()
    way = make(size)
    way.begin(made.keys[:size], made.to[:size])
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return held / size


def run() -> Iterator[object]:
    """Yield one line for each figure, as it is measured."""
    bare: dict[int, dict[str, float]] = {}
    for size in SIZES:
        goal = 1.25 if size < 1_000_000 else 0.9
        made = Round(size)
        taken: dict[str, list[dict[str, float]]] = {name: [] for name in WAYS}
        gc.collect()
        gc.freeze()
        for _ in range(ROUNDS if size < 1_000_000 else 3):
            for name, make in WAYS.items():
                taken[name].append(made.run(make))
        gc.unfreeze()
        for what in ("begin", "finish", "lookup", "begin, lookup and finish"):
            floor = [each[what] for each in taken["heap"]]
            yield faster(
                f"{size:>9,} waiting: {what}",
                floor,
                [each[what] for each in taken["order"]],
                goal,
            )
        bare[size] = {
            name: median(each["bare"] / SCANS for each in taken[name]) for name in WAYS
        }
    small, large = bare[SIZES[0]], bare[SIZES[-1]]
    growth = large["order"] / small["order"]
    yield Ratio(
        "an answer that names no account, 1,000,000 beside 1,000",
        growth,
        growth,
        growth,
        20,
        higher_is_better=False,
    )
    yield (
        "     such an answer among 1,000,000: "
        f"{large['order'] * 1e6:.1f} us, with a heap {large['heap'] * 1e6:,.0f} us, "
        f"which grew {large['heap'] / small['heap']:,.0f}x"
    )
    theirs, ours = memory(ByHeap, 100_000), memory(ByOrder, 100_000)
    yield Ratio(
        f"memory: {ours:.0f} bytes for each that waits, beside {theirs:.0f}",
        ours / theirs,
        ours / theirs,
        ours / theirs,
        0.7,
        higher_is_better=False,
    )
