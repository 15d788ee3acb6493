"""The whole: owns every task, every cell, time, randomness and the dead letters."""

from __future__ import annotations

import difflib
import random
import time
from collections.abc import Callable
from contextvars import Context
from itertools import islice
from math import inf
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn, Self, TypeVar, overload

import structlog
import trio
from attrs import frozen

from actors.kernel.actor import Actor, AnyActor, Ignore
from actors.kernel.address import Address
from actors.kernel.alarms import Alarms, Wheel
from actors.kernel.cell import Cell
from actors.kernel.deadletters import DeadLetters
from actors.kernel.errors import AddressNotFound
from actors.kernel.graph import refuse_cycle, who_waits_here
from actors.kernel.hooked import HookedCell, HookedIncarnation
from actors.kernel.hooks import Hooks, LifeBegan, LifeEnded, Witness
from actors.kernel.incarnation import Incarnation
from actors.kernel.life import Life
from actors.kernel.reasons import ExitReason, Shutdown, StartFailed
from actors.kernel.snapshot import ActorSnapshot, snapshot_of, survey_of

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

M = TypeVar("M", contravariant=True)

KILL_WAIT_SECONDS = 2.0
STOP_WITHIN_SECONDS = 5.0
LOOKED_AT = 500
"""With so many paths, at most, one that does not exist is compared for a "did you mean":
among 100,000 actors a misspelt one must not take a second."""


@frozen
class ChildExited:
    """To a supervisor: an incarnation of a child, one that was up, has ended.

    It comes through the slot that the child's cell holds.
    """

    cell: Cell
    incarnation: int
    reason: ExitReason


class System:
    """A tree of actors. `async with System(root) as system: ...`

    Leaving the block stops the tree in order, at most *stop_within* seconds, then kills.

    Args:
        root: makes the root actor; a supervisor's `actor`, usually.
        seed: of `system.random`; the same seed gives the same run on a virtual clock.
        stop_within: seconds that an orderly stop of the whole tree may take.
        kill_wait: seconds until something killed that does not die is fenced.
        wall_clock: seconds since 1970; for schedules, and for showing to people.
        stopwatch: measures how long a turn hogs the loop; a simulation passes its own.
        hooks: stand at the named points of every life; see `Hooks`. Without them
            there are no points.
        witness: is told of every life that begins, comes up and ends, and of what
            supervisors decide.
    """

    def __init__(
        self,
        root: Callable[[], AnyActor],
        *,
        seed: int | None = None,
        stop_within: float = STOP_WITHIN_SECONDS,
        kill_wait: float = KILL_WAIT_SECONDS,
        wall_clock: Callable[[], float] = time.time,
        stopwatch: Callable[[], float] = time.perf_counter,
        hooks: Hooks | None = None,
        witness: Witness | None = None,
    ) -> None:
        for name, seconds in (("stop_within", stop_within), ("kill_wait", kill_wait)):
            if not _is_time(seconds):
                msg = f"{name} must be a number of seconds from 0 (got {seconds!r})"
                raise ValueError(msg)
        self._root = root
        self._stop_within = stop_within
        self.kill_wait = kill_wait
        self.wall_clock = wall_clock
        self.stopwatch = stopwatch
        self.hooks = hooks
        self.witness = witness
        self.clock: Callable[[], float] = trio.current_time
        self.random = random.Random(seed)  # noqa: S311 - jitter and ids, no secrets
        self.log: FilteringBoundLogger = structlog.get_logger()
        self.cells: dict[str, Cell] = {}
        self.alarms = Alarms(trio.current_time)
        self.wheel = Wheel(self.alarms)
        self.dead_letters = DeadLetters(trio.current_time)
        self._context = Context()
        self._manager = trio.open_nursery()
        self._nursery: trio.Nursery | None = None
        cell_type = Cell if hooks is None else HookedCell
        self._top = cell_type(self, "/", None, supervisor=True)
        self.cells["/"] = self._top

    # --- life --------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        """Start the tree.

        Raises:
            StartupFailed: the root did not come up; nothing is left running.
            RuntimeError: it was entered before.
        """
        if self._nursery is not None:
            msg = "a System is entered once; make another one"
            raise RuntimeError(msg)
        self._nursery = await self._manager.__aenter__()
        # The bound method, not `trio.current_time`: every ask reads it.
        self.clock = trio.lowlevel.current_clock().current_time
        self._context.run(self._nursery.start_soon, self.alarms.run)
        try:
            failed = await self._top.launch(self._root, shutdown=inf).started()
        except BaseException as error:
            if self._top.incarnation is not None:
                with trio.CancelScope(shield=True):
                    await self._top.incarnation.kill_and_fence()
            self._top.close(self._top_reason())
            self._nursery.cancel_scope.cancel(reason="cancelled while starting")
            await self._manager.__aexit__(type(error), error, error.__traceback__)
            raise
        if failed is not None:
            self._top.close(self._top_reason())
            self._nursery.cancel_scope.cancel(reason="the root did not start")
            await self._manager.__aexit__(None, None, None)
            raise StartupFailed(failed)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with trio.CancelScope(shield=True):
            await self.stop(Shutdown("system"))
        self._top.close(self._top_reason())
        assert self._nursery is not None
        self._nursery.cancel_scope.cancel(reason="the tree has stopped")
        # Not told of the error: it would come out wrapped in a group for no reason.
        await self._manager.__aexit__(None, None, None)

    async def stop(self, reason: ExitReason) -> ExitReason:
        """Stop the tree in order; what takes longer than *stop_within* is killed.

        Returns the reason the root ended with.
        """
        top = self._top.incarnation
        if top is None:
            return self._top_reason()
        top.request_stop(reason)
        with trio.move_on_after(self._stop_within):
            return await top.ended()
        return await top.kill_and_fence()

    def kill(self) -> None:
        """End everything without asking; `stop` then returns soon."""
        if self._top.incarnation is not None:
            self._top.incarnation.kill()

    async def ended(self) -> ExitReason:
        """Wait until the root has ended, and return why."""
        if self._top.incarnation is not None:
            return await self._top.incarnation.ended()
        return self._top_reason()

    def _top_reason(self) -> ExitReason:
        return self._top.resting or Shutdown("system")

    # --- finding and looking -------------------------------------------------------------

    @overload
    def find(self, path: str) -> Address[NoReturn]: ...
    @overload
    def find(self, path: str, kind: type[Actor[M]]) -> Address[M]: ...
    def find(
        self, path: str, kind: type[Actor[M]] | None = None
    ) -> Address[M] | Address[NoReturn]:
        """Return the address at *path*; with *kind*, typed for what it understands.

        Raises:
            AddressNotFound: nobody lives there, or somebody of another kind does.
        """
        cell = self.cells.get(path)
        if cell is None:
            raise AddressNotFound(path, self._similar(path))
        actor = cell.incarnation.actor if cell.incarnation is not None else None
        if kind is not None and actor is not None and not isinstance(actor, kind):
            other = f"{path} as {kind.__name__} (a {type(actor).__name__} lives there)"
            raise AddressNotFound(other)
        return cell.address

    def _similar(self, path: str) -> str:
        """Return who may have been meant. Looking is slow, so not at everybody."""
        known = list(islice(self.cells, LOOKED_AT))
        return next(iter(difflib.get_close_matches(path, known, n=1)), "")

    def snapshot(self, path: str = "/", *, at_most: int | None = None) -> ActorSnapshot:
        """Return what can be seen at *path* and below. Needs no message: sees the stuck, too.

        Args:
            path: of the actor on top.
            at_most: of each actor's children, show so many and count the others; first
                come those that do not simply run. `None` shows all.

        Raises:
            AddressNotFound: nobody lives at *path*.
        """
        return snapshot_of(self.find(path).cell, at_most)

    async def survey(self, path: str = "/") -> ActorSnapshot:
        """Return a snapshot of all, however many, and let others run in between.

        So it is not one instant: who came or went meanwhile may be shown or not.

        Raises:
            AddressNotFound: nobody lives at *path*.
        """
        return await survey_of(self.find(path).cell)

    # --- debugging -----------------------------------------------------------------------

    async def suspend(self, address: Address[NoReturn]) -> None:
        """Freeze an actor between two messages (as `sys:suspend`); its mail waits.

        Returns once the message in hand is handled, or when it is resumed before that.
        Until `resume` only a kill reaches it, or a stop, unless its mailbox is ordered:
        there a stop waits like all mail.

        Raises:
            WouldDeadlock: the message in hand is the caller's own, or waits for it.
        """
        cell = address.cell
        waiter = who_waits_here()
        if waiter is not None and cell.incarnation and cell.incarnation.in_hand:
            refuse_cycle(waiter, cell)
        cell.suspended = True
        cell.attention = True
        while (
            cell.suspended
            and cell.incarnation is not None
            and cell.incarnation.in_hand is not None
        ):
            await cell.incarnation.turned()

    def resume(self, address: Address[NoReturn]) -> None:
        """Thaw it."""
        cell = address.cell
        cell.suspended = False
        cell.review_attention()
        if cell.incarnation is not None:
            cell.incarnation.thaw()

    # --- for the kernel ------------------------------------------------------------------

    def new_id(self) -> str:
        """Return a fresh id of 16 hex digits, from the system's own randomness."""
        return f"{self.random.getrandbits(64):016x}"

    def spawn(
        self, cell: Cell, factory: Callable[[], AnyActor], shutdown: float
    ) -> Incarnation:
        """Run a new incarnation in the system's nursery and a context of its own.

        The supervisor's nursery would have to wait for a zombie; its context variables
        would leak into a child that outlives the message that caused it.
        """
        assert self._nursery is not None
        life_type = Incarnation if self.hooks is None else HookedIncarnation
        incarnation = cell.incarnation = life_type(
            cell, cell.launched, factory, shutdown
        )
        if self.witness is not None:
            self.witness(LifeBegan(cell.path, cell.launched))
        incarnation.prepare()
        if incarnation.reason is None:
            self._context.run(self._nursery.start_soon, incarnation.run)
        return incarnation

    def pass_on(self, order: BaseException) -> None:
        """Let *order* leave the system, from where its actor has no task to leave by.

        Raised where the actor was to be made, it would end the supervisor there, and
        whoever lives below it without a word.
        """
        assert self._nursery is not None
        self._context.run(self._nursery.start_soon, _leave_by, order)

    def incarnation_ended(self, incarnation: Life) -> None:
        """Tell watchers and supervisor."""
        cell = incarnation.cell
        reason = incarnation.reason
        assert reason is not None
        if self.witness is not None:
            self.witness(LifeEnded(cell.path, incarnation.number, reason))
        cell.ended(reason)
        if cell.parent is None:
            cell.rest_all(reason)
        elif incarnation.up:
            cell.parent.notify(ChildExited(cell, incarnation.number, reason))


async def _leave_by(order: BaseException) -> NoReturn:
    raise order


def _is_time(seconds: object) -> bool:
    return isinstance(seconds, int | float) and seconds >= 0


@frozen
class StartupFailed(Exception):
    """The root of a system did not come up."""

    reason: StartFailed | Ignore

    def __str__(self) -> str:
        return f"the root actor did not start: {self.reason}"
