"""The mail of one address: two lanes, and the way out for what is never handled.

The *user lane* holds what actors send each other, bounded by the declared capacity. The
*system lane* holds what the kernel itself tells an actor (timer ticks, `Down` notices,
exits of children); each of these has reserved its slot beforehand, so it never waits and
is never dropped. An *ordered* mailbox has one lane for both, first in, first out.

Lanes are trio memory channels touched only by their `nowait` ends, so that taking,
dropping and admitting happen without a checkpoint between them, hence atomically. They
belong to the address: mail waits while nobody lives there. Who gets in is `admission`.
(`actors.lanes` is something else: work by key, for router, sender and bots.)
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


def unopened(_: Envelope | None = None) -> NoReturn:
    """Stand for the two ends of a user lane before the first incarnation has made it."""
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
        """The child was deleted: nobody will ever live at this address again."""
        self.resting: ExitReason | None = None
        """Why nobody lives here, once it is decided that nobody will be started unasked.
        While it is set no mail is kept. `None` also during a restart: then mail waits."""

        self.mailbox: Mailbox | None = None
        self.capacity = 0
        self.limit = 0
        """Below this depth `tell` puts a message in without asking anybody: the capacity,
        or 0 where each message has to go through `offer` (conflation, hooks, resting)."""
        self.overflow = OverflowKind.BACKPRESSURE
        self.put: Callable[[Envelope], None] = unopened
        self.take: Callable[[], Envelope] = unopened
        """The two ends of the user lane. It is made when the first incarnation has said
        how large it is; until then both are `unopened`."""
        self._system_lane: (
            tuple[trio.MemorySendChannel[Envelope], trio.MemoryReceiveChannel[Envelope]]
            | None
        ) = None
        self.depth = 0
        """Messages in the user lane."""
        self.system_depth = 0
        """Notices in the system lane."""
        self.reserved = 0
        """Slots of the system lane that are spoken for, whether a notice is in them or not."""
        self.attention = False
        """Something comes before the next user message (a stop, a suspension, a message to
        be handled again, a notice): the loop looks for it only when this is set."""
        self.suspended = False
        """Frozen between two messages; see `System.suspend`."""
        self.redeliver: Envelope | None = None
        """The message that was in hand at a crash; it comes first."""
        self.pending: OrderedDict[Hashable, Envelope] | None = None
        """Where mail is conflated: what is in the user lane by its key, in its order."""
        self.waiters: deque[Place] | None = None
        """Senders and questions that wait for room, first come first served."""
        self.admitted = False
        """Parked senders were let in since the actor last let others run."""
        # Counted since the cell was made, over all incarnations:
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
        """Give one reserved slot back."""
        self.reserved -= 1

    def notify(self, body: object, trace: str = "", origin: Slot | None = None) -> None:
        """Put *body* on the system lane, or at the end of an ordered mailbox.

        Only for what holds a reserved slot; so there is room, and it need not wait.
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
        """Return the next notice; there must be one."""
        assert self._system_lane is not None
        envelope = self._system_lane[1].receive_nowait()
        self.system_depth -= 1
        self.review_attention()
        return envelope

    def review_attention(self) -> None:
        """Set `attention` anew, after one of its reasons has come or gone."""
        incarnation = self.incarnation
        self.attention = bool(
            self.system_depth
            or self.suspended
            or self.redeliver is not None
            or (incarnation is not None and incarnation.stopping is not None)
        )

    def deliver(self, envelope: Envelope) -> None:
        """Put *envelope* into the user lane, where there must be room, and wake the actor."""
        self.put(envelope)
        self.depth += 1
        incarnation = self.incarnation
        if incarnation is not None and incarnation.parked is not None:
            incarnation.wake()

    # --- dead letters -----------------------------------------------------------------

    def shelve(
        self, envelope: Envelope, why: str, error: BaseException | None = None
    ) -> None:
        """Make *envelope* a dead letter, for the reason *why*; its asker is not told."""
        self.dropped += 1
        self.system.dead_letters.add(self.path, envelope, why, error)

    def expire(self, envelope: Envelope) -> None:
        """Make a dead letter of what is past its deadline; its asker gets `AskTimeout`."""
        self.shelve(envelope, "expired")
        if envelope.reply is not None:
            envelope.reply.expire()

    def drop(
        self, envelope: Envelope, why: str, error: BaseException | None = None
    ) -> None:
        """Make *envelope* a dead letter; its asker, if it has one, gets *error*."""
        self.shelve(envelope, why, error)
        if envelope.reply is not None:
            envelope.reply.fail(
                error if isinstance(error, Exception) else ActorDown(self.path, why)
            )

    def forget_notices(self) -> None:
        """Empty the system lane: a notice is for one incarnation, never for the next."""
        while self.system_depth:
            assert self._system_lane is not None
            envelope = self._system_lane[1].receive_nowait()
            self.system_depth -= 1
            if envelope.origin is not None:
                envelope.origin.taken()

    def flush(self, why: str, error: ActorDown) -> None:
        """Make all that waits dead letters; whoever asked or waits for room gets *error*."""
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
