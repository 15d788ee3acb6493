"""Accepted events on their way from the journal to the bots.

What does not happen here: handling them (bots do), keeping them, and deciding whose turn it
is (the journal does, by `actors.lanes.fair`).

Read `router` first: the actor that pulls events. Then `desks` (which bots want an event, and
what each of them has in hand), `passage` (one event until every bot has settled it) and
`ranking` (how urgent an event is).
"""

from actors.router.desks import Desk, Desks, Settle
from actors.router.passage import IN_VAIN, unwanted
from actors.router.ranking import Ranking
from actors.router.router import DrainRouter, Router

__all__ = [
    "IN_VAIN",
    "Desk",
    "Desks",
    "DrainRouter",
    "Ranking",
    "Router",
    "Settle",
    "unwanted",
]
