"""The actor that looks after the journal: frees what is no longer needed."""

from __future__ import annotations

from typing import TypeAlias, assert_never

from attrs import frozen

from actors.journal.memory import MemoryJournal
from actors.journal.values import JournalCounts
from actors.kernel import Actor, ActorContext, Query

TIDY_SECONDS = 60.0


@frozen
class Tidy:
    """It is time to free what is no longer needed."""


@frozen
class CountRows(Query[JournalCounts]):
    """How full is the journal?"""


JournalMessage: TypeAlias = Tidy | CountRows


class JournalKeeper(Actor[JournalMessage]):
    """Lives at `/journal`, permanent. The store belongs to the System, not to this actor:
    while it restarts, nobody waits.
    """

    def __init__(self, journal: MemoryJournal) -> None:
        self._journal = journal

    async def start(self, ctx: ActorContext) -> None:
        ctx.every(TIDY_SECONDS, Tidy())

    async def handle(self, ctx: ActorContext, message: JournalMessage) -> None:
        match message:
            case Tidy():
                self._journal.tidy()
            case CountRows():
                ctx.answer(message, self._journal.counts())
            case _:
                assert_never(message)
