"""What is committed together, and who is told of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import structlog
from attrs import frozen

from actors.journal.sqlite.effects import Effect

Answered: TypeAlias = Callable[[object], None]
"""Called with the answer of an effect, or with the error that it ended with; not async."""
Asked: TypeAlias = tuple[Effect, Answered]

log = structlog.get_logger()


def nobody_asked(_: object) -> None:
    """Ignore an answer."""


class Gathering:
    """What has come for the next batch, and whether anybody else may."""

    __slots__ = ("_guests", "_held", "alone", "asked")

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.alone = True
        """Whether the last batch had a single effect in it, guests not counted."""
        self._guests = 0
        self._held = 0

    def add(self, asked: Asked, *, guest: bool) -> None:
        """Take one effect into the next batch.

        A *guest* belongs to another effect that comes anyway, so it is no sign that a batch
        grows.
        """
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
        """Hand over what has come, and remember whether it was one alone."""
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
        """Answer everybody. What one of them raises is logged, and does not stop the rest."""
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
