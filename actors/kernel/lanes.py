"""The mail of one address: two lanes, and the shelf for what leaves them unhandled.

The lanes are trio memory channels touched only by their `nowait` ends, so that taking,
dropping and admitting happen without a checkpoint between them, hence atomically. They
belong to the address: mail waits while nobody lives there. Who gets in is `admission`.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, NoReturn

import trio

from actors.kernel.envelope import NO_SLOT, Envelope, Place, Slot
from actors.kernel.errors import ActorDown, CapacityExceeded
from actors.kernel.mailbox import (
    RESERVED_CEILING,
    Mailbox,
    OverflowKind,
)
from actors.kernel.reasons import ExitReason

if TYPE_CHECKING:
    from actors.kernel.incarnation import Incarnation
    from actors.kernel.system import System


def not_open(_: Envelope | None = None) -> NoReturn:
    """Stand in for the ends of a lane that no incarnation has asked for yet."""
    msg = "no incarnation has opened this mailbox"
    raise RuntimeError(msg)


class Lanes:
    """What waits for one actor, by which rules, and the counters of it."""

    __slots__ = (
        "_system_lane",
        "admitted",
        "attention",
        "capacity",
        "closed",
        "conflated",
        "depth",
        "dropped",
        "handled",
        "incarnation",
        "limit",
        "mailbox",
        "overflow",
        "path",
        "pending",
        "put",
        "redeliver",
        "reserved",
        "resting",
        "suspended",
        "system",
        "system_depth",
        "take",
        "waiters",
    )

    def __init__(self, system: System, path: str) -> None:
        self.system = system
        self.path = path
        self.incarnation: Incarnation | None = None
        """Who takes from here now; woken when something comes."""
        self.closed = False
        """The spec is gone; the address is dead for good."""
        self.resting: ExitReason | None = None
        """Nobody will come back by himself; mail is not kept."""

        self.mailbox: Mailbox | None = None
        self.capacity = 0
        self.limit = 0
        """The capacity while a message may simply be put in; 0 where it takes a look."""
        self.overflow = OverflowKind.BACKPRESSURE
        self.put: Callable[[Envelope], None] = not_open
        self.take: Callable[[], Envelope] = not_open
        """The two ends of the user lane, made by the first incarnation."""
        self._system_lane: (
            tuple[trio.MemorySendChannel[Envelope], trio.MemoryReceiveChannel[Envelope]]
            | None
        ) = None
        self.depth = 0
        self.system_depth = 0
        self.reserved = 0
        self.attention = False
        """Something comes before the next user message: look before taking it."""
        self.suspended = False
        self.redeliver: Envelope | None = None
        """The message that was in hand at a crash; it comes first."""
        self.pending: OrderedDict[Hashable, Envelope] | None = None
        """Where mail is conflated: what is in the user lane by its key, in its order."""
        self.waiters: deque[Place] | None = None
        """Senders and questions that wait for room, first come first served."""
        self.admitted = False
        """Parked senders were let in since the actor last let others run."""
        self.handled = 0
        self.dropped = 0
        self.conflated = 0

    @property
    def ordered(self) -> bool:
        return self.mailbox is not None and self.mailbox.ordered

    def reserve(self) -> None:
        """Reserve a slot on the system lane, so that delivery cannot fail later.

        Raises:
            CapacityExceeded: the ceiling is reached; nothing was made.
        """
        if self.reserved >= RESERVED_CEILING:
            raise CapacityExceeded(self.path, RESERVED_CEILING)
        self.reserved += 1

    def release(self) -> None:
        self.reserved -= 1

    def notify(self, body: object, trace: str = "", origin: Slot | None = None) -> None:
        """Put *body* on the system lane (the one lane of an ordered mailbox).

        Only for what holds a reserved slot: never waits, never drops.
        """
        if self.closed:
            return
        envelope = Envelope(body, trace, origin=origin or NO_SLOT)
        if self.ordered:
            self.deliver(envelope)
        else:
            if self._system_lane is None:
                self._system_lane = trio.open_memory_channel(RESERVED_CEILING)
            self._system_lane[0].send_nowait(envelope)
            self.system_depth += 1
            self.attention = True
        if self.incarnation is not None:
            self.incarnation.wake()

    def take_system(self) -> Envelope:
        assert self._system_lane is not None
        envelope = self._system_lane[1].receive_nowait()
        self.system_depth -= 1
        self.review_attention()
        return envelope

    def review_attention(self) -> None:
        incarnation = self.incarnation
        self.attention = bool(
            self.system_depth
            or self.suspended
            or self.redeliver is not None
            or (incarnation is not None and incarnation.stopping is not None)
        )

    def deliver(self, envelope: Envelope) -> None:
        self.put(envelope)
        self.depth += 1
        incarnation = self.incarnation
        if incarnation is not None and incarnation.parked is not None:
            incarnation.wake()

    # --- dead letters -----------------------------------------------------------------

    def shelve(
        self, envelope: Envelope, why: str, error: BaseException | None = None
    ) -> None:
        self.dropped += 1
        self.system.dead_letters.add(self.path, envelope, why, error)

    def expire(self, envelope: Envelope) -> None:
        """Nobody wants it handled any more."""
        self.shelve(envelope, "expired")
        if envelope.reply is not None:
            envelope.reply.expire()

    def drop(
        self, envelope: Envelope, why: str, error: BaseException | None = None
    ) -> None:
        """Count it, shelve it, tell who asked."""
        self.shelve(envelope, why, error)
        if envelope.reply is not None:
            envelope.reply.fail(
                error if isinstance(error, Exception) else ActorDown(self.path, why)
            )

    def forget_notices(self) -> None:
        """Empty the system lane; what waited there was for one incarnation."""
        while self.system_depth:
            assert self._system_lane is not None
            envelope = self._system_lane[1].receive_nowait()
            self.system_depth -= 1
            if envelope.origin is not None:
                envelope.origin.taken()

    def flush(self, why: str, error: ActorDown) -> None:
        """Empty the lanes into the dead letters; who asked is told."""
        left = [] if self.redeliver is None else [self.redeliver]
        self.redeliver = None
        while self.depth:
            left.append(self.take())
            self.depth -= 1
        self.forget_notices()
        if self.pending:
            self.pending.clear()
        waiting, self.waiters = self.waiters or (), None
        for envelope in left:
            if envelope.origin is None:
                self.drop(envelope, why, error)
            else:
                envelope.origin.taken()
        for place in waiting:
            if place.task is not None:
                place.refused(error)
            elif not place.stale:
                self.drop(place.envelope, why, error)
        self.review_attention()
