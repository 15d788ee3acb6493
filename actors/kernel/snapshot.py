"""What can be seen of a running system: read off its records, so a stuck actor shows, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from actors.kernel.cell import Cell


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

    @property
    def name(self) -> str:
        return self.path.rsplit("/", 1)[1] or "/"


def snapshot_of(cell: Cell) -> ActorSnapshot:
    incarnation = cell.incarnation
    in_hand = incarnation.in_hand if incarnation is not None else None
    return ActorSnapshot(
        path=cell.path,
        phase="suspended" if cell.suspended else cell.phase,
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
        children=tuple(map(snapshot_of, (cell.children or {}).values())),
    )


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
