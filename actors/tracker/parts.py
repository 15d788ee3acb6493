"""The receipt of a message that had to be said in parts: one outcome for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import trio
from attrs import evolve

from actors.messages import OutboundState, Outcome
from actors.tracker.receipt import Receipt

_S = OutboundState

# A message is as badly off as the worst of its parts, and open while one of them is.
_WORST_FIRST = (
    _S.SENDING,
    _S.QUEUED,
    _S.UNKNOWN,
    _S.REJECTED,
    _S.EXPIRED,
    _S.DROPPED,
    _S.CANCELLED,
    _S.DEGRADED,
    _S.SENT,
)


def together(outcomes: Sequence[Outcome]) -> Outcome:
    """Return what became of a message whose parts ended so: no better than any of them.

    `detail` names the part, `message_id` is that of the first, to which one replies.
    """
    worst = min(outcomes, key=lambda outcome: _WORST_FIRST.index(outcome.state))
    detail = worst.detail
    if detail:
        detail = f"part {outcomes.index(worst) + 1} of {len(outcomes)}: {detail}"
    return evolve(worst, detail=detail, message_id=outcomes[0].message_id)


class ReceiptOfParts(Receipt):
    """Stands for the receipts of the parts, and only looks at them.

    It is never settled itself; the tracker settles those of the parts.
    """

    __slots__ = ("parts",)

    def __init__(self, parts: Sequence[Receipt]) -> None:
        first = parts[0]
        super().__init__(first.id, first.to, first.current, first.change)
        self.parts = tuple(parts)

    @property
    def current(self) -> Outcome:
        """Where it stands now: as badly as the worst of its parts."""
        return together([part.current for part in self.parts])

    async def outcome(self, within: float = 10.0) -> Outcome:
        """Wait until every part is settled, at most *within* seconds."""
        with trio.move_on_after(within):
            for part in self.parts:
                await part.outcome(inf)
        return self.current
