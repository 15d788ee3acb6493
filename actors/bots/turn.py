"""One event in the hand of one bot, from the moment its lane starts it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

import trio
from attrs import frozen

from actors.bots.asking import Asked, Question, Questions
from actors.bots.errors import NoAnswer, TurnEnded
from actors.bots.matching import Match
from actors.journal import InboundRow
from actors.kernel import Envelope
from actors.kernel import Turn as KernelTurn
from actors.lanes import Job
from actors.messages import ChatKind, InboundState
from actors.router import Settle

if TYPE_CHECKING:
    from actors.kernel import Cell

LaneKey: TypeAlias = tuple[str, str, ChatKind | None, str]
"""Platform, account and chat, or no chat. Flat, because lanes look it up all the time."""
TurnJob: TypeAlias = "Job[LaneKey, Turn]"

_DONE = InboundState.DONE


def lane_of(row: InboundRow) -> LaneKey:
    """Return the lane of *row*: the events of one chat come one after the other."""
    chat = row.event.chat
    if chat is None:
        return (row.platform, row.account, None, "")
    return (row.platform, row.account, chat.kind, chat.id)


@frozen(eq=False)
class Shared:
    """What all turns of one incarnation have in common."""

    bot: str
    questions: Questions
    owner: KernelTurn | None
    """Of the actor that the turns belong to."""
    left: Callable[[], None]
    """Called when a turn leaves its lane to wait for an answer."""


class Turn:
    """One event, the handlers it is for, and how it stands with it.

    Used by one worker at a time; threads of plain handlers read `over` and `facts`. It is
    also a `Turn` of the kernel: while it runs it is the current one, so whatever is started
    in it keeps its trace and its facts, even after the worker has gone on.

    Not an attrs class: one is made for every event.
    """

    __slots__ = (
        "_envelope",
        "_left",
        "_parked_once",
        "_parks",
        "_shared",
        "_waiting",
        "deaths",
        "handler",
        "job",
        "limit",
        "matches",
        "over",
        "row",
        "scope",
        "settle",
        "state",
        "why",
    )

    task = None
    """The kernel's name for the task whose waiting blocks the actor. None does here: the
    bot's actor does not wait for its handlers."""

    def __init__(
        self,
        shared: Shared,
        row: InboundRow,
        settle: Settle,
        matches: tuple[Match, ...],
        *,
        limit: float,
        deaths: int,
    ) -> None:
        self._shared = shared
        self.row = row
        self.settle = settle
        self.matches = matches
        self.limit = limit
        """Seconds its lane gives it."""
        self.deaths = deaths
        """How many incarnations have ended with it in hand."""
        self.state = _DONE
        """To which state its row is settled when it ends well, and ..."""
        self.why = ""
        """... the reason that is noted with that."""
        self.handler = ""
        """The one that runs now, for whoever has to say which one failed."""
        self.job: TurnJob | None = None
        self.scope: trio.CancelScope | None = None
        """The deadline of the present run, where the lane's is not the one that counts."""
        self.over = False
        """It was settled: what it still tries to say is refused."""
        self._envelope: Envelope | None = None
        self._parks = 0
        self._parked_once = False
        self._waiting: list[Question] | None = None

    # --- what the kernel and the log want to know -----------------------------------------

    @property
    def in_hand(self) -> Envelope:
        """What messages of this turn inherit. Most turns send none."""
        if self._envelope is None:
            self._envelope = Envelope(None, self.row.trace)
        return self._envelope

    @property
    def fenced(self) -> bool:
        owner = self._shared.owner
        return owner is not None and owner.fenced

    @property
    def cell(self) -> Cell | None:
        owner = self._shared.owner
        return owner.cell if owner is not None else None

    @property
    def nurseries(self) -> tuple[trio.Nursery, ...]:
        owner = self._shared.owner
        return owner.nurseries if owner is not None else ()

    @property
    def facts(self) -> Mapping[str, object]:
        """What every log line of this turn says."""
        row = self.row
        return {
            "platform": row.platform,
            "account": row.account,
            "chat": str(row.event.chat or ""),
            "bot": self._shared.bot,
        }

    # --- questions ------------------------------------------------------------------------

    async def wait(self, asked: Asked, said: str, within: float) -> InboundRow:
        """Step out of the lane until *asked* says something, and return that.

        While it waits the lane is free for other events of the chat.

        Raises:
            NoAnswer: nobody did, within so many seconds.
            TurnEnded: the turn was given up meanwhile.
            TooManyParked: too many handlers of this bot wait already.
        """
        questions = self._shared.questions
        question = questions.ask(asked)
        if self._waiting is None:
            self._waiting = []
        self._waiting.append(question)
        try:
            self._park()
            try:
                with trio.move_on_after(within):
                    await question.woken.wait()
            finally:
                self._resume()
        finally:
            self._waiting.remove(question)
            questions.drop(question)
        if self.over:
            raise TurnEnded(self.handler)
        if question.answer is None:
            raise NoAnswer(said, within)
        return question.answer

    @property
    def was_parked(self) -> bool:
        """Whether it has asked somebody something: such a turn is never run again."""
        return self._parked_once

    def end(self) -> None:
        """Mark it as over: nothing that it still tries to say counts any more."""
        self.over = True
        # The job knows this turn, too: a reference cycle for every event would be left to
        # the garbage collector, which stops the loop for it now and then.
        self.job = None
        for question in self._waiting or ():
            question.woken.set()

    def _park(self) -> None:
        if self._parks == 0 and self.job is not None:
            self.job.park()
            if not self._parked_once:
                self._parked_once = True
                self.settle(InboundState.PARKED, "")
            self._shared.left()
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
