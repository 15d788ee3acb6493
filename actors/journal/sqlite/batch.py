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


def nobody_asked(_: object) -> None:
    """An `Answered` for whoever does not want to know."""


class Gathering:
    """What has come for the next batch, and whether anybody else may."""

    __slots__ = ("_guests", "_held", "alone", "asked")

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.alone = True
        """The last batch had one in it, apart from its guests."""
        self._guests = 0
        self._held = 0

    def add(self, asked: Asked, *, guest: bool) -> None:
        """Take one. A *guest* comes along with another, and is no sign of more to come."""
        self.asked.append(asked)
        self._guests += guest

    def hold(self) -> None:
        """Until `let_go`, more will come in this very moment."""
        self._held += 1

    def let_go(self) -> None:
        self._held -= 1

    @property
    def held(self) -> bool:
        return self._held > 0

    def close(self) -> list[Asked]:
        """Hand over what has come. Where one came alone, the next one will as well."""
        asked, self.asked = self.asked, []
        self.alone = len(asked) - self._guests <= 1
        self._guests = 0
        return asked


@frozen
class Batch:
    """Effects that somebody waits for, and changes that only ride along."""

    asked: Sequence[Asked]
    changes: Sequence[Effect]

    @property
    def effects(self) -> list[Effect]:
        # Changes last: each is the newest state of a row that may be written before it.
        return [effect for effect, _ in self.asked] + list(self.changes)

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
