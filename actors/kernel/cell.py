"""What outlives incarnations: path, lanes, counters, children.

A cell is what an address points at. It owns the memory channels, so that mail waits
while nobody lives here; an incarnation only takes from them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, NoReturn

import trio

from actors.kernel.actor import Down
from actors.kernel.address import Address
from actors.kernel.envelope import Envelope, Notice, Place, Slot
from actors.kernel.errors import ActorDown, CapacityExceeded, MailboxFull
from actors.kernel.mailbox import (
    DEFAULT_CAPACITY,
    RESERVED_CEILING,
    Mailbox,
    Overflow,
    OverflowKind,
)
from actors.kernel.reasons import ExitReason, Normal, Shutdown

if TYPE_CHECKING:
    from actors.kernel.actor import AnyActor
    from actors.kernel.incarnation import Incarnation
    from actors.kernel.system import System

DEFAULT_SHUTDOWN_SECONDS = 5.0


class Cell:
    """One place in the tree. Made by its supervisor, found by its path."""

    __slots__ = (
        "_system_lane",
        "address",
        "admitted",
        "attention",
        "capacity",
        "children",
        "closed",
        "conflated",
        "depth",
        "dropped",
        "handled",
        "incarnation",
        "launched",
        "mailbox",
        "note",
        "overflow",
        "parent",
        "path",
        "pending",
        "phase",
        "put",
        "redeliver",
        "reserved",
        "resting",
        "supervisor",
        "suspended",
        "system",
        "system_depth",
        "take",
        "waiters",
        "waits",
        "watchers",
    )

    def __init__(
        self, system: System, path: str, parent: Cell | None, *, supervisor: bool
    ) -> None:
        self.system = system
        self.path = path
        self.parent = parent
        self.supervisor = supervisor
        self.address: Address[NoReturn] = Address(self)
        self.children: dict[str, Cell] | None = None
        self.incarnation: Incarnation | None = None
        self.launched = 0
        self.phase = "down"
        self.note = ""
        """What a supervisor wants shown beside the phase."""
        self.closed = False
        """The spec is gone; the address is dead for good."""
        self.resting: ExitReason | None = None
        """Nobody will come back by himself; mail is not kept."""

        self.mailbox: Mailbox | None = None
        self.capacity = 0
        self.overflow: OverflowKind = OverflowKind.BACKPRESSURE
        self.put: Callable[[Envelope], None] | None = None
        self.take: Callable[[], Envelope] | None = None
        """The two ends of the user lane, a memory channel, made by the first incarnation."""
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
        self.waits: list[Cell] | None = None
        """Whom this actor's handler waits for right now: edges of the wait-for graph."""
        self.watchers: list[Watch] | None = None
        self.handled = 0
        self.dropped = 0
        self.conflated = 0

    def __repr__(self) -> str:
        return f"<Cell {self.path} {self.phase}>"

    # --- children -----------------------------------------------------------------

    def adopt(self, child_id: str, *, supervisor: bool = False) -> Cell:
        """Return the cell of *child_id*, made now or left by an earlier incarnation.

        Raises:
            ValueError: the id holds a `/` or is empty.
        """
        if not child_id or "/" in child_id:
            msg = f"a child's id must be a non-empty string without '/' (got {child_id!r}); encode it"
            raise ValueError(msg)
        if self.children is None:
            self.children = {}
        cell = self.children.get(child_id)
        if cell is None:
            path = f"{self.path.rstrip('/')}/{child_id}"
            cell = Cell(self.system, path, self, supervisor=supervisor)
            self.children[child_id] = cell
            self.system.cells[path] = cell
        cell.supervisor = supervisor
        return cell

    def launch(
        self,
        factory: Callable[[], AnyActor],
        *,
        shutdown: float = DEFAULT_SHUTDOWN_SECONDS,
    ) -> Incarnation:
        """Start a new incarnation and return at once; `await started()` for the outcome.

        Args:
            factory: makes the actor, in the new incarnation's own task. Raising is a
                failed start.
            shutdown: seconds that cleaning up after a crash may take; `inf` for no limit.
        """
        if self.incarnation is not None:
            msg = f"{self.path} already has incarnation {self.incarnation.number}; stop it before launching another"
            raise RuntimeError(msg)
        if self.closed:
            raise ActorDown(self.path, "closed")
        if self.parent is not None and self.launched == 0:
            self.parent.reserve()  # for the notice of its exit
        self.launched += 1
        self.phase = "starting"
        self.note = ""
        self.resting = None
        self.incarnation = self.system.spawn(self, factory, shutdown)
        return self.incarnation

    def prune(self, keep: set[str]) -> None:
        """Close the children that a restarted supervisor did not take over."""
        for child_id in [k for k in self.children or () if k not in keep]:
            assert self.children is not None
            self.children[child_id].close(Normal())

    def rest(self, reason: ExitReason, phase: str = "down") -> None:
        """Stay down: what waits goes to the dead letters, who asks is told."""
        self.resting = reason
        self.phase = phase
        self.flush("stopped", ActorDown(self.path, str(reason)))

    def close(self, reason: ExitReason) -> None:
        """End the address for good, and all below it."""
        for child in list((self.children or {}).values()):
            child.close(reason)
        if self.closed:
            return
        self.closed = True
        self.rest(reason, "closed")
        self.system.cells.pop(self.path, None)
        self.put = self.take = self._system_lane = None
        if self.parent is not None and self.parent.children is not None:
            self.parent.children.pop(self.path.rsplit("/", 1)[1], None)
            if self.launched:
                self.parent.release()

    # --- lanes ----------------------------------------------------------------------

    def open_lanes(self, mailbox: Mailbox) -> None:
        """Make the user lane as the actor declares it; later incarnations keep it."""
        self.mailbox = mailbox
        self.capacity = mailbox.capacity
        self.overflow = mailbox.overflow.kind
        if mailbox.overflow.kind is OverflowKind.CONFLATE and self.pending is None:
            self.pending = {}
        if self.put is None:
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

    def watch(self, watcher: Incarnation) -> Watch:
        watch = Watch(watcher, self)
        if watcher.watches is None:
            watcher.watches = []
        watcher.watches.append(watch)
        if self.incarnation is None:
            watch.tell(self.resting or Shutdown("not running"))
        else:
            if self.watchers is None:
                self.watchers = []
            self.watchers.append(watch)
        return watch

    def ended(self, reason: ExitReason) -> None:
        """Tell whoever watched the incarnation that just ended."""
        watchers, self.watchers = self.watchers or (), None
        for watch in watchers:
            watch.tell(reason)

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
        assert self.take is not None
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
        assert self.put is not None
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
        if self.depth < self.capacity and self.put is not None:
            self.deliver(envelope)
            return True
        return self._offer_full(envelope)

    def _offer_full(self, envelope: Envelope) -> bool:
        if self.put is None:
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
        while self.take is not None and self.depth:
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


class Watch(Slot):
    """Somebody wants to know when an incarnation here ends."""

    __slots__ = ("_done", "target", "watcher")

    def __init__(self, watcher: Incarnation, target: Cell) -> None:
        watcher.cell.reserve()
        self.watcher = watcher
        self.target = target
        self._done = False

    def taken(self) -> None:
        if not self._done:
            self._done = True
            self.watcher.cell.release()

    def tell(self, reason: ExitReason) -> None:
        if self.watcher.reason is None:
            self.watcher.cell.notify(Down(self.target.address, reason), "", self)

    def cancel(self) -> None:
        """Stop watching. A `Down` that is already on its way may still come."""
        if self.target.watchers and self in self.target.watchers:
            self.target.watchers.remove(self)
            self.taken()
