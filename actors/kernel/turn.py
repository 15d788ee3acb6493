"""Whose turn it is: how a message inherits trace and deadline from the one being handled.

The context variable `current` says for whom a task works. An actor's task sets it once, to
its incarnation, whose `in_hand` changes with every message: to set a variable for each
message would cost more than the message. `tracing` sets it to a `Span` for work that is
nobody's handler.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from typing import TYPE_CHECKING, Protocol

from actors.kernel.envelope import Envelope

if TYPE_CHECKING:
    import trio

    from actors.kernel.cell import Cell


NO_FACTS: Mapping[str, object] = {}


class Turn(Protocol):
    """What `tell` and `ask` want to know about their caller.

    It may have `facts`, for log lines; see `current_facts`.
    """

    @property
    def in_hand(self) -> Envelope | None: ...
    @property
    def fenced(self) -> bool: ...
    @property
    def task(self) -> trio.lowlevel.Task | None:
        """The task whose waiting blocks `cell`; `None` where waiting blocks no actor."""

    @property
    def cell(self) -> Cell | None: ...
    @property
    def nurseries(self) -> tuple[trio.Nursery, ...]:
        """Those of the whole incarnation: their tasks block nobody by waiting."""


class Span:
    """A turn that handles no message: of a session, a background task, a test.

    It has a trace and a deadline to hand on, as a message in hand has.
    """

    __slots__ = ("_owner", "cell", "in_hand", "task")

    def __init__(
        self,
        trace: str,
        deadline: float,
        owner: Turn | None,
        task: trio.lowlevel.Task | None = None,
    ) -> None:
        self.in_hand: Envelope | None = Envelope(None, trace, deadline)
        self.task = task
        self.cell: Cell | None = owner.cell if owner is not None else None
        self._owner = owner

    @property
    def fenced(self) -> bool:
        return self._owner is not None and self._owner.fenced

    @property
    def facts(self) -> Mapping[str, object]:
        return _facts_of(self._owner)

    @property
    def nurseries(self) -> tuple[trio.Nursery, ...]:
        return self._owner.nurseries if self._owner is not None else ()


current: ContextVar[Turn | None] = ContextVar("rookery_turn", default=None)


def blocked_by(turn: Turn, task: trio.lowlevel.Task) -> Cell | None:
    """Return whose handler stands still while *task* waits; `None` for nobody's.

    A task that a handler starts inherits its turn. If its nursery is the handler's own,
    the handler waits for it; if it is the incarnation's, nobody does.
    """
    at: trio.lowlevel.Task | None = task
    while at is not None and at is not turn.task:
        nursery = at.parent_nursery
        if nursery is None or nursery in turn.nurseries:
            return None
        at = nursery.parent_task
    return turn.cell if at is not None else None


@contextmanager
def tracing(trace: str) -> Iterator[None]:
    """Work inside belongs to *trace*: messages sent and lines logged carry it.

    Afterwards the trace is what it was before. For tasks of your own; inside `handle`
    the message's trace is current already.
    """
    owner = current.get()
    task = owner.task if owner is not None else None
    token = current.set(Span(trace, current_deadline(), owner, task))
    try:
        yield
    finally:
        current.reset(token)


def current_trace() -> str:
    """Return the trace id of what is being handled here, or `""`."""
    turn = current.get()
    if turn is None or turn.in_hand is None:
        return ""
    return turn.in_hand.trace


def current_facts() -> Mapping[str, object]:
    """Return what a log line that is written here should say besides its trace.

    Looked up when a line is written, so that a turn that logs nothing pays nothing.
    """
    return _facts_of(current.get())


def _facts_of(turn: Turn | None) -> Mapping[str, object]:
    facts: Mapping[str, object] = getattr(turn, "facts", NO_FACTS)
    return facts


def current_deadline() -> float:
    """Return the instant after which nobody wants this work, or `inf`."""
    turn = current.get()
    if turn is None or turn.in_hand is None:
        return inf
    return turn.in_hand.deadline


def current_actor() -> str:
    """Return the path of the actor whose task this is, or `""`."""
    turn = current.get()
    if turn is None or turn.cell is None:
        return ""
    return turn.cell.path
