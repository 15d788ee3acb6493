"""Leave in order: what is in hand is finished, what cannot be known is noted as unknown.

1. The router takes no more events from the journal. Sockets stay open, and what comes in is
   still journalled: it is for the next start.
2. Handlers that run end, and what they said goes out.
3. Answers of platforms are awaited; what has none by then is *unknown*.

Then the caller stops the tree, in reverse.
"""

from __future__ import annotations

import structlog
import trio

from actors.kernel import ActorError
from actors.router import DrainRouter, Router
from actors.sender import DrainSends, Sender
from rookery.host.parts import Parts

DRAIN_SECONDS = 10.0
"""So long all of it may take."""
_ANSWER_SECONDS = 1.0
"""So much longer one may take to say that it is over."""
_LOOK_SECONDS = 0.02

log = structlog.get_logger()


async def drain(parts: Parts, within: float = DRAIN_SECONDS) -> None:
    """Finish what is in hand, at most *within* seconds; at once when there is nothing."""
    until = trio.current_time() + within
    events = answers = 0
    try:
        router = parts.system.find("/core/router", Router)
        left = _left(until)
        events = await router.ask(DrainRouter(left), within=left + _ANSWER_SECONDS)
        await _sent(parts, until)
        sender = parts.system.find("/core/sender", Sender)
        left = _left(until)
        answers = await sender.ask(DrainSends(left), within=left + _ANSWER_SECONDS)
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
        # A chat gives one row at a time: its next one can be claimed when this is answered.
        if not waiting and not journal.counts().sending:
            return
        await trio.sleep(_LOOK_SECONDS)


def _left(until: float) -> float:
    return max(0.0, until - trio.current_time())
