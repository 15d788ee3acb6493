"""News by long polls.

Rules of this file:

1. What a poll has brought is journalled, and the offset with it, before that offset is
   asked with: only then does Telegram forget it. Nothing that waits is ever dropped.
2. Somebody else who polls, or a webhook, is a conflict for a person to end: it is told,
   and tried again slowly. What we say goes out all the same.
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
"""Each poll of ours ends one of the other program's."""
SOONEST_SECONDS: Final = 1.0
"""Between two polls that bring nothing, where a server does not hold them."""

_CONFLICT: Final = 409


async def poll(
    link: Link, api: Api, session: Session, hold: Callable[[], float]
) -> None:
    """Ask for news, again and again.

    Args:
        link: To the host.
        api: What is asked.
        session: What takes the news.
        hold: For how many seconds a poll may be held, asked each time.
    """
    # A webhook keeps everything from us; what waits for it is kept for the first poll.
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
    """Journal what has come, and its offset with it; say whether anything has."""
    batch = wire.read_batch(answer.result)
    if batch.offset is None and (
        batch.unreadable or not isinstance(answer.result, list)
    ):
        msg = "getUpdates answered with something else than updates"
        raise SessionEnded(msg)
    if batch.offset is not None:
        await session.take(batch, batch.offset)
    return batch.offset is not None
