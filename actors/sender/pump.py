"""One account's way out: takes from the outbox what may leave, and waits for the answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from contextvars import copy_context
from functools import partial
from math import inf
from typing import ParamSpec, TypeVar

import trio

from actors.buffer import Outbox
from actors.journal import AccountKey, Claim, OutboundRow
from actors.kernel import Envelope, Span, Timer, current_turn
from actors.lanes import Crew, Ended
from actors.messages import Ours, Outbound
from actors.sender.aiming import aimed
from actors.sender.delivery import Delivery
from actors.sender.line import Line, SendRefused, Sent
from actors.sender.lines import Lines
from actors.sender.settling import Settling
from actors.sender.terms import Terms

P = ParamSpec("P")
R = TypeVar("R")

SIDE_BY_SIDE = 32
"""Chats of one account that may wait for an answer at the same time."""


class Pump:
    """Takes rows from the outbox while there is a line, one of each chat at a time."""

    def __init__(
        self,
        nursery: trio.Nursery,
        account: AccountKey,
        *,
        claim: Claim,
        outbox: Outbox,
        lines: Lines,
        clock: Callable[[], float],
        later: Callable[[float], Timer],
        settled: Callable[[], None],
        paused: bool = False,
    ) -> None:
        """Make the pump of *account*.

        Args:
            nursery: Of the sender's incarnation.
            account: Whose rows it takes.
            claim: Of the sender's incarnation.
            outbox: Where rows come from and outcomes go.
            lines: Where the account's line is found.
            clock: Monotonic seconds.
            later: Asked to have `look_again` called in so many seconds.
            settled: Told when nothing is on the wire any more.
            paused: It is to begin nothing.
        """
        self.account = account
        self._paused = paused
        self._claim = claim
        self._outbox = outbox
        self._settling = Settling(account, claim, outbox, clock)
        self._lines = lines
        self._clock = clock
        self._later = later
        self._settled = settled
        self._timer: Timer | None = None
        self._looks_at = inf
        self._begun = 0
        """Rows that were picked and have not ended: so many at most as may be under way."""
        self._picked: dict[int, OutboundRow] = {}
        """Of them, those that are being committed."""
        self._ready: deque[Delivery] = deque()
        """Those that may leave, and wait for a worker."""
        self._dismissed = False
        self._crew: Crew[Delivery] = Crew(
            nursery,
            take=self._take,
            body=self._deliver,
            ended=self._ended,
            size=SIDE_BY_SIDE,
        )
        # What is begun without a worker is told of in a reader's context, and begun in
        # the journal's: neither knows of our turn, nor of the trace of what is said.
        self._span = Span("", inf, self._crew.owner)
        self._hand = self._span.in_hand = Envelope(None)
        self._context = copy_context()
        self._context.run(current_turn.set, self._span)

    @property
    def on_the_wire(self) -> int:
        return self._crew.running

    def ring(self) -> None:
        """Something may be said: pick it, in the very call that rings, and commit that.

        To wake a worker for it would cost a turn, and the commit that is on its way.
        """
        terms = self._terms()
        if terms is not None:
            self._pick(terms)

    def _go_on(self) -> None:
        """A place is free. Mostly nothing waits for it: that is asked first, and cheap."""
        terms = self._terms()
        if terms is not None and self._may_claim(terms):
            self._pick(terms)

    def _terms(self) -> Terms | None:
        """Return on which terms one may pick now; `None`: whatever ends rings again."""
        if self._begun >= SIDE_BY_SIDE or self._paused or self._dismissed:
            return None
        return self._lines.terms(self.account)

    def _pick(self, terms: Terms) -> None:
        room = SIDE_BY_SIDE - self._begun
        rows = self._outbox.pick(self._claim, self.account, room, terms.pacing)
        if not rows:
            self._may_claim(terms)
            return
        self._begun += len(rows)
        for row in rows:
            self._picked[row.seq] = row
        self._outbox.hand_out(self._claim, rows, partial(self._told, rows, terms))

    def lose(self, line: Line) -> None:
        """Take leave of a line: what it had not answered is unknown now."""

        def condemned(delivery: Delivery) -> bool:
            delivery.lost = delivery.line is line
            return delivery.lost

        self._crew.cancel(condemned, "the line was lost")

    def abandon(self) -> None:
        """Wait no longer for any answer."""
        self._crew.cancel(lambda _: True, "leaving")

    def end(self) -> None:
        """End what has no worker; those that have one end with the sender's workers."""
        self.pause()
        self._crew.interrupt()

    def pause(self) -> None:
        """Begin nothing any more."""
        self._paused = True
        self._give_back()

    def dismiss(self) -> None:
        """Send the workers home; what they have in hand they finish."""
        self._dismissed = True
        self._look_at(inf)
        self._give_back()
        self._crew.dismiss()

    def look_again(self) -> None:
        """Look for rows again: the time has come that one of them waited for."""
        if self._clock() >= self._looks_at:
            self._timer, self._looks_at = None, inf
        self.ring()

    def _give_back(self) -> None:
        """Return what no worker has in hand: no byte of it has left."""
        unsaid = [each.row for each in self._ready if each.at_once is None]
        tried = [each for each in self._ready if each.at_once is not None]
        waiting = [*self._picked.values(), *unsaid]
        self._picked.clear()
        self._ready.clear()
        now = self._clock()
        # Backwards: each goes to the front of its chat.
        for row in reversed(waiting):
            self._begun -= 1
            self._outbox.again(self._claim, row, now)
        for each in tried:  # of these nobody can know that
            assert each.at_once is not None
            self._crew.begun(each)
            self._answered(each, each.at_once)

    def _told(
        self,
        picked: Sequence[OutboundRow],
        terms: Terms,
        rows: Sequence[OutboundRow],
    ) -> None:
        """Let *rows* of what was picked leave: they are committed."""
        for row in picked:
            if self._picked.get(row.seq) is row:
                del self._picked[row.seq]
                self._begun -= 1
        for row in rows:
            self._begun += 1
            delivery = Delivery(row, terms)
            if not self._as_ours(self._begin, delivery):
                self._ready.append(delivery)
                self._crew.call()
        if len(rows) < len(picked):
            self.ring()

    def _begin(self, delivery: Delivery) -> bool:
        """Say it in this very call, without a worker, if its line can; nearly all can."""
        out = delivery.row.out
        line = self._lines.of(self.account)
        if line is None or out.change is not None:
            return False
        self._hand.trace = out.trace
        delivery.line = line
        try:
            delivery.leave = line.begin(out, partial(self._told_of, delivery))
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - the platform's own mistake
            delivery.at_once = delivery.at_once or _plain(error)
        if delivery.at_once is not None:
            delivery.leave = None
            return False  # a worker ends it: not this deep
        if delivery.leave is None:
            delivery.line = None
            return False
        self._crew.begun(delivery)
        return True

    def _told_of(self, delivery: Delivery, answer: Sent | Exception) -> None:
        self._as_ours(self._answered, delivery, answer)

    def _as_ours(self, call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Make *call* in our turn, unless it is ours already.

        It is ours already with a journal in memory, which commits in the call that rings.
        """
        if current_turn.get() is self._span:
            return call(*args, **kwargs)
        return self._context.run(call, *args, **kwargs)

    def _answered(self, delivery: Delivery, answer: Sent | Exception) -> None:
        """What was begun without a worker has ended, unless it was given up before."""
        if not self._crew.has_begun(delivery):
            if delivery.line is not None:  # read if it is being begun this very moment
                delivery.at_once = answer
            return
        delivery.leave = None
        self._hand.trace = delivery.trace
        ended, error = Ended.DONE, None
        try:
            self._settling.conclude(delivery, answer)
        except Exception as raised:  # noqa: BLE001 - the platform's own mistake
            ended, error = Ended.RAISED, raised
        self._crew.end_begun(delivery, ended, error)

    def _take(self) -> Delivery | None:
        return self._ready.popleft() if self._ready else None

    def _may_claim(self, terms: Terms) -> bool:
        """Is there something to claim? If it has to wait, see to it that we look again."""
        now, at = self._clock(), self._outbox.next_claim(self.account)
        if at > now:
            self._look_at(at)
            return False
        wait = terms.pacing.wait(now)
        if wait:
            self._look_at(now + wait)
            return False
        return True

    def _look_at(self, at: float) -> None:
        """Keep one timer: of the next time that something waits for."""
        if at == self._looks_at:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._looks_at = at
        if at < inf:
            self._timer = self._later(max(0.0, at - self._clock()))

    async def _deliver(self, delivery: Delivery) -> None:
        row = delivery.row
        out = row.out
        if delivery.at_once is not None:
            self._settling.conclude(delivery, delivery.at_once)
            return
        try:
            if out.change is not None:
                out = await self._aimed(row)
            line = self._lines.of(self.account)
            if line is None:  # it went while the claim was committed: no byte has left
                self._outbox.again(self._claim, row, self._clock())
                return
            delivery.line = line
            answer: Sent | SendRefused = await line.send(out)
        except SendRefused as refused:
            answer = refused
        self._settling.conclude(delivery, answer)

    async def _aimed(self, row: OutboundRow) -> Outbound:
        """Return it as its line takes it: a change of ours by the platform's id."""
        out = row.out
        change = out.change
        if change is None or not isinstance(change.target, Ours):
            return out
        outcome = await self._outbox.find_outcome(change.target.key)
        return aimed(out, change, outcome, repeated=row.doubts > 0)

    def _ended(
        self, delivery: Delivery, ended: Ended, error: BaseException | None
    ) -> None:
        try:
            if ended is not Ended.DONE:
                self._settling.broken_off(delivery, ended, error)
                if delivery.leave is not None:
                    delivery.leave()
        finally:  # whatever the line's code raises: its place is free
            self._begun -= 1
            self._go_on()
            if not self._crew.running:
                self._settled()


def _plain(error: BaseException) -> Exception:
    """Return what may go on from here: anything else would end whoever has told us."""
    if isinstance(error, Exception):
        return error
    plain = RuntimeError(f"{type(error).__name__}: {error}")
    plain.__cause__ = error
    return plain
