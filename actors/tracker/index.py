"""Which messages wait for their answer, and what became of the others. Pure.

No clock: `now` is an argument. Three rules keep it cheap:

* Deliveries are grouped by their time to live, of which there are few. In a group they
  expire in the order in which they came, so nothing has to be sorted.
* The next deadline is kept, never looked for; it may be too early, never too late.
* Expiring is bounded per call; whoever calls comes back for the rest.
"""

from __future__ import annotations

from itertools import islice
from math import inf

from actors.messages import ChatAddress, OutboundState, Outcome
from actors.tracker.names import Names
from actors.tracker.values import (
    Ambiguous,
    Final,
    Pending,
    TrackerCounts,
    TrackerFull,
    Verdict,
)

EXPIRED_PER_TURN = 256
"""So many records are worked on by one call, at most."""
MAX_CLASSES = 16
"""So many different times to live there may be."""
NO_ANSWER = "no answer in time"


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
        self._full = keep + EXPIRED_PER_TURN
        self._keep_seconds = keep_seconds
        self._classes: dict[float, dict[str, Pending]] = {}
        self._groups: tuple[dict[str, Pending], ...] = ()
        """The values of `_classes`: few, so a key is looked for in each of them."""
        self._final: dict[str, Final] = {}
        self._named = Names()
        self._generation = 0
        self._next = inf
        self._refused = 0
        self._timed_out = 0
        self._matched = 0
        self._others: dict[Verdict, int] = dict.fromkeys(Verdict, 0)

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
        waiting = 0
        for each in self._groups:
            if each.pop(key, None) is not None:
                break
            waiting += len(each)
        else:
            if waiting >= self._capacity:
                self._refused += 1
                raise TrackerFull(self._capacity)
        self._generation += 1
        expires_at = now + ttl
        pending = group[key] = Pending(key, to, expires_at, ttl, self._generation)
        self._next = min(self._next, expires_at)
        return pending

    def finish(
        self, key: str, outcome: Outcome, now: float, *, generation: int | None = None
    ) -> Verdict:
        """Record the answer to *key*; with *generation*, only to that attempt of it."""
        if generation is not None:
            pending = self.pending(key)
            if pending is None or pending.generation != generation:
                return self._late(key, outcome, now)
        for group in self._groups:
            pending = group.pop(key, None)
            if pending is not None:
                break
        else:
            return self._late(key, outcome, now)
        self._matched += 1
        # From here on it is what `_record` does, spelled out: this is called for every
        # message.
        final = Final(key, pending.to, outcome, now, False, pending.generation)
        finals = self._final
        if finals.setdefault(key, final) is not final:
            self._replace(final)
        message_id = outcome.message_id
        if message_id and self._named.setdefault(message_id, final) is not final:
            self._named.share(final)
        size = len(finals)
        if size == 1 or size > self._full:
            self._resized()
        return Verdict.MATCHED

    def restore(self, key: str, to: ChatAddress, outcome: Outcome, at: float) -> None:
        """Take over the outcome of an earlier process, oldest first; *at* may be past."""
        self._record(Final(key, to, outcome, at, False, 0))

    def expire(self, now: float, limit: int = EXPIRED_PER_TURN) -> list[Final]:
        """Give up on deliveries whose time has passed, and forget old outcomes.

        Works on *limit* records at most, outcomes included; call again while
        `next_deadline` has passed.

        Returns:
            What has timed out, as `unknown`.
        """
        lost: list[Final] = []
        unknown = Outcome(OutboundState.UNKNOWN, NO_ANSWER)
        for group in self._groups:
            front = islice(group.values(), limit - len(lost))
            due = [p for p in front if p.expires_at <= now]
            for pending in due:
                del group[pending.key]
                lost.append(self._end(pending, unknown, now, timed_out=True))
        self._timed_out += len(lost)
        self._forget(now, limit - len(lost))
        self._next = self._earliest()
        return lost

    def clear(self, now: float) -> list[Final]:
        """End every wait as `cancelled`; nothing is forgotten silently."""
        cancelled = Outcome(OutboundState.CANCELLED, "the tracker was cleared")
        waiting = [pending for group in self._groups for pending in group.values()]
        for group in self._groups:
            group.clear()
        return [self._end(p, cancelled, now, timed_out=False) for p in waiting]

    def pending(self, key: str) -> Pending | None:
        for group in self._groups:
            found = group.get(key)
            if found is not None:
                return found
        return None

    def final(self, key: str) -> Final | None:
        return self._final.get(key)

    def by_message(
        self, message_id: str, *, to: ChatAddress | None = None
    ) -> Final | Ambiguous | None:
        """Find what bears the platform's *message_id*, with *to* in that chat only.

        Many platforms count in each chat anew. So without *to* several may bear the id:
        then they are `Ambiguous`, and 16 of them at most are told.
        """
        found = self._named.find(message_id, to)
        if len(found) > 1:
            return Ambiguous(message_id, found)
        return found[0] if found else None

    def counts(self) -> TrackerCounts:
        """Return depths and totals for an operator."""
        fronts = (next(iter(group.values()), None) for group in self._groups)
        oldest = min((p.begun_at for p in fronts if p is not None), default=None)
        verdicts = {verdict.value: n for verdict, n in self._others.items()}
        return TrackerCounts(
            sum(map(len, self._groups)),
            len(self._final),
            oldest,
            self._refused,
            self._timed_out,
            verdicts | {Verdict.MATCHED.value: self._matched},
        )

    # --- inside ------------------------------------------------------------------------

    def _open_class(self, ttl: float) -> dict[str, Pending]:
        if not 0 < ttl < inf:
            msg = f"a time to live must be above 0 and finite (got {ttl!r})"
            raise ValueError(msg)
        if len(self._classes) >= MAX_CLASSES:
            msg = f"there must be at most {MAX_CLASSES} different times to live (got one more: {ttl:g})"
            raise ValueError(msg)
        group = self._classes[ttl] = {}
        self._groups = tuple(self._classes.values())
        return group

    def _late(self, key: str, outcome: Outcome, now: float) -> Verdict:
        known = self._final.get(key)
        if known is None:
            verdict = Verdict.UNMATCHED
        elif not known.outcome.unknown or outcome.unknown:
            verdict = Verdict.DUPLICATE
        else:
            verdict = Verdict.LATE
            final = Final(
                key, known.to, outcome, now, known.timed_out, known.generation
            )
            self._record(final)
        self._others[verdict] += 1
        return verdict

    def _end(
        self, pending: Pending, outcome: Outcome, now: float, *, timed_out: bool
    ) -> Final:
        final = Final(
            pending.key, pending.to, outcome, now, timed_out, pending.generation
        )
        self._record(final)
        return final

    def _record(self, final: Final) -> None:
        finals = self._final
        if finals.setdefault(final.key, final) is not final:
            self._replace(final)
        message_id = final.outcome.message_id
        if message_id and self._named.setdefault(message_id, final) is not final:
            self._named.share(final)
        self._resized()

    def _replace(self, final: Final) -> None:
        """Put *final* in the place of an earlier outcome of its key, and last in order."""
        self._named.discard(self._final.pop(final.key))
        self._final[final.key] = final

    def _resized(self) -> None:
        finals = self._final
        if len(finals) == 1:
            (only,) = finals.values()
            self._next = min(self._next, only.settled_at + self._keep_seconds)
        # In batches: finding the front of a dict behind deleted keys is a walk.
        elif len(finals) > self._full:
            self._drop(list(islice(finals.values(), EXPIRED_PER_TURN)))

    def _forget(self, now: float, limit: int) -> None:
        oldest = islice(self._final.values(), max(0, limit))
        # The same sum as in `_earliest`: else a rounding could make us come back for ever.
        keep = self._keep_seconds
        self._drop([final for final in oldest if final.settled_at + keep <= now])

    def _drop(self, finals: list[Final]) -> None:
        for final in finals:
            del self._final[final.key]
            self._named.discard(final)

    def _earliest(self) -> float:
        fronts = [next(iter(group.values()), None) for group in self._groups]
        due = [p.expires_at for p in fronts if p is not None]
        oldest = next(iter(self._final.values()), None)
        if oldest is not None:
            due.append(oldest.settled_at + self._keep_seconds)
        return min(due, default=inf)
