"""Group commit: whatever waits is one transaction, and the file is tidied in between.

Whoever needs an effect on the disk before going on submits it, and waits. What became of
rows is only noted, and committed with the next batch or a moment later. A batch is closed
when nothing was added for two passes of the scheduler: so the events of many connections
share one commit. If the last batch had a single effect, the next is committed at once.

Trouble with the file ends nothing: the batch in hand is tried again until it goes through,
and those who wait for it go on waiting.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import inf
from typing import TypeAlias, cast

import structlog
import trio
from outcome import Error
from outcome import Outcome as Ended

from actors.journal.slot import Slot
from actors.journal.sqlite import tempo
from actors.journal.sqlite.batch import Answered, Batch, Gathering, nobody_asked
from actors.journal.sqlite.effects import Barrier, Effect
from actors.journal.sqlite.loading import OpenRows
from actors.journal.sqlite.quiet import Quiet
from actors.journal.sqlite.store import Store
from actors.journal.sqlite.thread import Run
from actors.journal.sqlite.troubles import Trouble, health_of, shown
from actors.journal.values import JournalHealth

Changes: TypeAlias = Callable[[], list[Effect]]
"""Hands over what was noted since it was last asked."""

log = structlog.get_logger()


class Pump:
    """Between those who write and the store. One task runs it."""

    def __init__(
        self,
        store: Store,
        run: Run,
        clock: Callable[[], float],
        *,
        changes: Changes,
        mended: Callable[[], None],
    ) -> None:
        """Do nothing yet.

        Args:
            store: Where effects go.
            run: How the store's work is run.
            clock: Monotonic seconds.
            changes: Hands over what was noted, as effects.
            mended: Told when there is no trouble with the file any more.
        """
        self._store = store
        self._run = run
        self._clock = clock
        self._changes = changes
        self._mended = mended
        self._coming = Gathering()
        self._noted = False
        self._parked = trio.lowlevel.ParkingLot()
        self._quiet = Quiet(
            tempo.RIDE_SECONDS,
            clock,
            wanted=lambda: self._noted or self._more or store.tidy_due,
            ring=self._be_idle,
        )
        self._overdue = False
        self._in_flight: Batch | None = None
        self._failed: Batch | None = None
        self._free = False
        self._busy_since = inf
        self._trouble: Trouble | None = None
        self._closing = False
        self._compacting: list[Answered] = []
        self._more = True  # a new process looks through the whole file once
        self._committed = 0
        self._done = trio.Event()
        self.opened = trio.Event()

    # --- for those who write -------------------------------------------------------------

    def submit(
        self, effect: Effect, answered: Answered = nobody_asked, *, guest: bool = False
    ) -> None:
        """Put *effect* into the next batch; *answered* is called after the commit."""
        self._coming.add((effect, answered), guest=guest)
        if not self._coming.held:
            self._look()

    def hold(self) -> None:
        """Begin nothing until `let_go`: more will come in this very moment."""
        self._coming.hold()

    def let_go(self) -> None:
        """End `hold`: nothing more comes in this moment."""
        self._coming.let_go()
        if self._coming.asked and not self._coming.held:
            self._look()

    def _look(self) -> None:
        if not self._free or self._in_flight is not None or self._failed is not None:
            return  # it is looked at when that is through
        if self._coming.alone and self._run.ready:
            self._begin()
        elif self._parked:
            self._parked.unpark_all()

    def note(self) -> None:
        """Hear that there are changes to fetch, which need not be on the disk at once."""
        if not self._noted:
            self._noted = True
            self._quiet.begin()

    async def ask(self, effect: Effect) -> object:
        """Submit *effect* and return its answer. It is done even if the task is cancelled."""
        slot: Slot[object] = Slot()
        self.submit(effect, slot.fill)
        return await slot.wait()

    async def settled(self) -> None:
        """Return once everything submitted or noted until now is committed."""
        await self.ask(Barrier())

    async def compact(self) -> None:
        """Give unused space back to the disk, between two batches.

        Raises:
            Trouble: it cannot be done now, and is not tried again by itself.
        """
        slot: Slot[object] = Slot()
        self._compacting.append(slot.fill)
        self._parked.unpark_all()
        await slot.wait()

    def sweep(self) -> None:
        """Look through the file for what may leave it, when nobody waits."""
        self._more = True
        self._parked.unpark_all()

    async def ready(self) -> None:
        """Return once the file is open; at once, without a checkpoint, when it is."""
        if not self.opened.is_set():
            await self.opened.wait()

    @property
    def health(self) -> JournalHealth:
        busy = self._clock() - self._busy_since
        return health_of(self._trouble, busy, opened=self.opened.is_set())

    @property
    def stalled(self) -> bool:
        """Whether the file is in trouble now: `health` in short, asked for every batch."""
        busy = self._clock() - self._busy_since
        return self._trouble is not None or busy >= tempo.HANGS_SECONDS

    @property
    def waiting(self) -> int:
        """Count the effects that are not committed."""
        return len(self._coming.asked)

    # --- the task ------------------------------------------------------------------------

    async def load(self) -> object:
        """Open the file and read what is open in it, however long that takes."""
        return await self._until_done(self._store.load)

    async def read(self, after: int) -> OpenRows:
        """Return a page of the open events behind number *after*."""
        page = partial(self._store.open_inbound, after, tempo.PAGE_ROWS)
        return cast(OpenRows, await self._until_done(page))

    async def run(self) -> None:
        """Commit what comes, until `close`; the file is open then."""
        watch = trio.CancelScope()
        trio.lowlevel.spawn_system_task(self._quiet.watch, watch)
        try:
            while not self._closing or self._pending:
                self._free = True
                idle = await self._wait()
                await self._linger()
                if self._in_flight is not None or not (idle or self._urgent):
                    continue  # somebody was faster
                self._free = False
                if self._failed is not None:
                    failed, self._failed = self._failed, None
                    await trio.sleep(tempo.RETRY_SECONDS)
                    await self._commit(failed)
                if self._coming.asked or self._noted:
                    await self._commit(self._take())
                await self._tidy(idle=idle)
                self._quiet.begin()
        finally:
            self._free = False
            watch.cancel()
        self._done.set()

    def break_off(self, error: Exception) -> None:
        """Commit nothing any more, and show why: *error* is a mistake of our own."""
        self._trouble = shown(error)

    async def close(self) -> bool:
        """Commit the rest and let go of the file; False if it was not to be had."""
        self._closing = True
        self._parked.unpark_all()
        with trio.move_on_after(tempo.close_seconds(self.stalled)) as patience:
            if self.opened.is_set():
                await self._done.wait()
            await self._run(self._store.close)
        self._run.close()
        return not patience.cancelled_caught

    @property
    def _pending(self) -> bool:
        return bool(self.waiting or self._noted or self._in_flight or self._failed)

    async def _wait(self) -> bool:
        """Wait for work; return whether it is only what was noted and has waited enough."""
        while self._in_flight is not None or not self._urgent:
            if self._overdue and self._in_flight is None:
                self._overdue = False
                return True
            await self._parked.park()
        self._overdue = False
        return False

    def _be_idle(self) -> None:
        self._overdue = True
        self._parked.unpark_all()

    @property
    def _urgent(self) -> bool:
        return bool(
            self._coming.asked
            or self._compacting
            or self._closing
            or self._failed
            or self._store.tidy_urgent
            or self._sweep_due
        )

    @property
    def _sweep_due(self) -> bool:
        return self._more and self._committed >= tempo.SWEEP_EFFECTS

    async def _linger(self) -> None:
        """Give a batch that grows more passes, unless nobody is there to join it."""
        size = still = 0
        for _ in range(tempo.LINGER_PASSES):
            still = 0 if self.waiting > size else still + 1
            if self._coming.alone or still == tempo.STILL_PASSES:
                return
            size = self.waiting
            await trio.lowlevel.checkpoint()

    def _take(self) -> Batch:
        """Close the batch."""
        asked = self._coming.close()
        self._noted = False
        self._committed += len(asked)
        return Batch(asked, self._changes())

    async def _commit(self, batch: Batch) -> None:
        effects = batch.effects
        await self._until_done(lambda: self._store.commit(effects), batch.tell)

    def _begin(self) -> None:
        """Commit what is here without a pass of the scheduler that wakes our task first."""
        batch = self._take()
        effects = batch.effects
        self._in_flight = batch
        self._busy_since = self._clock()
        self._run.start(lambda: self._store.commit(effects), self._landed)

    def _landed(self, ended: Ended[object]) -> None:
        """What was begun so is through; our task is woken if there is anything left to do."""
        batch, self._in_flight = self._in_flight, None
        assert batch is not None
        stalled = self.stalled
        self._busy_since = inf
        if type(ended) is Error:  # `isinstance` would ask an ABC, each time
            self._failed = batch
            self._stall(ended.error)
        else:
            self.hold()
            batch.tell(ended.unwrap())
            if stalled:
                self._mended()
            self._quiet.begin()
            self.let_go()
        if self._urgent:
            self._parked.unpark_all()

    async def _tidy(self, *, idle: bool) -> None:
        if self._compacting:
            asked, self._compacting = self._compacting, []
            answer = await self._once(self._store.compact)
            self._mended()  # it may have taken long enough to look like trouble
            for answered in asked:
                answered(answer)
            return
        wanted = idle and (self._more or self._store.tidy_due)
        if wanted or self._store.tidy_urgent or self._sweep_due:
            self._committed = 0
            self._more = bool(await self._until_done(self._store.tidy))

    async def _once(self, job: Callable[[], object]) -> object:
        """Do *job* once; return what it returned, or the error that it failed with."""
        self._busy_since = self._clock()
        try:
            return await self._run(job)
        except Exception as error:
            if not isinstance(error, Trouble):
                log.exception("journal.work_failed")
            return error
        finally:
            self._busy_since = inf

    async def _until_done(
        self, job: Callable[[], object], told: Callable[[object], None] = nobody_asked
    ) -> object:
        """Do *job* again and again until it goes through; *told* hears first what it gave."""
        while True:
            self._busy_since = self._clock()
            try:
                result = await self._run(job, told)
            except Exception as error:  # noqa: BLE001 - a mistake of ours must not end the host
                self._stall(error)
            else:
                stalled = self.stalled
                self._trouble = None
                if stalled:
                    self._mended()
                return result
            finally:
                self._busy_since = inf
            await trio.sleep(tempo.RETRY_SECONDS)

    def _stall(self, error: BaseException) -> None:
        if not isinstance(error, Trouble):
            log.error("journal.work_failed", exc_info=error)
        self._trouble = shown(error)
