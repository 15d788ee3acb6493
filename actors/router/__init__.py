"""Accepted events on their way to the bots: pulled, in order, nobody starved.

Read `desks` for where events go, `passage` for how one ends, then `router`. What does
not happen here: handling them (bots do), keeping them (the journal does).
"""

from actors.router.desks import Desk, Desks, Settle
from actors.router.router import DrainRouter, Router

__all__ = ["Desk", "Desks", "DrainRouter", "Router", "Settle"]
