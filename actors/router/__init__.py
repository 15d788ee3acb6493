"""Accepted events on their way to the bots: pulled, in order, nobody starved.

Read `desks` for where events go, `passage` for how one ends, then `router`; `ranking` says
how urgent an event is. What does not happen here: handling them (bots do), keeping them
and deciding whose turn it is (the journal does, by `actors.lanes.fair`).
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
