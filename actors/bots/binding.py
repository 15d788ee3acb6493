"""What an author binds with `structlog.contextvars` lasts for one turn."""

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
