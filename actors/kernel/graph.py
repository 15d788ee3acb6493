"""The wait-for graph: who waits for whom right now, and would one more edge close it?

Exact because it is one process and one thread: a handler that waits needs all it waits
for, so a cycle is a deadlock, not a suspicion (rules R1-R4 of the kernel's docs).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from actors.kernel.errors import WouldDeadlock

if TYPE_CHECKING:
    from actors.kernel.cell import Cell


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
            if wait.done:  # answered or let in; it only has not run since
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
