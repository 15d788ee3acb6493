"""How urgent an event is: the rule that sorts events into classes. Pure.

The class decides who is served first while there is more to do than can be done at
once. It never breaks the order of a chat, and no class starves: see `actors.lanes.fair`.
"""

from __future__ import annotations

from typing import Final

from actors.messages.inbound import Inbound, Priority

LATE_SECONDS: Final = 300.0
"""What was said longer ago belongs to a backlog that we catch up with, and is not urgent. It
is the age at which a command goes stale, too."""


_NORMAL = frozenset(
    {
        "message",
        "contact.requested",
        "chat.invited",
        "chat.joined",
        "schedule.due",
    }
)


def priority_of(
    event: Inbound,
    *,
    operator: bool = False,
    awaited: bool = False,
    age_seconds: float = 0.0,
) -> Priority:
    """Return the class of *event*: the first line that fits decides.

    | event | class |
    | --- | --- |
    | the awaited answer to `ctx.ask` | urgent |
    | our own message; anything that is late | bulk |
    | a message of an operator; `platform.needs_operator` | urgent |
    | what its platform has declared, in `Inbound.priority` | that |
    | a message, a request or invitation, a schedule that is due | normal |
    | all others: members, edits, reactions, notices | bulk |

    Args:
        event: What came in.
        operator: Its sender is an operator of this host.
        awaited: A handler waits for exactly this, in `ctx.ask`.
        age_seconds: How long ago it was said, by its platform; 0 where that is unknown.
    """
    if awaited:
        return Priority.URGENT
    name = event.event
    if event.from_self or age_seconds > LATE_SECONDS:
        return Priority.BULK
    if (operator and name == "message") or name == "platform.needs_operator":
        return Priority.URGENT
    if event.priority is not None:
        return event.priority
    return Priority.NORMAL if name in _NORMAL else Priority.BULK
