"""Leave in order: what is in hand is finished, what cannot be known is said to be unknown.

Claims pause while sockets stay open and events are still journalled; lanes finish; what
they said goes out; answers are awaited. Then the tree stops, in reverse.
"""

from __future__ import annotations

import structlog
import trio

from actors.kernel import ActorError
from actors.router import DrainRouter, Router
from actors.sender import DrainSends, Sender
from rookery.host.parts import Parts

DRAIN_SECONDS = 10.0
_LOOK_SECONDS = 0.02

log = structlog.get_logger()


async def drain(parts: Parts, within: float = DRAIN_SECONDS) -> None:
    """Finish what is in hand, at most *within* seconds; at once when there is nothing."""
    until = trio.current_time() + within
    events = answers = 0
    try:
        router = parts.system.find("/core/router", Router)
        events = await router.ask(DrainRouter(_left(until)), within=within + 1)
        await _sent(parts, until)
        sender = parts.system.find("/core/sender", Sender)
        answers = await sender.ask(DrainSends(_left(until)), within=within + 1)
    except ActorError as error:
        log.warning("host.drain_failed", why=str(error))
    parts.journal.leave()
    parts.tracker.clear()
    log.info(
        "host.drained",
        events_left=events,
        answers_missing=answers,
        unsent=parts.journal.counts().queued,
        seconds=round(within - (until - trio.current_time()), 3),
    )


async def _sent(parts: Parts, until: float) -> None:
    """Wait until nothing is left to say to those who are connected."""
    while trio.current_time() < until:
        journal = parts.journal
        waiting = any(map(journal.can_claim, parts.lines.accounts()))
        # One row of a chat at a time: the next one shows when this one is answered.
        if not waiting and not journal.counts().sending:
            return
        await trio.sleep(_LOOK_SECONDS)


def _left(until: float) -> float:
    return max(0.0, until - trio.current_time())
