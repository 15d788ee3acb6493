"""One event in the hand of one bot, from the moment its lane starts it."""

from __future__ import annotations

from typing import TypeAlias

import trio
from attrs import define, field

from actors.bots.asking import Asked, Question, Questions
from actors.bots.errors import NoAnswer, TurnEnded
from actors.bots.matching import Match
from actors.journal import InboundRow
from actors.lanes import Job
from actors.messages import Chat, InboundState
from actors.router import Settle

LaneKey: TypeAlias = tuple[str, str, Chat | None]
TurnJob: TypeAlias = "Job[LaneKey, Turn]"


@define(eq=False)
class Turn:
    """Mutable, and used by one worker at a time; only `over` is read by threads."""

    row: InboundRow
    settle: Settle
    matches: tuple[Match, ...]
    questions: Questions
    limit: float
    """Seconds its lane gives it."""
    deaths: int = 0
    """How many incarnations have ended with it in hand."""
    state: InboundState = InboundState.DONE
    why: str = ""
    handler: str = ""
    """The one that runs now, for whoever has to say which one failed."""
    job: TurnJob | None = None
    scope: trio.CancelScope | None = None
    """The deadline of the present run, where the lane's is not the one that counts."""
    over: bool = False
    _parks: int = field(default=0, init=False)
    _parked_once: bool = field(default=False, init=False)
    _left: float = field(default=0.0, init=False)
    _waiting: set[Question] = field(factory=set, init=False)

    async def wait(self, asked: Asked, said: str, within: float) -> InboundRow:
        """Step out of the lane until *asked* says something.

        Raises:
            NoAnswer: nobody did, within so many seconds.
            TurnEnded: the turn was given up meanwhile.
            TooManyParked: too many handlers of this bot wait already.
        """
        question = self.questions.ask(asked)
        self._waiting.add(question)
        try:
            self._park()
            try:
                with trio.move_on_after(within):
                    await question.woken.wait()
            finally:
                self._resume()
        finally:
            self._waiting.discard(question)
            self.questions.drop(question)
        if self.over:
            raise TurnEnded(self.handler)
        if question.answer is None:
            raise NoAnswer(said, within)
        return question.answer

    @property
    def was_parked(self) -> bool:
        """Has it asked somebody something? Then it is not run again."""
        return self._parked_once

    def end(self) -> None:
        """Nothing that this turn still tries to say counts any more."""
        self.over = True
        for question in self._waiting:
            question.woken.set()

    def _park(self) -> None:
        if self._parks == 0 and self.job is not None:
            self.job.park()
            if not self._parked_once:
                self._parked_once = True
                self.settle(InboundState.PARKED, "")
            if self.scope is not None:
                self._left = self.scope.deadline - trio.current_time()
                self.scope.deadline = float("inf")
        self._parks += 1

    def _resume(self) -> None:
        self._parks -= 1
        if self._parks == 0 and self.job is not None:
            self.job.resume()
            if self.scope is not None:
                self.scope.deadline = trio.current_time() + self._left
