"""What is committed together, and who is told of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import structlog
from attrs import frozen

from actors.journal.sqlite.effects import Effect

Answered: TypeAlias = Callable[[object], None]
"""Told the answer of an effect, or the error that it ended with. Plain."""
Asked: TypeAlias = tuple[Effect, Answered]

log = structlog.get_logger()


@frozen
class Batch:
    """Effects that somebody waits for, and changes that only ride along."""

    asked: Sequence[Asked]
    changes: Sequence[Effect]

    @property
    def effects(self) -> list[Effect]:
        # Changes last: each is the newest state of a row that may be written before it.
        return [*(effect for effect, _ in self.asked), *self.changes]

    def tell(self, answers: object) -> None:
        """Answer everybody. Never raises: who is told must not stop those behind them."""
        assert isinstance(answers, list)
        for change, answer in zip(
            self.changes, answers[len(self.asked) :], strict=True
        ):
            if isinstance(answer, Exception):
                log.error(
                    "journal.change_lost", kind=type(change).__name__, why=str(answer)
                )
        for (_, answered), answer in zip(self.asked, answers, strict=False):
            try:
                answered(answer)
            except Exception:
                log.exception("journal.answer_failed")
