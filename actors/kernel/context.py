"""What the kernel gives a handler as `ctx`: what an actor may do.

About itself (`self`, `answer`, `stop`), others (`find`, `watch`), time (`after`, `every`),
resources (`enter`) and, for supervisors, children (`adopt`, `prune`).
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from math import isnan
from typing import TYPE_CHECKING, NoReturn, TypeVar, overload

import trio

from actors.kernel.actor import Actor, Query
from actors.kernel.address import Address
from actors.kernel.cell import Cell
from actors.kernel.errors import ActorDown
from actors.kernel.reasons import ExitReason, Normal
from actors.kernel.timers import Timer
from actors.kernel.turn import current_trace
from actors.kernel.watches import Watch

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from actors.kernel.incarnation import Incarnation
    from actors.kernel.system import System

M = TypeVar("M", contravariant=True)
T = TypeVar("T")


class ActorContext:
    """One for each incarnation. Once that has ended it is of no use any more: what would
    make something raises `ActorDown`, an answer goes nowhere.
    """

    __slots__ = ("_cell", "_incarnation", "_number")

    def __init__(self, incarnation: Incarnation) -> None:
        self._cell = incarnation.cell
        self._number = incarnation.number
        self._incarnation: Incarnation | None = incarnation

    # --- who, where --------------------------------------------------------------------

    @property
    def self(self) -> Address[NoReturn]:
        """The address of this actor."""
        return self._cell.address

    @property
    def path(self) -> str:
        return self._cell.path

    @property
    def system(self) -> System:
        return self._cell.system

    @property
    def incarnation(self) -> int:
        """1 for the first, counting up with every restart."""
        return self._number

    @property
    def trace(self) -> str:
        """The trace id of the message in hand, or `""`."""
        return current_trace()

    @property
    def log(self) -> FilteringBoundLogger:
        """A logger that knows this actor and the trace in hand."""
        return self.system.log.bind(actor=self.path, trace=self.trace)

    @overload
    def find(self, path: str) -> Address[NoReturn]: ...
    @overload
    def find(self, path: str, kind: type[Actor[M]]) -> Address[M]: ...
    def find(
        self, path: str, kind: type[Actor[M]] | None = None
    ) -> Address[M] | Address[NoReturn]:
        """Return the address at *path*; with *kind*, typed for what it understands.

        Raises:
            AddressNotFound: nobody lives there.
        """
        if kind is None:
            return self.system.find(path)
        return self.system.find(path, kind)

    # --- the message in hand -----------------------------------------------------------

    def answer(self, question: Query[T], answer: T) -> None:
        """Answer *question*: now, or later, as long as this incarnation lives.

        An answer nobody waits for any more goes nowhere.

        Raises:
            AlreadyAnswered: it was answered before.
        """
        incarnation = self._incarnation
        if incarnation is None:
            return
        slot = incarnation.open_ask(question)
        if slot is not None and not incarnation.fenced:
            slot.answered = True
            slot.settle(answer)

    def stop(self, reason: ExitReason | None = None) -> None:
        """End this incarnation after the message in hand."""
        if self._incarnation is not None:
            self._incarnation.stopping = reason if reason is not None else Normal()
            self._cell.attention = True
            self._incarnation.wake()

    # --- others ------------------------------------------------------------------------

    def watch(self, address: Address[NoReturn]) -> Watch:
        """Get a `Down` when the present incarnation at *address* ends, or now if none lives.

        Raises:
            CapacityExceeded: no slot is left for the notice.
        """
        return address.watched_by(self._living())

    def post(self, message: object) -> None:
        """Put *message* at the end of one's own ordered mailbox. Never waits.

        For a supervisor that tells itself to try a child again. It takes no slot of its
        own, so there may be one at a time for each child, in the slot of that child's exit.
        """
        self._living().cell.notify(message, self.trace)

    # --- time --------------------------------------------------------------------------

    def after(self, seconds: float, message: object) -> Timer:
        """Get *message* once, in *seconds*, in the trace of what is in hand now."""
        if isnan(seconds):
            msg = f"a delay must be a number of seconds (got {seconds!r})"
            raise ValueError(msg)
        return self._timer(seconds, message, None)

    def every(self, seconds: float, message: object) -> Timer:
        """Get *message* each *seconds*, first in *seconds*. Ticks never pile up.

        Each begins a trace of its own.
        """
        if not seconds > 0:
            msg = f"a period must be above 0 seconds (got {seconds!r})"
            raise ValueError(msg)
        return self._timer(seconds, message, seconds)

    def _timer(self, first: float, message: object, period: float | None) -> Timer:
        owner = self._living()
        timer = Timer(owner, message, first, period, self.trace)
        if owner.timers is None:
            owner.timers = {}
        owner.timers[timer] = None
        return timer

    # --- resources ---------------------------------------------------------------------

    async def enter(self, manager: AbstractAsyncContextManager[T]) -> T:
        """Open *manager* for as long as this incarnation lives.

        Closed at its end, in reverse order, in the same task. A nursery's tasks are
        cancelled then; if one of them raises before, this incarnation crashes with it.
        """
        owner = self._living()
        value = await owner.stack.enter_async_context(manager)
        owner.nurseries = tuple(trio.lowlevel.current_task().child_nurseries)
        if isinstance(value, trio.Nursery):
            # Runs before the nursery is closed, which would else wait for its tasks.
            owner.stack.callback(value.cancel_scope.cancel)
        return value

    # --- children, for supervisors -----------------------------------------------------

    def adopt(
        self, child_id: str, *, supervisor: bool = False, spec: object = None
    ) -> Cell:
        """Return the cell of one's child *child_id*; see `Cell.adopt`."""
        cell = self._living().cell
        return cell.adopt(child_id, supervisor=supervisor, spec=spec)

    def prune(self, keep: set[str]) -> None:
        """Close children's cells that an earlier incarnation left and this one dropped."""
        self._living().cell.prune(keep)

    def _living(self) -> Incarnation:
        """Refuse what would outlive its incarnation, or be taken for its successor's."""
        incarnation = self._incarnation
        if incarnation is None or incarnation.reason is not None:
            why = f"incarnation {self._number} has ended"
            if incarnation is not None:
                why += f": {incarnation.reason}"
            raise ActorDown(self.path, why)
        return incarnation

    def let_go(self) -> None:
        """Drop the incarnation, which is over: whoever keeps this must not keep that alive."""
        self._incarnation = None
