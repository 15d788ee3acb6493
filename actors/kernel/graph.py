"""The wait-for graph: who waits for whom right now, and would one more edge close it?

Exact because it is one process and one thread: a handler that waits needs all it waits
for, so a cycle is a deadlock, not a suspicion.

An edge is a `ReplySlot` (somebody asks), a `Place` (somebody waits for room) or a
`LifeAwaited` (a supervisor waits for a child); each names the cell it waits for, and stands
in the `waits` of the cell that does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

import trio

from actors.kernel.errors import WouldDeadlock
from actors.kernel.turn import blocked_by, current

if TYPE_CHECKING:
    from actors.kernel.cell import Cell


class LifeAwaited:
    """An edge: a supervisor waits until a life at `cell` is up, over or at rest."""

    __slots__ = ("cell",)

    done: ClassVar[bool] = False

    def __init__(self, cell: Cell) -> None:
        self.cell = cell


def who_waits_here() -> Cell | None:
    """Return whose handler stands still while this task waits; `None` for nobody's."""
    turn = current.get()
    return None if turn is None else blocked_by(turn, trio.lowlevel.current_task())


async def park_in(lot: trio.lowlevel.ParkingLot, at: Cell) -> None:
    """Wait in *lot* for a life at *at*; meanwhile that life cannot ask whoever waits here.

    The edge is noted, so such a question is refused. This wait itself never is: a
    supervisor has a deadline for each stop, and goes on.
    """
    waiter = who_waits_here()
    if waiter is None:
        await lot.park()
        return
    edge = LifeAwaited(at)
    if waiter.waits is None:
        waiter.waits = []
    waits = waiter.waits
    waits.append(edge)
    try:
        await lot.park()
    finally:
        waits.remove(edge)


def refuse_cycle(waiter: Cell, target: Cell) -> None:
    """Raise `WouldDeadlock` if *target* already waits for *waiter*, over any detour."""
    if target is waiter:
        raise WouldDeadlock((waiter.path, waiter.path))
    if not target.waits:
        return
    came_from: dict[Cell, Cell] = {}
    frontier = [target]
    while frontier:
        at = frontier.pop()
        for wait in at.waits or ():
            if wait.done:  # answered or let in; its task only had no turn since
                continue
            following = cast("Cell", wait.cell)
            if following is waiter:
                back = [at]
                while back[-1] is not target:
                    back.append(came_from[back[-1]])
                names = [cell.path for cell in reversed(back)]
                raise WouldDeadlock((waiter.path, *names, waiter.path))
            if following not in came_from and following is not target:
                came_from[following] = at
                frontier.append(following)
