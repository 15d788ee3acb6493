"""Which handler waits for whose answer, in `ctx.ask`: bookkeeping, and an event to sleep on."""

from __future__ import annotations

from typing import TypeAlias

import trio

from actors.journal import InboundRow
from actors.messages import Chat

Asked: TypeAlias = tuple[str, str, Chat, str]
"""(platform, account, chat, user): whose next message is the answer."""


class Question:
    """One handler that waits."""

    __slots__ = ("answer", "asked", "woken")

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.answer: InboundRow | None = None
        self.woken = trio.Event()


def answers(row: InboundRow) -> Asked | None:
    """Return which question *row* would answer: only a message of somebody in a chat."""
    event = row.event
    if event.event != "message" or event.chat is None or event.sender is None:
        return None
    return (row.platform, row.account, event.chat, event.sender.id)


class Questions:
    """Every open question of a bot. Of several to one person the newest is answered first."""

    def __init__(self) -> None:
        self.open: dict[Asked, list[Question]] = {}
        """Who is waited for, and by which questions; most of the time it is empty."""

    def ask(self, asked: Asked) -> Question:
        """Begin to wait for *asked*."""
        question = Question(asked)
        self.open.setdefault(asked, []).append(question)
        return question

    def drop(self, question: Question) -> None:
        """Stop waiting: it was answered, or nobody wants to know any more."""
        waiting = self.open.get(question.asked)
        if waiting is not None and question in waiting:
            waiting.remove(question)
            if not waiting:
                del self.open[question.asked]

    def awaits(self, row: InboundRow) -> bool:
        """Say whether *row* answers an open question."""
        return bool(self.open) and answers(row) in self.open

    def take(self, row: InboundRow) -> bool:
        """Give *row* to the handler that waits for it. False: none does."""
        asked = answers(row) if self.open else None
        waiting = self.open.get(asked) if asked is not None else None
        if not waiting:
            return False
        question = waiting[-1]
        self.drop(question)
        question.answer = row
        question.woken.set()
        return True
