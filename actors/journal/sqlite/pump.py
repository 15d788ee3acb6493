"""Group commit: whatever waits is one transaction, and the file is tidied in between.

Who needs an effect on the disk before going on submits it, and waits. What became of
rows is only noted; it rides with the next batch, or goes by itself a moment later. A
batch is closed when it has not grown for one pass of the scheduler, so that the events
of many connections meet in it, and a reply and its sending. Who is alone goes at once.

Trouble with the file ends nothing: the batch in hand is tried again until it goes
through, and whoever waits, waits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import inf
from typing import Final, TypeAlias, cast

import structlog
import trio

from actors.journal.sqlite.effects import Barrier, Effect
from actors.journal.sqlite.loading import OpenRows
from actors.journal.sqlite.slot import Slot
from actors.journal.sqlite.store import Store
from actors.journal.sqlite.thread import Run
from actors.journal.sqlite.troubles import Trouble, TroubleKind
from actors.journal.values import JournalHealth

LINGER_PASSES: Final = 16
"""How often a batch that grows is given one more pass."""
RIDE_SECONDS: Final = 0.05
"""How long what is only noted waits for company."""
SWEEP_EFFECTS: Final = 200
"""After so many effects something old is looked for, if there may be any: as much may
leave the file as comes into it, however busy it is."""
RETRY_SECONDS: Final = 1.0
HANGS_SECONDS: Final = 5.0
"""A batch that takes longer has stalled the journal."""
CLOSE_SECONDS: Final = 5.0
PAGE_ROWS: Final = 5_000
"""Open rows that are read at once when the file is opened."""

Answered: TypeAlias = Callable[[object], None]
"""Told the answer of an effect, or the error that it ended with. Plain."""
Changes: TypeAlias = Callable[[], list[Effect]]
"""Hands over what was noted since it was last asked."""

log = structlog.get_logger()


_OPENING, _OPEN = JournalHealth("opening"), JournalHealth("open")


def _forget(_: object) -> None:
    """Nobody asked."""


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
        self._effects: list[tuple[Effect, Answered]] = []
        self._noted = False
        self._parked = trio.lowlevel.ParkingLot()
        self._expected = 0
        self._alone = True
        self._alarm = trio.lowlevel.ParkingLot()
        self._quiet_since = 0.0
        self._overdue = False
        self._busy_since = inf
        self._trouble: Trouble | None = None
        self._closing = False
        self._compacting: list[Answered] = []
        self._more = True  # a new process looks through the whole file once
        self._committed = 0
        self._done = trio.Event()
        self.opened = trio.Event()

    # --- for those who write -------------------------------------------------------------

    def submit(self, effect: Effect, answered: Answered = _forget) -> None:
        """Put *effect* into the next batch; *answered* is called after the commit."""
        self._effects.append((effect, answered))
        if self._parked:
            self._parked.unpark_all()

    def expect(self) -> None:
        """Somebody is about to submit one more, in the next pass of the scheduler."""
        self._expected += 1

    def note(self) -> None:
        """There are changes to fetch; they need not be on the disk at once."""
        if not self._noted:
            self._noted = True
            self._quiet_since = self._clock()
            if self._alarm:
                self._alarm.unpark_all()

    async def ask(self, effect: Effect) -> object:
        """Submit *effect* and return its answer. Who is cancelled is not answered."""
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
        if self._trouble is not None:
            return JournalHealth("stalled", self._trouble.kind, str(self._trouble))
        busy = self._clock() - self._busy_since
        if busy >= HANGS_SECONDS:
            hangs = Trouble(
                TroubleKind.HANGS, f"a write has not returned for {busy:.0f} s"
            )
            return JournalHealth("stalled", hangs.kind, str(hangs))
        return _OPEN if self.opened.is_set() else _OPENING

    @property
    def waiting(self) -> int:
        """Count the effects that are not committed."""
        return len(self._effects)

    # --- the task ------------------------------------------------------------------------

    async def load(self) -> object:
        """Open the file and read what is open in it, however long that takes."""
        return await self._until_done(self._store.load)

    async def read(self, after: int) -> OpenRows:
        """Return a page of the open events behind number *after*."""
        rows = await self._until_done(
            lambda: self._store.open_inbound(after, PAGE_ROWS)
        )
        return cast(OpenRows, rows)

    async def run(self) -> None:
        """Commit what comes, until `close`; the file is open then."""
        watch = trio.CancelScope()
        trio.lowlevel.spawn_system_task(self._watch, watch)
        try:
            while not self._closing or self._pending:
                idle = await self._wait()
                if self._pending:
                    await self._linger()
                    await self._commit()
                await self._tidy(idle=idle)
                self._quiet_since = self._clock()
                if self._alarm and self._waits_for_quiet:
                    self._alarm.unpark_all()
        finally:
            watch.cancel()
        self._done.set()

    def break_off(self, error: Exception) -> None:
        """Our own mistake: nothing is committed any more, and that is shown."""
        why = f"{type(error).__name__}: {error}"
        self._trouble = Trouble(TroubleKind.FAILING, why)

    async def close(self) -> bool:
        """Commit the rest and let go of the file; False if it was not to be had."""
        self._closing = True
        self._parked.unpark_all()
        with trio.move_on_after(CLOSE_SECONDS) as patience:
            if self.opened.is_set():
                await self._done.wait()
            await self._run(self._store.close)
        self._run.close()
        return not patience.cancelled_caught

    @property
    def _pending(self) -> bool:
        return bool(self._effects or self._noted)

    async def _wait(self) -> bool:
        """Wait for something to do, or until what is noted has waited long enough.

        Returns:
            Did nobody come for so long?
        """
        while not self._urgent:
            if self._overdue:
                self._overdue = False
                return True
            await self._parked.park()
        self._overdue = False
        return False

    async def _watch(self, scope: trio.CancelScope) -> None:
        """Wake the pump when it has been quiet for long enough.

        Not its own task's deadline: to set one for every batch costs more than a batch.
        """
        with scope:
            while True:
                while not self._waits_for_quiet:
                    await self._alarm.park()
                since = self._quiet_since
                await trio.sleep(max(0.0, since + RIDE_SECONDS - self._clock()))
                if since == self._quiet_since and self._waits_for_quiet:
                    self._overdue = True
                    self._parked.unpark_all()
                    await self._alarm.park()

    @property
    def _waits_for_quiet(self) -> bool:
        return self._noted or self._tidy_due

    @property
    def _urgent(self) -> bool:
        return bool(self._effects or self._compacting or self._closing)

    @property
    def _tidy_due(self) -> bool:
        return self._more or self._store.tidy_due

    async def _linger(self) -> None:
        """Give a batch that grows one more pass, unless nobody is there to join it."""
        size = 0
        for _ in range(LINGER_PASSES):
            now = len(self._effects)
            if now == size or (self._alone and now > self._expected):
                return
            size = now
            await trio.lowlevel.checkpoint()

    async def _commit(self) -> None:
        asked, self._effects = self._effects, []
        # Where one came alone, apart from whom it brought, the next one will as well.
        self._alone = len(asked) <= 1 + self._expected
        self._expected = 0
        self._noted = False
        changes = self._changes()
        # Changes last: each is the newest state of a row that may be written before it.
        batch = [effect for effect, _ in asked] + changes
        await self._until_done(
            lambda: self._store.commit(batch), partial(self._tell, asked, changes)
        )
        self._committed += len(batch)

    def _tell(
        self,
        asked: Sequence[tuple[Effect, Answered]],
        changes: Sequence[Effect],
        answers: object,
    ) -> None:
        """Answer everybody, in the moment the thread is done: our own task would be woken
        a pass before theirs.
        """
        assert isinstance(answers, list)
        for change, answer in zip(changes, answers[len(asked) :], strict=True):
            if isinstance(answer, Exception):
                log.error(
                    "journal.change_lost", kind=type(change).__name__, why=str(answer)
                )
        for (_, answered), answer in zip(asked, answers, strict=False):
            try:
                answered(answer)
            except Exception:  # whoever is told must not stop those behind them
                log.exception("journal.answer_failed")

    async def _tidy(self, *, idle: bool) -> None:
        if self._compacting:
            asked, self._compacting = self._compacting, []
            answer = await self._once(self._store.compact)
            for answered in asked:
                answered(answer)
        elif (
            self._store.tidy_urgent
            or (idle and self._tidy_due)
            or (self._more and self._committed >= SWEEP_EFFECTS)
        ):
            self._committed = 0
            self._more = bool(await self._until_done(self._store.tidy))

    async def _once(self, job: Callable[[], object]) -> object:
        """Do it, or return what it failed with: nothing else may have to wait for it."""
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
        self, job: Callable[[], object], told: Callable[[object], None] = _forget
    ) -> object:
        """Do it again until the file lets us; *told* is the first to hear."""
        while True:
            self._busy_since = self._clock()
            try:
                result = await self._run(job, told)
            except Trouble as trouble:
                self._trouble = trouble
            except Exception as error:  # a mistake of ours must not end the host
                log.exception("journal.work_failed")
                why = f"{type(error).__name__}: {error}"
                self._trouble = Trouble(TroubleKind.FAILING, why)
            else:
                stalled = self.health.state == "stalled"
                self._trouble = None
                if stalled:
                    self._mended()
                return result
            finally:
                self._busy_since = inf
            await trio.sleep(RETRY_SECONDS)
