"""The mail of one address: two lanes, what may overflow them, and who waits outside.

The lanes are trio memory channels touched only by their `nowait` ends, so that taking,
dropping and admitting happen without a checkpoint between them, hence atomically. They
belong to the address: mail waits while nobody lives there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, NoReturn

import trio

from actors.kernel.envelope import Envelope, Notice, Place, Slot
from actors.kernel.errors import ActorDown, CapacityExceeded, MailboxFull
from actors.kernel.mailbox import (
    DEFAULT_CAPACITY,
    RESERVED_CEILING,
    Mailbox,
    Overflow,
    OverflowKind,
)
from actors.kernel.reasons import ExitReason

if TYPE_CHECKING:
    from actors.kernel.incarnation import Incarnation
    from actors.kernel.system import System


def _not_open(_: Envelope | None = None) -> NoReturn:
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
        self.put: Callable[[Envelope], None] = _not_open
        self.take: Callable[[], Envelope] = _not_open
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
        self.pending: dict[Hashable, Envelope] | None = None
        self.waiters: deque[Place] | None = None
        """Senders and questions that wait for room, first come first served."""
        self.admitted = False
        """Parked senders were let in since the actor last let others run."""
        self.handled = 0
        self.dropped = 0
        self.conflated = 0

    # --- opening, reserving ---------------------------------------------------------

    def open_lanes(self, mailbox: Mailbox) -> None:
        """Make the user lane as the actor declares it; later incarnations keep it."""
        self.mailbox = mailbox
        self.capacity = mailbox.capacity
        self.overflow = mailbox.overflow.kind
        if mailbox.overflow.kind is not OverflowKind.CONFLATE:
            self.limit = mailbox.capacity
        elif self.pending is None:
            self.pending = {}
        if self.put is _not_open:
            ceiling = RESERVED_CEILING if mailbox.ordered else 0
            send, receive = trio.open_memory_channel[Envelope](
                mailbox.capacity + ceiling
            )
            self.put, self.take = send.send_nowait, receive.receive_nowait
            early, self.waiters = self.waiters or (), None
            for place in early:
                self._let_in(place)

    def queue(self, place: Place) -> None:
        """Wait outside for room; admitted in order."""
        if self.waiters is None:
            self.waiters = deque()
        self.waiters.append(place)

    def unqueue(self, place: Place) -> None:
        if self.waiters and place in self.waiters:
            self.waiters.remove(place)

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
        envelope = Notice(body, trace, origin)
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
        self.attention = bool(
            self.system_depth or self.suspended or self.redeliver is not None
        )

    def take_user(self) -> Envelope:
        envelope = self.take()
        self.depth -= 1
        if self.pending is not None or self.waiters:
            self.took(envelope)
        return envelope

    def took(self, envelope: Envelope) -> None:
        """Keep the books of conflation, and let parked senders in."""
        if self.pending is not None:
            self._forget_pending(envelope)
        if self.waiters and (
            not self.depth or (not self.admitted and self.depth <= self.capacity >> 1)
        ):
            self._admit()

    def deliver(self, envelope: Envelope) -> None:
        self.put(envelope)
        self.depth += 1
        incarnation = self.incarnation
        if incarnation is not None and incarnation.parked is not None:
            incarnation.wake()

    def _admit(self) -> None:
        """Let parked senders in, first come first served, a few in each scheduler pass.

        Whoever is let in usually has more to say, and the rest of the room is for that:
        else every message would cost a park and a wake.
        """
        assert self.waiters is not None
        self.admitted = True
        room = self.capacity - self.depth
        for _ in range(max(1, room >> 3 if self.depth else room >> 1)):
            if not self.waiters:
                break
            self._let_in(self.waiters.popleft())

    def _let_in(self, place: Place) -> None:
        reply = place.envelope.reply
        if reply is None or not reply.done:
            self.deliver(place.envelope)
        place.admitted()

    # --- delivery ---------------------------------------------------------------------

    def offer(self, envelope: Envelope) -> bool:
        """Take *envelope* under the overflow policy. `False`: no room, the sender may wait.

        Raises:
            MailboxFull: the policy is REJECT.
        """
        if self.pending is not None and self._conflate(envelope):
            return True
        if self.depth < self.capacity and self.put is not _not_open:
            self.deliver(envelope)
            return True
        return self._offer_full(envelope)

    def _offer_full(self, envelope: Envelope) -> bool:
        if self.put is _not_open:
            return self._offer_early(envelope)
        match self.overflow:
            case OverflowKind.BACKPRESSURE | OverflowKind.CONFLATE:
                return False
            case OverflowKind.REJECT:
                raise MailboxFull(self.path, self.capacity, envelope.body)
            case OverflowKind.DROP_NEWEST:
                self.drop(envelope, "overflow: newest")
            case OverflowKind.DROP_OLDEST:
                # No checkpoint between the two: atomic.
                self.drop(self.take_user(), "overflow: oldest")
                self.deliver(envelope)
        return True

    def _offer_early(self, envelope: Envelope) -> bool:
        """Mail that comes before the first incarnation said how big its lane is."""
        if len(self.waiters or ()) >= DEFAULT_CAPACITY:
            return False
        self.queue(Place(envelope, self))
        return True

    def _conflate(self, envelope: Envelope) -> bool:
        assert self.pending is not None
        key = self._key(envelope.body)
        waiting = self.pending.get(key)
        if waiting is None:
            if self.depth < self.capacity:
                self.pending[key] = envelope
            return False
        waiting.body, waiting.trace = envelope.body, envelope.trace
        if envelope.reply is not None:
            envelope.reply.fail(ActorDown(self.path, "the question was conflated"))
        self.conflated += 1
        return True

    def _forget_pending(self, envelope: Envelope) -> None:
        assert self.pending is not None
        key = self._key(envelope.body)
        if self.pending.get(key) is envelope:
            del self.pending[key]

    def _key(self, body: object) -> Hashable:
        assert self.mailbox is not None
        overflow: Overflow = self.mailbox.overflow
        assert overflow.key is not None
        return overflow.key(body)

    def drop(
        self, envelope: Envelope, why: str, error: BaseException | None = None
    ) -> None:
        """Count it, shelve it, tell who asked."""
        self.dropped += 1
        self.system.dead_letters.add(self.path, envelope, why, error)
        if envelope.reply is not None:
            envelope.reply.fail(
                error if isinstance(error, Exception) else ActorDown(self.path, why)
            )

    def flush(self, why: str, error: ActorDown) -> None:
        """Empty the lanes into the dead letters; who asked is told."""
        left = [] if self.redeliver is None else [self.redeliver]
        self.redeliver = None
        while self.depth:
            left.append(self.take())
            self.depth -= 1
        while self.system_depth:
            assert self._system_lane is not None
            envelope = self._system_lane[1].receive_nowait()
            self.system_depth -= 1
            if envelope.origin is not None:
                envelope.origin.taken()
        if self.pending:
            self.pending.clear()
        waiting, self.waiters = self.waiters or (), None
        for envelope in left:
            if envelope.origin is not None:
                envelope.origin.taken()
            else:
                self.drop(envelope, why, error)
        for place in waiting:
            if place.task is not None:
                place.refused(error)
            else:
                self.drop(place.envelope, why, error)
        self.review_attention()
