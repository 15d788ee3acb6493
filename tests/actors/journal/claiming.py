"""Take what is to be said, and wait for it: the sender's two calls as one."""

from __future__ import annotations

import trio

from actors.journal import AccountKey, Claim, Journal, OutboundRow, Pacing
from actors.journal.slot import Slot


async def claimed_outbound(
    journal: Journal,
    claim: Claim,
    account: AccountKey,
    limit: int = 1,
    pacing: Pacing | None = None,
) -> list[OutboundRow]:
    """Return what may leave now through *account*, once it is committed as `sending`.

    Who is cancelled gives it back, as the sender does: no byte of it has left.
    """
    rows = journal.pick_outbound(claim, account, limit, pacing)
    if not rows:
        return rows
    slot: Slot[list[OutboundRow]] = Slot()
    journal.hand_out(claim, rows, slot.fill)
    try:
        return await slot.wait()
    except trio.Cancelled:
        for row in rows:
            journal.requeue_outbound(claim, row.seq, trio.current_time())
        raise
