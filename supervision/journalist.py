"""What a supervisor writes into the log about its children: a line for each `Note`."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from actors.kernel import Crash, ExitReason, shown
from supervision.events import (
    ChildEnded,
    Doubtful,
    GaveUp,
    Note,
    OperatorNeeded,
    Restarted,
    RestartFailed,
    ShuttingDown,
)
from supervision.exits import is_clean

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger


def write_down(log: FilteringBoundLogger, note: Note) -> None:
    """Write one line for *note*: a warning if something failed, an error if it stays so."""
    match note:
        case Doubtful(child, why):
            log.warning("supervisor.spec_doubtful", child=child, why=why)
        case ChildEnded(child, incarnation, reason, restarts, counted):
            # A peer that left is news, and no traceback.
            fault = counted and not is_clean(reason)
            level = log.warning if fault else log.info
            level(
                "supervisor.child_ended",
                child=child,
                incarnation=incarnation,
                reason=str(reason),
                restarts=restarts,
                exc_info=_exception(reason) if fault else None,
            )
        case Restarted(child, incarnation, streak):
            log.info(
                "supervisor.child_restarted",
                child=child,
                incarnation=incarnation,
                streak=streak,
            )
        case RestartFailed(child, exception):
            log.warning(
                "supervisor.restart_failed",
                child=child,
                reason=shown(exception),
                exc_info=exception,
            )
        case OperatorNeeded(child, why):
            log.error("supervisor.child_needs_operator", child=child, why=why)
        case GaveUp(child, failures, breaker):
            log.error(
                "supervisor.gave_up", child=child, failures=failures, breaker=breaker
            )
        case ShuttingDown(child):
            log.info("supervisor.significant_child_ended", child=child)
        case _:
            assert_never(note)


def _exception(reason: ExitReason) -> BaseException | None:
    return reason.exception if isinstance(reason, Crash) else None
