"""Accepted events on their way to the bots: pulled, in order, nobody starved.

Read `desks` for where events go. What does not happen here: handling them (bots do),
keeping them (the journal does).
"""

from actors.router.desks import Desk, Settle

__all__ = ["Desk", "Settle"]
