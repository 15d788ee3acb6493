"""What outlives incarnations: a place in the tree, its children, its watchers.

A cell is what an address points at. It is built in three steps, one file each: `Lanes`
(the mail that waits) <- `Admission` (who gets into the mailbox) <- `Cell` (the place in the
tree). The actor that lives there at the moment is its `incarnation`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from actors.kernel.address import Address
from actors.kernel.admission import Admission
from actors.kernel.errors import ActorDown
from actors.kernel.reasons import ExitReason, Normal, Shutdown
from actors.kernel.watches import Watch

if TYPE_CHECKING:
    from actors.kernel.actor import AnyActor
    from actors.kernel.envelope import Place, ReplySlot
    from actors.kernel.graph import LifeAwaited
    from actors.kernel.incarnation import Incarnation
    from actors.kernel.system import System

DEFAULT_SHUTDOWN_SECONDS = 5.0


class Cell(Admission):
    """One place in the tree. Made by its supervisor, found by its path."""

    __slots__ = (
        "address",
        "children",
        "launched",
        "note",
        "parent",
        "phase",
        "spec",
        "supervisor",
        "until",
        "waits",
        "watchers",
    )

    def __init__(
        self, system: System, path: str, parent: Cell | None, *, supervisor: bool
    ) -> None:
        super().__init__(system, path)
        self.parent = parent
        self.supervisor = supervisor
        self.spec: object = None
        """The spec it was adopted with. A child of the same id but another spec is another
        child: it gets a new cell, and none of this one's mail."""
        self.address: Address[NoReturn] = Address(self)
        self.children: dict[str, Cell] | None = None
        self.launched = 0
        """How many incarnations there were, the present one included."""
        self.phase = "down"
        """How it stands, in the words that `rookery tree` shows: `starting`, `running`,
        `stopping`, `waiting`, `finished`, `needs_operator`, `zombie`, `closed`, `down`."""
        self.note = ""
        """What a supervisor wants shown beside the phase."""
        self.until: float | None = None
        """When its supervisor starts it again, by the system's clock; while it waits."""
        self.waits: list[ReplySlot | Place | LifeAwaited] | None = None
        """Whom this actor's handler waits for right now: edges of the wait-for graph."""
        self.watchers: dict[Watch, None] | None = None
        """In the order in which they came. A dict, not a list: each leaves in O(1), and a
        crowd may leave at once."""

    def __repr__(self) -> str:
        return f"<Cell {self.path} {self.phase}>"

    # --- children -----------------------------------------------------------------

    def adopt(
        self, child_id: str, *, supervisor: bool = False, spec: object = None
    ) -> Cell:
        """Return the cell of *child_id*, made now or left by an earlier incarnation.

        A cell that was left is taken over, mail and all, only for the very same *spec*
        object; for another one it is closed and a new one made.

        Raises:
            ValueError: the id holds a `/` or is empty.
        """
        if not child_id or "/" in child_id:
            msg = f"a child's id must be a non-empty string without '/' (got {child_id!r}); encode it"
            raise ValueError(msg)
        if self.children is None:
            self.children = {}
        cell = self.children.get(child_id)
        if cell is not None and cell.spec is not spec:
            cell.close(Normal())  # a namesake's: its mail is not for the new child
            cell = None
        if cell is None:
            path = f"{self.path.rstrip('/')}/{child_id}"
            cell = type(self)(self.system, path, self, supervisor=supervisor)
            cell.spec = spec
            self.children[child_id] = cell
            self.system.cells[path] = cell
        return cell

    def launch(
        self,
        factory: Callable[[], AnyActor],
        *,
        shutdown: float = DEFAULT_SHUTDOWN_SECONDS,
    ) -> Incarnation:
        """Start a new incarnation and return at once; `await started()` for the outcome.

        Args:
            factory: makes the actor, at once. Raising is a failed start.
            shutdown: seconds that cleaning up after a crash may take; `inf` for no limit.
        """
        if self.incarnation is not None:
            msg = f"{self.path} already has incarnation {self.incarnation.number}; stop it before launching another"
            raise RuntimeError(msg)
        if self.closed:
            raise ActorDown(self.path, "closed")
        if self.parent is not None and self.launched == 0:
            self.parent.reserve()  # for the notice of its exit
        self.launched += 1
        self.phase = "starting"
        self.note = ""
        self.until = None
        self.resting = None
        return self.system.spawn(self, factory, shutdown)

    def prune(self, keep: set[str]) -> None:
        """Close the children that a restarted supervisor did not take over."""
        for child_id in [k for k in self.children or () if k not in keep]:
            assert self.children is not None
            self.children[child_id].close(Normal())

    def rest(self, reason: ExitReason, phase: str = "down") -> None:
        """Stay down until it is launched again: the mail becomes dead letters, askers
        get `ActorDown`, and so does whoever asks from now on.
        """
        self.resting = reason
        self.limit = 0
        self.phase = phase
        self.until = None
        self.flush("stopped", ActorDown(self.path, str(reason)))

    def rest_all(self, reason: ExitReason, phase: str = "down") -> None:
        """Let it and all cells below stay down: nobody is left to start them."""
        for cell in self.from_below():
            cell.rest(reason, phase if cell is self else "down")

    def from_below(self) -> list[Cell]:
        """Return this cell and all below it; each comes after those that are below it."""
        found: list[Cell] = []
        left = [self]
        while left:  # no recursion: nothing says how deep a tree may be
            cell = left.pop()
            found.append(cell)
            if cell.children:
                left += cell.children.values()
        found.reverse()
        return found

    def close(self, reason: ExitReason) -> None:
        """End this address, and all below it, for good: nothing is launched here again."""
        for cell in self.from_below():
            cell._close(reason)  # noqa: SLF001 - one of ours

    def _close(self, reason: ExitReason) -> None:
        if self.closed:
            return
        self.closed = True
        self.rest(reason, "closed")
        self.system.cells.pop(self.path, None)
        self._system_lane = None
        if self.parent is not None and self.parent.children is not None:
            self.parent.children.pop(self.path.rsplit("/", 1)[1], None)
            if self.launched:
                self.parent.release()

    # --- watchers -----------------------------------------------------------------

    def watch(self, watcher: Incarnation) -> Watch:
        """Have *watcher* told when the present incarnation ends; now, if there is none.

        Raises:
            CapacityExceeded: *watcher* has no slot left for the notice.
        """
        watch = Watch(watcher, self)
        if watcher.watches is None:
            watcher.watches = {}
        watcher.watches[watch] = None
        if self.incarnation is None:
            watch.tell(self.resting or Shutdown("not running"))
        else:
            if self.watchers is None:
                self.watchers = {}
            self.watchers[watch] = None
        return watch

    def ended(self, reason: ExitReason) -> None:
        """Tell whoever watched the incarnation that just ended."""
        watchers, self.watchers = self.watchers or (), None
        for watch in watchers:
            watch.tell(reason)
