"""Which messages wait for their answer, and what became of the others. Pure.

No clock: `now` is an argument. Three rules keep it cheap:

* Insertion order is expiry order, because each class of deliveries has one time to live.
  There are few classes.
* The next deadline is kept, never looked for; it may be too early, never too late.
* Expiring is bounded per call; whoever calls comes back for the rest.
"""

from __future__ import annotations

from enum import StrEnum
from itertools import islice
from math import inf

import msgspec
from attrs import frozen

from actors.messages import ChatAddress, OutboundState, Outcome

EXPIRED_PER_TURN = 256
MAX_CLASSES = 16
MAX_NAMESAKES = 15
"""A platform that gives every message the same id costs us no more than this."""
NO_ANSWER = "no answer in time"


class Pending(msgspec.Struct, frozen=True, eq=False):
    """A delivery that nobody has answered yet."""

    key: str
    to: ChatAddress
    begun_at: float
    expires_at: float
    ttl: float
    generation: int


class Final(msgspec.Struct, frozen=True, eq=False):
    """A delivery with an outcome. Kept for a while, so that a late answer finds it."""

    key: str
    to: ChatAddress
    outcome: Outcome
    settled_at: float
    timed_out: bool
    generation: int


class Verdict(StrEnum):
    """What an answer turned out to be."""

    MATCHED = "matched"
    """It was waited for."""
    LATE = "late"
    """We had given up, and the outcome was unknown; now it is known."""
    DUPLICATE = "duplicate"
    """There is an outcome already. The first one stands."""
    UNMATCHED = "unmatched"
    """Nothing of that key is known (any more)."""


@frozen
class Ambiguous:
    """Several messages bear this id; the account or the chat tells them apart."""

    message_id: str
    matches: tuple[Final, ...]


@frozen
class TrackerFull(Exception):
    """So many deliveries wait for an answer that one more is refused."""

    capacity: int

    def __str__(self) -> str:
        return f"{self.capacity} deliveries wait for their answer already"


@frozen
class TrackerCounts:
    pending: int
    final: int
    oldest_pending_at: float | None
    refused: int
    timed_out: int
    verdicts: dict[str, int]


class TrackerIndex:
    """Deliveries by key, and by the id that the platform gave them."""

    def __init__(
        self,
        *,
        capacity: int = 100_000,
        keep: int = 20_000,
        keep_seconds: float = 24 * 3600.0,
    ) -> None:
        """Make an empty index.

        Args:
            capacity: Deliveries that may wait for an answer; one more is refused.
            keep: Outcomes that are kept.
            keep_seconds: How long an outcome is kept.
        """
        self._capacity = capacity
        self._keep = keep
        self._keep_seconds = keep_seconds
        self._pending: dict[str, Pending] = {}
        self._classes: dict[float, dict[str, Pending]] = {}
        self._final: dict[str, Final] = {}
        self._by_message: dict[str, tuple[str, ...]] = {}
        self._generation = 0
        self._next = inf
        self._refused = 0
        self._timed_out = 0
        self._verdicts: dict[Verdict, int] = dict.fromkeys(Verdict, 0)

    @property
    def next_deadline(self) -> float:
        """When `expire` has something to do, at the earliest; `inf` for never."""
        return self._next

    def begin(self, key: str, to: ChatAddress, now: float, ttl: float) -> Pending:
        """Wait for the answer to *key* for *ttl* seconds; beginning again starts anew.

        Raises:
            TrackerFull: too many wait already.
            ValueError: *key* is empty, *ttl* is not above 0, or there are too many
                different ones: they are meant to be classes, not deadlines.
        """
        if not key:
            msg = "a delivery must have a key (got an empty one)"
            raise ValueError(msg)
        group = self._classes.get(ttl)
        if group is None:
            group = self._open_class(ttl)
        again = self._pending.get(key)
        if again is not None:
            del self._classes[again.ttl][key]
        elif len(self._pending) >= self._capacity:
            self._refused += 1
            raise TrackerFull(self._capacity)
        self._generation += 1
        expires_at = now + ttl
        pending = Pending(key, to, now, expires_at, ttl, self._generation)
        self._pending[key] = group[key] = pending
        self._next = min(self._next, expires_at)
        return pending

    def finish(
        self, key: str, outcome: Outcome, now: float, *, generation: int | None = None
    ) -> Verdict:
        """Record the answer to *key*; with *generation*, only to that attempt of it."""
        pending = self._pending.get(key)
        if pending is None or generation not in (None, pending.generation):
            verdict = self._late(key, outcome, now)
        else:
            del self._pending[key], self._classes[pending.ttl][key]
            self._settle(pending, outcome, now, timed_out=False)
            verdict = Verdict.MATCHED
        self._verdicts[verdict] += 1
        return verdict

    def expire(self, now: float, limit: int = EXPIRED_PER_TURN) -> list[Final]:
        """Give up on deliveries whose time has passed, and forget old outcomes.

        Works on *limit* records at most, outcomes included; call again while
        `next_deadline` has passed.

        Returns:
            What has timed out, as `unknown`.
        """
        lost: list[Final] = []
        unknown = Outcome(OutboundState.UNKNOWN, NO_ANSWER)
        for group in self._classes.values():
            front = islice(group.values(), limit - len(lost))
            due = [p for p in front if p.expires_at <= now]
            for pending in due:
                del group[pending.key], self._pending[pending.key]
                lost.append(self._settle(pending, unknown, now, timed_out=True))
        self._timed_out += len(lost)
        self._forget(now, limit - len(lost))
        self._next = self._earliest()
        return lost

    def clear(self, now: float) -> list[Final]:
        """End every wait as `cancelled`; nothing is forgotten silently."""
        cancelled = Outcome(OutboundState.CANCELLED, "the tracker was cleared")
        waiting = list(self._pending.values())
        self._pending.clear()
        for group in self._classes.values():
            group.clear()
        return [self._settle(p, cancelled, now, timed_out=False) for p in waiting]

    def pending(self, key: str) -> Pending | None:
        return self._pending.get(key)

    def final(self, key: str) -> Final | None:
        return self._final.get(key)

    def by_message(
        self,
        message_id: str,
        *,
        platform: str | None = None,
        to: ChatAddress | None = None,
    ) -> Final | Ambiguous | None:
        """Find what bears the platform's *message_id*; platforms use equal ones."""
        found = tuple(
            final
            for key in self._by_message.get(message_id, ())
            if (final := self._final.get(key)) is not None
            and (platform is None or final.to.platform == platform)
            and (to is None or final.to == to)
        )
        if len(found) > 1:
            return Ambiguous(message_id, found)
        return found[0] if found else None

    def counts(self) -> TrackerCounts:
        """Return depths and totals for an operator."""
        fronts = (next(iter(g.values()), None) for g in self._classes.values())
        oldest = min((p.begun_at for p in fronts if p is not None), default=None)
        return TrackerCounts(
            len(self._pending),
            len(self._final),
            oldest,
            self._refused,
            self._timed_out,
            {verdict.value: n for verdict, n in self._verdicts.items()},
        )

    # --- inside ------------------------------------------------------------------------

    def _open_class(self, ttl: float) -> dict[str, Pending]:
        if not 0 < ttl < inf:
            msg = f"a time to live must be above 0 and finite (got {ttl!r})"
            raise ValueError(msg)
        if len(self._classes) >= MAX_CLASSES:
            msg = f"there must be at most {MAX_CLASSES} different times to live (got one more: {ttl:g})"
            raise ValueError(msg)
        return self._classes.setdefault(ttl, {})

    def _late(self, key: str, outcome: Outcome, now: float) -> Verdict:
        known = self._final.get(key)
        if known is None:
            return Verdict.UNMATCHED
        if not known.outcome.unknown or outcome.unknown:
            return Verdict.DUPLICATE
        del self._final[key]
        self._unlist(known)
        self._record(
            Final(key, known.to, outcome, now, known.timed_out, known.generation)
        )
        return Verdict.LATE

    def _settle(
        self, pending: Pending, outcome: Outcome, now: float, *, timed_out: bool
    ) -> Final:
        final = Final(
            pending.key, pending.to, outcome, now, timed_out, pending.generation
        )
        # An earlier attempt of the same key may have an outcome: it goes, and the
        # newest outcome is the last in order.
        earlier = self._final.pop(pending.key, None)
        if earlier is not None:
            self._unlist(earlier)
        self._record(final)
        return final

    def _record(self, final: Final) -> None:
        if not self._final:
            self._next = min(self._next, final.settled_at + self._keep_seconds)
        self._final[final.key] = final
        message_id = final.outcome.message_id
        if message_id:
            others = self._by_message.get(message_id)
            self._by_message[message_id] = (
                (final.key,)
                if others is None
                else (*others[-MAX_NAMESAKES:], final.key)
            )
        # In batches: finding the front of a dict behind deleted keys is a walk.
        if len(self._final) > self._keep + EXPIRED_PER_TURN:
            self._drop(list(islice(self._final.values(), EXPIRED_PER_TURN)))

    def _forget(self, now: float, limit: int) -> None:
        oldest = islice(self._final.values(), max(0, limit))
        # The same sum as in `_earliest`: else a rounding could make us come back for ever.
        keep = self._keep_seconds
        self._drop([final for final in oldest if final.settled_at + keep <= now])

    def _drop(self, finals: list[Final]) -> None:
        for final in finals:
            del self._final[final.key]
            self._unlist(final)

    def _unlist(self, final: Final) -> None:
        message_id = final.outcome.message_id
        keys = self._by_message.get(message_id)
        if keys is None:
            return
        left = tuple(key for key in keys if key != final.key)
        if left:
            self._by_message[message_id] = left
        else:
            del self._by_message[message_id]

    def _earliest(self) -> float:
        fronts = [next(iter(g.values()), None) for g in self._classes.values()]
        due = [p.expires_at for p in fronts if p is not None]
        oldest = next(iter(self._final.values()), None)
        if oldest is not None:
            due.append(oldest.settled_at + self._keep_seconds)
        return min(due, default=inf)
