"""How a sender takes from the outbox, for tests that wait for it."""

from __future__ import annotations

from actors.buffer import Outbox
from actors.journal import AccountKey, Claim, OutboundRow
from actors.journal.slot import Slot


async def claimed(
    outbox: Outbox, claim: Claim, account: AccountKey, limit: int = 1
) -> list[OutboundRow]:
    """Pick what may be said now, and return it once that is committed."""
    rows = outbox.pick(claim, account, limit)
    if not rows:
        return rows
    slot: Slot[list[OutboundRow]] = Slot()
    outbox.hand_out(claim, rows, slot.fill)
    return await slot.wait()
