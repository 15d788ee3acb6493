"""What is counted, beside the laws: messages, and the slots of mailboxes.

Every message that was accepted is handled, or waits, or is a dead letter: a crash costs
the message in hand and no other. No mailbox holds more than it may, and a slot that was
reserved for something is free again when that is over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import trio

from actors.kernel import Cell, DeadLetters, Envelope, System


class Mail:
    """The messages of one run, by number: who got each that is not accounted for yet."""

    def __init__(self) -> None:
        self._numbers = 0
        self._open: dict[int, str] = {}
        self._early: set[int] = set()
        """Accounted for before its sender got to say that it was accepted."""

    def new_number(self) -> int:
        self._numbers += 1
        return self._numbers

    @property
    def accepted(self) -> int:
        """How many numbers were given out."""
        return self._numbers

    def told(self, path: str, number: int) -> None:
        """Note that message *number* was accepted by *path*."""
        if number in self._early:
            self._early.discard(number)
        else:
            self._open[number] = path

    def done(self, number: int) -> None:
        """Note that message *number* was handled, or is a dead letter."""
        if self._open.pop(number, None) is None:
            self._early.add(number)

    def vanished(self) -> Iterator[str]:
        """Say which messages were neither; asked once the tree has stopped."""
        vanished, self._open = self._open, {}
        for number, path in vanished.items():
            yield f"message {number} to {path} is neither handled nor a dead letter"


class CountedLetters(DeadLetters):
    """Dead letters that are accounted for as they come."""

    def __init__(self, clock: Callable[[], float], mail: Mail) -> None:
        super().__init__(clock)
        self._mail = mail

    def add(
        self, path: str, envelope: Envelope, why: str, error: BaseException | None
    ) -> None:
        """Shelve it, and account for it."""
        super().add(path, envelope, why, error)
        number = getattr(envelope.body, "number", None)
        if isinstance(number, int):
            self._mail.done(number)


def boxes(system: System) -> Iterator[str]:
    """Say which mailbox holds more than it may, or has lost count of its slots."""
    if len(system.dead_letters) > 10_000:
        yield f"there are {len(system.dead_letters)} dead letters on the shelf"
    for path, cell in system.cells.items():
        lane = getattr(cell.put, "__self__", None)  # a channel's end, once it is open
        if isinstance(lane, trio.MemorySendChannel):
            inside = lane.statistics().current_buffer_used
            if inside != cell.depth:
                yield f"{path} holds {inside} messages, and counts {cell.depth}"
            # What was accepted before it said how much it takes stays, and has room.
            room = max(cell.capacity, lane.statistics().max_buffer_size)
            if cell.depth > room:
                yield f"{path} holds {cell.depth} messages, and has room for {room}"
        least = held(cell)
        if cell.reserved < least:
            yield f"{path} has {cell.reserved} reserved slots, and uses {least}"


def held(cell: Cell) -> int:
    """Return how many slots *cell* must have reserved at least, now."""
    children = sum(child.launched > 0 for child in (cell.children or {}).values())
    life = cell.incarnation
    if life is None:
        return children
    return children + len(life.timers or ()) + len(life.watches or ())


def leaks(cells: list[Cell]) -> Iterator[str]:
    """Say which slots never came back, now that everything is over."""
    for cell in cells:
        if cell.reserved:
            yield f"{cell.path} still has {cell.reserved} reserved slots"
        if cell.depth or cell.system_depth or cell.waiters:
            yield f"{cell.path} still holds mail"
