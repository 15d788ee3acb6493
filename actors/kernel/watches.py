"""Watches: somebody wants to know when an incarnation ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actors.kernel.actor import Down
from actors.kernel.envelope import Slot
from actors.kernel.reasons import ExitReason

if TYPE_CHECKING:
    from actors.kernel.cell import Cell
    from actors.kernel.life import Life


class Watch(Slot):
    """One `Down` for *watcher*, at the end of the incarnation that *target* had when this
    was made. Its slot is free again when the `Down` was taken.
    """

    __slots__ = ("_done", "target", "watcher")

    def __init__(self, watcher: Life, target: Cell) -> None:
        watcher.cell.reserve()
        self.watcher = watcher
        self.target = target
        self._done = False

    def taken(self) -> None:
        if not self._done:
            self._done = True
            self.watcher.cell.release()
            if self.watcher.watches is not None:
                self.watcher.watches.pop(self, None)

    def tell(self, reason: ExitReason) -> None:
        if self.watcher.reason is None:
            self.watcher.cell.notify(Down(self.target.address, reason), "", self)

    def cancel(self) -> None:
        """Stop watching. A `Down` that is already on its way may still come."""
        if self.target.watchers and self in self.target.watchers:
            del self.target.watchers[self]
            self.taken()
