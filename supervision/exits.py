"""Which exits call for a restart."""

from __future__ import annotations

from actors.kernel import ExitReason, NeedsOperator, Normal, Shutdown
from supervision.values import PERMANENT, TRANSIENT, Restart


def is_clean(reason: ExitReason) -> bool:
    """Tell whether a child that ended so has done its work, or was told to stop."""
    return isinstance(reason, Normal | Shutdown)


def is_restarted(restart: Restart, reason: ExitReason) -> bool:
    """Tell whether a child of this restart type comes back after *reason*."""
    if isinstance(reason, NeedsOperator):
        return False
    return restart is PERMANENT or (restart is TRANSIENT and not is_clean(reason))
