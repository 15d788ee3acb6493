"""How urgent an event is in this host: the rule, and what only the host knows for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from actors.journal import InboundRow
from actors.messages import Inbound, Priority, priority_of

if TYPE_CHECKING:
    from actors.router.desks import Desks


class Ranking:
    """Ranks events: `Journal.rank_by` takes one, and asks it once before each is accepted."""

    def __init__(
        self,
        desks: Desks,
        is_operator: Callable[[str, str], bool],
        wall_clock: Callable[[], float],
    ) -> None:
        """Ask nobody yet.

        Args:
            desks: They know who waits for an answer.
            is_operator: Is this user of this platform id an operator of the host?
            wall_clock: Seconds since 1970; what a platform dates by.
        """
        self._desks = desks
        self._is_operator = is_operator
        self._wall_clock = wall_clock

    def __call__(self, platform: str, account: str, event: Inbound) -> Priority:
        sender, said_at = event.sender, event.sent_at_utc
        return priority_of(
            event,
            operator=sender is not None and self._is_operator(platform, sender.id),
            awaited=self._desks.awaited(
                InboundRow(0, platform, account, event, "", 0.0)
            ),
            age_seconds=0.0 if said_at is None else self._wall_clock() - said_at,
        )
