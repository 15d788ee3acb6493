"""Who is interested in events: one desk per bot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from actors.journal import InboundRow
from actors.messages import InboundState

Settle: TypeAlias = Callable[[InboundState, str], None]
"""Say what became of a row for one bot: (state, why). Plain, never raises, first call wins.

`PARKED` may come first; one of `DONE`, `FAILED`, `EXPIRED` ends it.
"""


class Desk(Protocol):
    """Where one bot takes its events. All calls are plain and quick."""

    @property
    def bot(self) -> str: ...

    def wants(self, row: InboundRow) -> bool:
        """Would any handler of this bot look at it?"""
        ...

    def put(self, row: InboundRow, settle: Settle) -> None:
        """Take the row. Exactly one final `settle` is owed for it.

        The same row may be put again by a new incarnation of the router, which
        only happens when this desk was connected anew in between.
        """
        ...
