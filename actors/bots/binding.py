"""What an author binds with `structlog.contextvars` is forgotten after one turn.

A worker's task serves one event after the other, and its context variables stay: without
this a user id bound for one event would stand in the log lines of the next.
"""

from __future__ import annotations

from contextvars import ContextVar, copy_context

from structlog.contextvars import STRUCTLOG_KEY_PREFIX, clear_contextvars

_tidy: ContextVar[int] = ContextVar("rookery_tidy", default=-1)
"""How many variables this task had when nothing was bound; -1 where that is not known."""


def forget_bound() -> None:
    """Forget what this task was born with, or what was bound in the turn before.

    Clearing costs more than the rest of a turn's bookkeeping, and hardly anybody binds
    anything. Whoever does adds a variable to the context, and that is quick to see.
    """
    if len(copy_context()) == _tidy.get():
        return
    clear_contextvars()
    _tidy.set(-1)
    context = copy_context()
    # What was cleared is still there, without a value: it could be bound unseen.
    if not any(variable.name.startswith(STRUCTLOG_KEY_PREFIX) for variable in context):
        _tidy.set(len(context))
