"""One account's way out: takes from the outbox what may leave, and waits for the answers."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from math import inf

import structlog
import trio

from actors.buffer import Outbox
from actors.journal import AccountKey, Claim, OutboundRow
from actors.kernel import Timer
from actors.lanes import Crew, Ended
from actors.messages import Ours, Outbound, OutboundState, Outcome
from actors.sender.aiming import aimed
from actors.sender.line import Line, OutcomeUnknown, Rejected, Retry, Sent
from actors.sender.lines import Lines
from actors.sender.terms import Terms

log = structlog.get_logger()

SEND_SECONDS = 60.0
"""A line has its own deadline for an answer; this one is for lines that forget it."""
SIDE_BY_SIDE = 32
"""Chats of one account that may wait for an answer at the same time."""
MIN_RETRY_SECONDS = 0.1
MAX_RETRY_SECONDS = 24 * 3600.0
NOT_AIMED_SECONDS = 10.0
"""Until the message that a change is meant for is looked for again."""
_SENT = Outcome(OutboundState.SENT)
_S = OutboundState


class Delivery:
    """One row on its way through a line."""

    __slots__ = ("line", "lost", "row", "terms", "within")
    parked = False

    def __init__(self, row: OutboundRow, terms: Terms) -> None:
        self.row = row
        self.terms = terms
        self.line: Line | None = None
        self.lost = False
        self.within = SEND_SECONDS

    @property
    def trace(self) -> str:
        return self.row.out.trace


class Pump:
    """Pulls while there is a line, one row of each chat at a time."""

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

    @property
    def on_the_wire(self) -> int:
        return self._crew.running

    def ring(self) -> None:
        """Something may be said: pick it, in the very call that rings, and commit that.

        To wake a worker for it would cost a turn, and the commit that is on its way.
        """
        room = SIDE_BY_SIDE - self._begun
        if room <= 0 or self._paused or self._dismissed:
            return  # whatever ends rings again
        terms = self._lines.terms(self.account)
        # Asked first because it is cheap: we come here after each delivery.
        if terms is None or not self._may_claim(terms):
            return
        rows = self._outbox.pick(self._claim, self.account, room, terms.pacing)
        if not rows:
            self._may_claim(terms)
            return
        self._begun += len(rows)
        for row in rows:
            self._picked[row.seq] = row
        self._outbox.hand_out(self._claim, rows, partial(self._told, rows, terms))

    def lose(self, line: Line) -> None:
        """That line is gone: whatever it had not answered is unknown now, at once."""

        def condemned(delivery: Delivery) -> bool:
            delivery.lost = delivery.line is line
            return delivery.lost

        self._crew.cancel(condemned, "the line was lost")

    def abandon(self) -> None:
        """Wait no longer for any answer."""
        self._crew.cancel(lambda _: True, "leaving")

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
        """The time has come that something waited for."""
        if self._clock() >= self._looks_at:
            self._timer, self._looks_at = None, inf
        self.ring()

    def _give_back(self) -> None:
        """Return what no worker has in hand: no byte of it has left."""
        waiting = [*self._picked.values(), *(each.row for each in self._ready)]
        self._picked.clear()
        self._ready.clear()
        now = self._clock()
        # Backwards: each goes to the front of its chat.
        for row in reversed(waiting):
            self._begun -= 1
            self._outbox.again(self._claim, row, now)

    def _told(
        self,
        picked: Sequence[OutboundRow],
        terms: Terms,
        rows: Sequence[OutboundRow],
    ) -> None:
        """The commit is through: *rows* of what was picked may leave."""
        for row in picked:
            if self._picked.get(row.seq) is row:
                del self._picked[row.seq]
                self._begun -= 1
        for row in rows:
            self._begun += 1
            self._ready.append(Delivery(row, terms))
            self._crew.call()
        if len(rows) < len(picked):
            self.ring()

    async def _take(self) -> Delivery | None:
        return self._ready.popleft() if self._ready else None

    def _may_claim(self, terms: Terms) -> bool:
        """Is there something to claim? If it has to wait, see to it that we look again."""
        now = self._clock()
        if not self._outbox.can_claim(self.account):
            self._look_at(self._outbox.next_claim(self.account))
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
        try:
            if out.change is not None:
                out = await self._aimed(out)
            line = self._lines.of(self.account)
            if line is None:  # it went while the claim was committed: no byte has left
                self._outbox.again(self._claim, row, self._clock())
                return
            delivery.line = line
            sent = await line.send(out)
        except Retry as retry:
            self._again(row, retry, delivery.terms)
        except Rejected as rejected:
            self._settle(row, Outcome(_S.REJECTED, rejected.why))
        except OutcomeUnknown as lost:
            self._settle(row, Outcome(_S.UNKNOWN, lost.why))
        else:
            self._settle(row, _outcome_of(sent))

    async def _aimed(self, out: Outbound) -> Outbound:
        """Return *out* as its line takes it: a change of ours by the platform's id."""
        change = out.change
        if change is None or not isinstance(change.target, Ours):
            return out
        return aimed(out, change, await self._outbox.find_outcome(change.target.key))

    def _ended(
        self, delivery: Delivery, ended: Ended, error: BaseException | None
    ) -> None:
        match ended:
            case Ended.DONE:
                pass
            case _ if delivery.line is None:  # no byte has left
                self._postponed(delivery.row, error)
            case Ended.RAISED:
                log.error(
                    "line.send_raised",
                    platform=self.account[0],
                    account=self.account[1],
                    key=delivery.row.out.key,
                    trace=delivery.trace,
                    exc_info=error,
                )
                why = f"the platform's code raised {type(error).__name__}: {error}"
                self._settle(delivery.row, Outcome(_S.UNKNOWN, why))
            case _:
                self._settle(delivery.row, Outcome(_S.UNKNOWN, _why(delivery, ended)))
        self._begun -= 1
        self.ring()
        if not self._crew.running:
            self._settled()

    def _postponed(self, row: OutboundRow, error: BaseException | None) -> None:
        """The message that it changes was not looked for to the end."""
        if error is not None:
            log.error(
                "delivery.not_aimed",
                key=row.out.key,
                to=str(row.out.to),
                trace=row.out.trace,
                exc_info=error,
            )
        self._outbox.again(self._claim, row, self._clock() + NOT_AIMED_SECONDS)

    def _again(self, row: OutboundRow, retry: Retry, terms: Terms) -> None:
        # Not a number, less than nothing, or for ever: none of them may hurt us.
        after = min(max(MIN_RETRY_SECONDS, retry.after), MAX_RETRY_SECONDS)
        now = self._clock()
        if retry.whole_account:
            terms.pacing.close(now, after)
        if self._outbox.again(self._claim, row, now + after):
            log.info(
                "delivery.postponed",
                key=row.out.key,
                to=str(row.out.to),
                trace=row.out.trace,
                after_seconds=after,
                why=retry.why,
                whole_account=retry.whole_account,
            )

    def _settle(self, row: OutboundRow, outcome: Outcome) -> None:
        if not self._outbox.settle(self._claim, row, outcome):
            log.warning(
                "delivery.settled_in_vain", key=row.out.key, trace=row.out.trace
            )
        elif not outcome.delivered:
            log.warning(
                "delivery.failed",
                key=row.out.key,
                to=str(row.out.to),
                trace=row.out.trace,
                state=outcome.state.value,
                why=outcome.detail,
            )
        else:
            log.debug(
                "delivery.settled",
                key=row.out.key,
                trace=row.out.trace,
                state=outcome.state.value,
            )


def _outcome_of(sent: Sent) -> Outcome:
    if not isinstance(sent, Sent):
        why = f"the platform's code answered {type(sent).__name__}, not Sent"
        return Outcome(_S.UNKNOWN, why)
    if sent.degraded:
        return Outcome(_S.DEGRADED, sent.degraded, sent.id)
    return Outcome(_S.SENT, "", sent.id) if sent.id else _SENT


def _why(delivery: Delivery, ended: Ended) -> str:
    if delivery.lost:
        return "the line was lost before the answer came"
    if ended is Ended.TIMED_OUT:
        return f"no answer within {delivery.within:g} s"
    return "the sender ended before the answer came"
