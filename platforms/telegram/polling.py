"""News by long polls.

Rules of this file:

1. What a poll has brought is journalled, together with the next offset, before the next
   poll asks with that offset: asking makes Telegram forget everything before it.
2. If somebody else polls, too, or a webhook is set, a person has to end that: the state of
   the connection says so, and we poll slowly. What bots say goes out all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import trio

from platforms.base import Link, SessionEnded
from platforms.telegram import wire
from platforms.telegram.api import Api
from platforms.telegram.session import Session, ended

CONFLICT_SECONDS: Final = 30.0
"""Between two polls while another program polls: each poll of ours ends one of its."""
SOONEST_SECONDS: Final = 1.0
"""How far apart two polls are, at least, while they bring nothing: some servers do not
hold them."""

_CONFLICT: Final = 409


async def poll(
    link: Link, api: Api, session: Session, hold: Callable[[], float]
) -> None:
    """Ask for news, again and again.

    Args:
        link: To the host.
        api: The way to Telegram.
        session: Takes what is new.
        hold: Says for how many seconds the next poll may be held.
    """
    # With a webhook set, polls are refused; what waits for the webhook stays for us.
    await session.demand(wire.Call("deleteWebhook"))
    link.up()
    conflict = False
    while True:
        began = trio.current_time()
        offset = wire.offset_of(link.cursor)
        answer = await api.updates(offset, SOONEST_SECONDS if conflict else hold())
        conflict = answer.code == _CONFLICT
        if answer.ok:
            link.up()
            if not await _take(session, answer):
                await trio.sleep_until(began + SOONEST_SECONDS)
        elif conflict:
            link.degraded(f"conflict: {answer.why}")
            await trio.sleep(CONFLICT_SECONDS)
        else:
            raise ended(answer)


async def _take(session: Session, answer: wire.Answer) -> bool:
    """Journal what has come, with the next offset; return whether anything has."""
    batch = wire.read_batch(answer.result)
    if batch.offset is None and (
        batch.unreadable or not isinstance(answer.result, list)
    ):
        msg = "getUpdates answered with something else than updates"
        raise SessionEnded(msg)
    if batch.offset is not None:
        await session.take(batch, batch.offset)
    return batch.offset is not None
