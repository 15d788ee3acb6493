"""What the end of a delivery means for its row. The outbox is told, and the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog

from actors.buffer import Outbox
from actors.journal import AccountKey, Claim, OutboundRow
from actors.lanes import Ended
from actors.messages import OutboundState, Outcome
from actors.sender.delivery import Delivery
from actors.sender.line import OutcomeUnknown, Rejected, Retry, Sent
from actors.sender.terms import Terms

MIN_RETRY_SECONDS: Final = 0.1
MAX_RETRY_SECONDS: Final = 24 * 3600.0
NOT_AIMED_SECONDS: Final = 10.0
"""So long a change waits if the message it is meant for could not be looked for."""
_SENT = Outcome(OutboundState.SENT)
_S = OutboundState

log = structlog.get_logger()


class Settling:
    """Settles the deliveries of one account, in the name of one claim."""

    def __init__(
        self,
        account: AccountKey,
        claim: Claim,
        outbox: Outbox,
        clock: Callable[[], float],
    ) -> None:
        self._account = account
        self._claim = claim
        self._outbox = outbox
        self._clock = clock

    def conclude(self, delivery: Delivery, answer: Sent | Exception) -> None:
        """Settle a delivery by what its line has answered.

        Raises:
            Exception: *answer* itself, where it is none that a line may give.
        """
        match answer:
            case Sent():
                self._settle(delivery.row, _outcome_of(answer))
            case Retry():
                self._again(delivery.row, answer, delivery.terms)
            case Rejected(why):
                self._settle(delivery.row, Outcome(_S.REJECTED, why))
            case OutcomeUnknown(why):
                self._settle(delivery.row, Outcome(_S.UNKNOWN, why))
            case Exception():
                raise answer
            case _:
                why = f"the platform's code answered {type(answer).__name__}, not Sent"
                self._settle(delivery.row, Outcome(_S.UNKNOWN, why))

    def broken_off(
        self, delivery: Delivery, ended: Ended, error: BaseException | None
    ) -> None:
        """Settle a delivery that has ended without an answer."""
        if delivery.line is None:  # no byte has left
            self._postpone(delivery.row, error)
        elif ended is Ended.RAISED:
            log.error(
                "line.send_raised",
                platform=self._account[0],
                account=self._account[1],
                key=delivery.row.out.key,
                trace=delivery.trace,
                exc_info=error,
            )
            why = f"the platform's code raised {type(error).__name__}: {error}"
            self._settle(delivery.row, Outcome(_S.UNKNOWN, why))
        else:
            self._settle(delivery.row, Outcome(_S.UNKNOWN, delivery.why(ended)))

    def _postpone(self, row: OutboundRow, error: BaseException | None) -> None:
        """Let a change wait again: looking for the message that it changes did not end."""
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
        # A platform may say NaN, a negative number or infinity: none of them may hurt us.
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
                state=outcome.state,
            )


def _outcome_of(sent: Sent) -> Outcome:
    if sent.degraded:
        return Outcome(_S.DEGRADED, sent.degraded, sent.id)
    return Outcome(_S.SENT, "", sent.id) if sent.id else _SENT
