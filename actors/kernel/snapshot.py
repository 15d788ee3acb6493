"""What can be seen of a running system.

It is read off the cells and asks no actor anything; so one that hangs is shown like any
other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

import trio
from attrs import frozen

if TYPE_CHECKING:
    from actors.kernel.cell import Cell

RUNNING = "running"
"""The phase of an actor with which nothing is the matter."""

LOOKED_AT_IN_A_ROW = 64
"""How many actors are looked at between two checkpoints, where all are."""


@frozen(kw_only=True)
class ActorSnapshot:
    """One actor and everything below it, at one instant."""

    path: str
    phase: str
    note: str
    """What its supervisor adds: why it waits, or is down."""
    seconds_left: float | None
    """Until its supervisor starts it again, while it sleeps before that."""
    supervisor: bool
    incarnation: int
    """How many lives there were, this one included."""
    depth: int
    capacity: int
    handled: int
    dropped: int
    conflated: int
    in_hand: str
    """The type of the message being handled, or `""`."""
    waits_for: tuple[str, ...]
    await_stack: tuple[str, ...]
    """Where its task waits, outermost first, as `function (file:line)`."""
    children: tuple[ActorSnapshot, ...]
    folded: tuple[tuple[str, int], ...] = ()
    """How many more children there are in each phase, where not all were asked for."""

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[1] or "/"


def snapshot_of(cell: Cell, at_most: int | None = None) -> ActorSnapshot:
    """Return what can be seen of *cell* and below.

    Of each actor's children *at_most* so many are shown, those first that do not simply
    run; the others are counted, by phase. `None` shows all of them.
    """
    last: ActorSnapshot | None = None
    for seen in _looking(cell, at_most):
        last = seen
    assert last is not None
    return last


async def survey_of(cell: Cell) -> ActorSnapshot:
    """As `snapshot_of` all; others run in between, so it is not one instant."""
    last: ActorSnapshot | None = None
    for looked_at, seen in enumerate(_looking(cell, None), start=1):
        last = seen
        if looked_at % LOOKED_AT_IN_A_ROW == 0:
            await trio.lowlevel.checkpoint()
    assert last is not None
    return last


def _looking(top: Cell, at_most: int | None) -> Iterator[ActorSnapshot | None]:
    """Look at one actor after the other, at last at *top*; `None` is not seen yet.

    No recursion, for nothing says how deep a tree may be.
    """
    order: list[tuple[Cell, tuple[Cell, ...], tuple[tuple[str, int], ...]]] = []
    left = [top]
    while left:
        cell = left.pop()
        below, folded = _fold(_below(cell), at_most)
        order.append((cell, below, folded))
        left += below
        yield None
    seen: dict[Cell, ActorSnapshot] = {}
    while order:
        cell, below, folded = order.pop()
        children = tuple(seen.pop(child) for child in below)
        seen[cell] = _seen(cell, children, folded)
        yield seen[cell]


def _below(cell: Cell) -> tuple[Cell, ...]:
    return tuple((cell.children or {}).values())


def _seen(
    cell: Cell,
    children: tuple[ActorSnapshot, ...],
    folded: tuple[tuple[str, int], ...],
) -> ActorSnapshot:
    incarnation = cell.incarnation
    in_hand = incarnation.in_hand if incarnation is not None else None
    return ActorSnapshot(
        path=cell.path,
        phase=_phase(cell),
        note=cell.note,
        seconds_left=_seconds_left(cell),
        supervisor=cell.supervisor,
        incarnation=cell.launched,
        depth=cell.depth + cell.system_depth,
        capacity=cell.capacity,
        handled=cell.handled,
        dropped=cell.dropped,
        conflated=cell.conflated,
        in_hand=type(in_hand.body).__name__ if in_hand is not None else "",
        waits_for=tuple(wait.cell.path for wait in cell.waits or () if not wait.done),
        await_stack=_await_stack(cell),
        children=children,
        folded=folded,
    )


def _phase(cell: Cell) -> str:
    return "suspended" if cell.suspended else cell.phase


def _fold(
    cells: tuple[Cell, ...], at_most: int | None
) -> tuple[tuple[Cell, ...], tuple[tuple[str, int], ...]]:
    if at_most is None or len(cells) <= at_most:
        return cells, ()
    phases = [_phase(cell) for cell in cells]
    unusual = islice((n for n, phase in enumerate(phases) if phase != RUNNING), at_most)
    usual = (n for n, phase in enumerate(phases) if phase == RUNNING)
    chosen = list(unusual)
    chosen += islice(usual, at_most - len(chosen))
    chosen.sort()
    folded = Counter(phases)
    folded.subtract(phases[n] for n in chosen)
    return tuple(cells[n] for n in chosen), tuple((+folded).most_common())


def _seconds_left(cell: Cell) -> float | None:
    return None if cell.until is None else max(0.0, cell.until - cell.system.clock())


def _await_stack(cell: Cell) -> tuple[str, ...]:
    task = cell.incarnation.task if cell.incarnation is not None else None
    if task is None:
        return ()
    return tuple(
        f"{frame.f_code.co_qualname} ({frame.f_code.co_filename}:{line})"
        for frame, line in task.iter_await_frames()
    )
