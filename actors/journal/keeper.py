"""The actor that looks after the journal: frees what is no longer needed, shows how it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias, assert_never

from attrs import frozen

from actors.journal.protocol import Journal
from actors.journal.values import JournalHealth
from actors.kernel import Actor, ActorContext

TIDY_SECONDS = 60.0
LOOK_SECONDS = 1.0
STALLED = "stalled"


class KeptJournal(Journal, Protocol):
    """A journal that needs looking after."""

    def tidy(self) -> None:
        """Free what time has made useless."""
        ...

    @property
    def health(self) -> JournalHealth: ...


@frozen
class Tidy:
    """To itself: free what is no longer needed."""


@frozen
class Look:
    """To itself: see how the journal is."""


JournalMessage: TypeAlias = Tidy | Look


class JournalKeeper(Actor[JournalMessage]):
    """Lives at `/journal`.

    The journal itself belongs to the host, not to this actor: while this one restarts
    nobody waits, and its end never comes in the middle of a write.

    Args:
        journal: What to look after.
        on_trouble: Called with kind and reason when it has stalled. Must be quick.
    """

    def __init__(
        self,
        journal: KeptJournal,
        on_trouble: Callable[[str, str], None] = lambda _kind, _why: None,
    ) -> None:
        self._journal = journal
        self._on_trouble = on_trouble
        self._known = JournalHealth("open")

    async def start(self, ctx: ActorContext) -> None:
        ctx.every(TIDY_SECONDS, Tidy())
        ctx.every(LOOK_SECONDS, Look())

    async def handle(self, ctx: ActorContext, message: JournalMessage) -> None:
        match message:
            case Tidy():
                self._journal.tidy()
            case Look():
                self._look(ctx)
            case _:
                assert_never(message)

    def _look(self, ctx: ActorContext) -> None:
        health = self._journal.health
        if health == self._known:
            return
        before, self._known = self._known, health
        cell = ctx.find(ctx.path).cell
        if health.state == STALLED:
            cell.phase, cell.note = STALLED, health.why
            if health.kind != before.kind:
                ctx.log.error("journal.stalled", kind=health.kind, why=health.why)
                self._on_trouble(health.kind, health.why)
        elif before.state == STALLED:
            cell.phase, cell.note = "running", ""
            ctx.log.info("journal.recovered", kind=before.kind)
