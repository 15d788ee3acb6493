"""Who gets into a mailbox: the overflow policies, conflation, and the queue outside."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Hashable

import trio

from actors.kernel.envelope import Envelope, Place
from actors.kernel.errors import ActorDown, MailboxFull
from actors.kernel.lanes import Lanes, unopened
from actors.kernel.mailbox import (
    DEFAULT_CAPACITY,
    RESERVED_CEILING,
    Mailbox,
    Overflow,
    OverflowKind,
)

SWEEP = 63
"""A mask: each time a queue has grown by 64, what nobody waits for any more is swept out."""
CONFLATED = "the question was conflated"
"""What an asker is told whose question a newer message of the same key has replaced."""
NO_KEY = "its key raised"
"""Why a message is a dead letter on which the author's `Overflow.conflate(key)` failed."""


class Admission(Lanes):
    """The way into the user lane, and the queue before it of those who wait for room."""

    __slots__ = ()

    # --- opening ----------------------------------------------------------------------

    def open_lanes(self, mailbox: Mailbox) -> None:
        """Make the user lane as the actor declares it; later incarnations keep it."""
        changed, self.mailbox = self.mailbox != mailbox, mailbox
        self.capacity = mailbox.capacity
        self.overflow = mailbox.overflow.kind
        conflates = self.overflow is OverflowKind.CONFLATE
        self.limit = 0 if conflates else mailbox.capacity
        if changed:
            self.pending = OrderedDict() if conflates else None
            self._move(mailbox)

    def _move(self, mailbox: Mailbox) -> None:
        """Make the lane, and move in what an earlier one held or what came before any.

        All of it was accepted, so it stays even where it is more than fits now; only a
        policy that lets mail go may let it go.
        """
        mail = [self.take() for _ in range(self.depth)]
        early: deque[Place] | None = None
        if self.pending is not None:
            mail = [envelope for envelope in mail if self._has_key(envelope)]
            places = self.waiters or ()
            self.waiters = deque(p for p in places if self._has_key(p.envelope, p))
        if self.put is unopened:
            early, self.waiters = self.waiters, None
        room = max(mailbox.capacity, len(mail) + len(early or ()))
        ceiling = RESERVED_CEILING if mailbox.ordered else 0
        send, receive = trio.open_memory_channel[Envelope](room + ceiling)
        self.put, self.take = send.send_nowait, receive.receive_nowait
        self.depth = 0
        for envelope in mail:
            self._keep(envelope)
        for place in early or ():
            if place.task is None:
                self._keep(place.envelope)
            else:
                self.queue(place)
        if self.waiters and not self.depth:
            self._admit()  # nobody will be taken, so nobody else would let them in

    def _has_key(self, envelope: Envelope, place: Place | None = None) -> bool:
        """Tell whether what another mailbox took, or none yet, can be recognised here."""
        try:
            key = self._key(envelope.body)
            hash(key)
        except Exception as error:  # noqa: BLE001 - the author's code
            if place is not None and place.task is not None:
                place.refused(error)
            else:
                self.drop(envelope, NO_KEY, error)
            return False
        if place is not None:
            place.key = key
        return True

    def _keep(self, envelope: Envelope) -> None:
        """Put mail of before into the new lane, as its policy says."""
        reply = envelope.reply
        if reply is not None and reply.done:
            return
        if self.pending is not None and self._absorbed(
            self._key(envelope.body), envelope
        ):
            return
        if self.depth >= self.capacity:
            if self.overflow is OverflowKind.DROP_NEWEST:
                self.drop(envelope, "overflow: newest")
                return
            if self.overflow is OverflowKind.DROP_OLDEST:
                self.drop(self.take_user(), "overflow: oldest")
        self.deliver(envelope)

    def queue(self, place: Place) -> None:
        """Put *place* at the end of the queue outside; it is let in when its turn comes."""
        if self.pending is not None:
            place.key = self._key(place.envelope.body)
        if self.waiters is None:
            self.waiters = deque()
        elif len(self.waiters) & SWEEP == SWEEP:
            # Questions whose askers are gone; nobody else takes them out.
            self.waiters = deque(p for p in self.waiters if p.task or not p.stale)
        self.waiters.append(place)

    def unqueue(self, place: Place) -> None:
        """Take *place* out of the queue, if it still stands there."""
        if self.waiters and place in self.waiters:
            self.waiters.remove(place)

    # --- taking, and letting in who waits ---------------------------------------------

    def take_user(self) -> Envelope:
        """Return the oldest message of the user lane; there must be one."""
        envelope = self.take()
        self.depth -= 1
        if self.pending is not None or self.waiters:
            self.took(envelope)
        return envelope

    def took(self, envelope: Envelope) -> None:
        """Note that *envelope* has left the user lane, and let in who waits outside.

        The loop of an incarnation takes messages itself and calls this only where there
        is something to note: see `Incarnation._turns`.
        """
        if envelope.origin is not None:
            envelope.origin.taken()
        if self.pending is not None:
            # Both are in the order of the lane. Its key is not asked for again: what it
            # is made of may have changed meanwhile.
            self.pending.popitem(last=False)
        if self.waiters and (
            not self.depth or (not self.admitted and self.depth <= self.capacity >> 1)
        ):
            self._admit()

    def _admit(self) -> None:
        """Let parked senders in, first come first served, a few in each scheduler pass.

        Whoever is let in usually has more to say, and the rest of the room is for that:
        else every message would cost a park and a wake.
        """
        assert self.waiters is not None
        self.admitted = True
        room = self.capacity - self.depth
        room = max(1, room >> 3 if self.depth else room >> 1)
        while room and self.waiters:
            place = self.waiters.popleft()
            if place.stale:  # the room is for who comes behind it
                place.refused(ActorDown(self.path, "the sender is a fenced zombie"))
                continue
            self._let_in(place)
            room -= 1
            if self.pending:
                self._let_in_all(place.key)

    def _let_in(self, place: Place) -> None:
        if self.pending is None or not self._absorbed(place.key, place.envelope):
            self.deliver(place.envelope)
        place.admitted()

    # --- delivery ---------------------------------------------------------------------

    def offer(self, envelope: Envelope) -> bool:
        """Take *envelope* under the overflow policy. `False`: no room, the sender may wait.

        Raises:
            MailboxFull: the policy is REJECT.
            ActorDown: it is a question, and the policy lets it go.
        """
        if self.pending is not None and self._conflate(envelope):
            if envelope.reply is not None:
                raise ActorDown(self.path, CONFLATED)
            return True
        if self.depth < self.capacity and self.put is not unopened:
            self.deliver(envelope)
            return True
        return self._offer_full(envelope)

    def _offer_full(self, envelope: Envelope) -> bool:
        """Do as the policy says: there is no room, or no lane yet."""
        if self.put is unopened:
            return self._offer_early(envelope)
        match self.overflow:
            case OverflowKind.BACKPRESSURE | OverflowKind.CONFLATE:
                return False
            case OverflowKind.REJECT:
                raise MailboxFull(self.path, self.capacity, envelope.body)
            case OverflowKind.DROP_NEWEST:
                self.shelve(envelope, "overflow: newest")
                # Raised, not set: its asker does not wait yet, so cannot be woken.
                if envelope.reply is not None:
                    raise ActorDown(self.path, "overflow: newest")
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
        """Let *envelope* replace the waiting message of its key; False: there is none."""
        assert self.pending is not None
        key = self._key(envelope.body)
        if key not in self.pending:
            if self.depth >= self.capacity:
                return False
            if self.waiters:
                self._let_in_all(key)
        return self._fold(key, envelope)

    def _fold(self, key: Hashable, envelope: Envelope) -> bool:
        """Replace what waits under *key* where it stands; else note *envelope* under it."""
        assert self.pending is not None
        waiting = self.pending.get(key)
        if waiting is None:
            self.pending[key] = envelope
            return False
        waiting.body, waiting.trace = envelope.body, envelope.trace
        waiting.deadline = max(waiting.deadline, envelope.deadline)
        self.conflated += 1
        return True

    def _absorbed(self, key: Hashable, envelope: Envelope) -> bool:
        """As `_conflate`, for what was accepted before: its asker sleeps, and is told."""
        if not self._fold(key, envelope):
            return False
        if envelope.reply is not None:
            envelope.reply.fail(ActorDown(self.path, CONFLATED))
        return True

    def _let_in_all(self, key: Hashable) -> None:
        """Let in all who wait outside under *key*: later, they would undo newer mail.

        Together they take one place, and there is one.
        """
        for place in tuple(self.waiters or ()):
            if not place.stale and place.key == key:
                self.unqueue(place)
                self._let_in(place)

    def _key(self, body: object) -> Hashable:
        assert self.mailbox is not None
        overflow: Overflow = self.mailbox.overflow
        assert overflow.key is not None
        return overflow.key(body)
