"""What both journals answer from the index of what goes out, without waiting for a disk.

Where rows are kept makes no difference here: the index notes each change, and the file
learns of it later. What has to be on the disk first (`enqueue`, `hand_out`) each journal does
in its own way.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from math import inf

from actors.journal.doubts import Trust
from actors.journal.outgoing import Outgoing
from actors.journal.pacing import Pacing
from actors.journal.values import (
    AccountKey,
    Claim,
    Expired,
    HandedOut,
    OutboundRow,
    Recalled,
)
from actors.messages import Outcome


class OutboxSide(ABC):
    """The half of a `Journal` that settles, withdraws and expires what is to be said."""

    def __init__(self, outgoing: Outgoing, clock: Callable[[], float]) -> None:
        self._outgoing = outgoing
        self._clock = clock
        self._recalled: list[Recalled] = []

    def pick_outbound(
        self,
        claim: Claim,
        account: AccountKey,
        limit: int = 1,
        pacing: Pacing | None = None,
    ) -> list[OutboundRow]:
        """Claim in the index what may be said now; `hand_out` commits it."""
        return self._outgoing.claim(claim, account, limit, self._clock(), pacing)

    @abstractmethod
    def hand_out(
        self, claim: Claim, rows: Sequence[OutboundRow], told: HandedOut
    ) -> None: ...

    def settle_outbound(self, claim: Claim, seq: int, outcome: Outcome) -> bool:
        """Say what became of a row that was `sending`."""
        return self._outgoing.settle(claim, seq, outcome, self._clock())

    def requeue_outbound(self, claim: Claim, seq: int, not_before: float) -> bool:
        """The platform refused for now: back to the front of its chat, for later."""
        return self._outgoing.requeue(claim, seq, not_before)

    def resolve_outbound(self, key: str, outcome: Outcome) -> Outcome | None:
        """A late answer: `unknown` becomes `sent`. `None`: it is not (or no longer) unknown."""
        return self._outgoing.resolve(key, outcome, self._clock())

    def cancel_outbound(self, key: str, why: str) -> bool:
        """Withdraw what has not left yet. What may have left is not said again."""
        return self._outgoing.cancel(key, why, self._clock())

    @property
    def shed(self) -> bool:
        """Whether something was dropped or has expired that nobody has fetched yet."""
        return bool(self._outgoing.shed)

    def take_expired(self, limit: int) -> list[Expired]:
        """Expire up to *limit* stale rows and hand over what left the outbox unsaid."""
        self._outgoing.sweep(self._clock(), limit)
        shed = self._outgoing.shed
        self._outgoing.shed = []
        return shed

    def take_recalled(self) -> list[Recalled]:
        """Hand over what earlier processes left; memory remembers none."""
        recalled, self._recalled = self._recalled, []
        return recalled

    def next_expiry(self) -> float | None:
        """Return when `take_expired` has something to do, at the earliest."""
        at = self._outgoing.next_expiry()
        return None if at == inf else at

    def outcome_of(self, key: str) -> Outcome | None:
        """Where the row of this key stands, if that was asked for lately."""
        return self._outgoing.outcome_of(key)

    async def find_outcome(self, key: str) -> Outcome | None:
        """The same; memory knows no more than its index."""
        return self._outgoing.outcome_of(key)

    def can_claim(self, account: AccountKey) -> bool:
        """Return whether `pick_outbound` would probably return something; cheap to ask."""
        return self._outgoing.can_claim(account, self._clock())

    def next_claim(self, account: AccountKey) -> float:
        """When something may be claimed; `-inf` for at once, `inf` for never."""
        return self._outgoing.next_claim(account)

    def holds(self, account: AccountKey) -> bool:
        """Return whether there is anything to be said through *account*, now or later."""
        return self._outgoing.holds(account)

    def trust_keys(
        self, account: AccountKey, seconds: float, since: float = -inf
    ) -> None:
        """The platform of *account* is there, and recognises a key for so long; see `Journal`."""
        self._outgoing.trust_keys(account, Trust(seconds, since), self._clock())
