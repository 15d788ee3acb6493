"""Campaigns: one plan at a time in force on a running host, watched, ended, reported.

A campaign is *running* while faults may fire, *healing* while none does any more and the
host recovers, and then *done*. It has no task of its own: an alarm of the system calls it
a few times a second. Whoever began it must ask for its report now and then (a lease); if
nobody does, it is healed by itself, so that no host stays broken behind a command that
was killed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog
from attrs import evolve, frozen

from rookery.chaos.observer import Observer
from rookery.chaos.report import (
    Counted,
    Faults,
    Report,
    dead_letters_of,
    events_of,
    late,
    messages_of,
    recovery_of,
)
from rookery.chaos.writing import write_plan
from supervision.chaos import Chaos, ChaosHooks

if TYPE_CHECKING:
    from actors.kernel import System

TICK_SECONDS = 0.25
LEASE_TICKS = 40
"""After so many ticks in which nobody asked for its report, about 10 s, it is healed."""
WAITING = "waiting"
"""The phase of a cell that sleeps until its next try."""
RECOVER_SECONDS = 30.0
"""How long it waits for everybody to be back before it says who is not."""

log = structlog.get_logger()


@frozen
class CampaignRefused(Exception):
    """A campaign cannot be begun or looked at; `why` is one sentence."""

    why: str

    def __str__(self) -> str:
        return self.why


class Campaigns:
    """What a host that may be broken has: hooks, a witness, and at most one campaign."""

    def __init__(self, block: Callable[[float], None] | None = None) -> None:
        self.hooks = ChaosHooks() if block is None else ChaosHooks(block=block)
        self.observer = Observer()
        self._current: _Campaign | None = None

    def begin(
        self,
        campaign: str,
        plan: Chaos,
        system: System,
        count: Callable[[], Counted],
    ) -> Report:
        """Put *plan*, which must have an end, in force; return the first report.

        Asking again for the same *campaign* begins nothing, and returns how it stands:
        the answer to the first request may have been lost.

        Raises:
            CampaignRefused: another one is not done yet.
        """
        if self._current is not None and self._current.id == campaign:
            return self._current.look()
        if self._current is not None and self._current.phase != "done":
            why = (
                f"another plan is in force ({self._current.id}, "
                f"{self.hooks.fired} faults so far); only one at a time"
            )
            raise CampaignRefused(why)
        self._current = _Campaign(
            campaign,
            plan,
            system,
            hooks=self.hooks,
            observer=self.observer,
            count=count,
        )
        return self._current.report()

    def look(self, campaign: str) -> Report:
        """Return how a campaign stands, and renew its lease.

        Raises:
            CampaignRefused: there is no such one, or no longer.
        """
        return self._of(campaign).look()

    def heal(self, campaign: str) -> Report:
        """End a campaign early; it is done once everybody is back.

        Raises:
            CampaignRefused: there is no such one, or no longer.
        """
        current = self._of(campaign)
        current.heal("asked to")
        return current.look()

    def end(self, why: str) -> None:
        """Heal the campaign that runs, if any, so that the host can stop in order."""
        if self._current is not None:
            self._current.heal(why)

    def status(self) -> str:
        """Return a line for people who look at the host."""
        if not self.hooks.active:
            return "this host may be broken on purpose (--allow-chaos)"
        return (
            f"a chaos plan is in force: {self.hooks.fired} faults on purpose so far, "
            f"{self.observer.seen.restarts} restarts"
        )

    def _of(self, campaign: str) -> _Campaign:
        if self._current is None or self._current.id != campaign:
            why = f"there is no campaign {campaign!r} on this host (any more)"
            raise CampaignRefused(why)
        return self._current


class _Campaign:
    """One plan, from the instant that it is in force."""

    def __init__(
        self,
        campaign: str,
        plan: Chaos,
        system: System,
        *,
        hooks: ChaosHooks,
        observer: Observer,
        count: Callable[[], Counted],
    ) -> None:
        self.id = campaign
        self.phase = "running"
        self._plan = plan
        self._system = system
        self._hooks = hooks
        self._observer = observer
        self._count = count
        self._began = system.clock()
        self._before = count()
        self._healed_at = 0.0
        self._healed = ""
        self._target: int | None = None
        """How many events the host had accepted when it was healed: these must settle."""
        self._unseen = 0
        """Ticks since somebody asked for the report."""
        self._result: Report | None = None
        observer.look(system.clock)
        hooks.install(plan)
        log.warning(
            "chaos.begun",
            campaign=self.id,
            seed=plan.seed,
            faults=[str(fault) for fault in plan.faults],
            seconds=plan.duration,
        )
        self._tick_soon()

    def look(self) -> Report:
        self._unseen = 0
        return self.report()

    def heal(self, why: str) -> None:
        if self.phase != "running":
            return
        self.phase = "healing"
        self._healed = why
        self._healed_at = self._system.clock()
        self._target = self._count().accepted
        self._hooks.heal()
        log.warning("chaos.healed", campaign=self.id, faults=self._hooks.fired, why=why)

    def report(self) -> Report:
        """Return how it stands; once it is done, always the same."""
        if self._result is not None:
            return self._result
        now, seen = self._count(), self._observer.seen
        missing = self._missing()
        down = [f"{p} ({phase})" for p, phase in missing.items() if phase != WAITING]
        waiting = [path for path, phase in missing.items() if phase == WAITING]
        until = self._system.clock() if self.phase == "running" else self._healed_at
        return Report(
            id=self.id,
            phase=self.phase,
            seconds=round(until - self._began, 3),
            healed=self._healed,
            faults=Faults(total=self._hooks.fired, by_effect=self._hooks.counts),
            restarts=seen.restarts,
            escalated=seen.escalated,
            escalations=tuple(seen.escalations),
            events=events_of(self._before, now, self._target),
            messages=messages_of(self._before, now),
            dead_letters=dead_letters_of(self._before, now),
            recovery=recovery_of(seen, down, waiting),
        )

    # --- ticking ------------------------------------------------------------------------

    def _tick_soon(self) -> None:
        self._system.alarms.at(self._system.clock() + TICK_SECONDS, self._tick)

    def _tick(self) -> None:
        if self.phase == "running":
            self._unseen += 1
            if self._system.clock() - self._began >= self._plan.duration:
                self.heal("its time was over")
            elif self._unseen > LEASE_TICKS:
                # Ticks, not seconds: a blocked loop lets nobody look.
                self.heal("nobody looked at it any more")
        elif self._has_recovered():
            self._finish()
            return
        self._tick_soon()

    def _has_recovered(self) -> bool:
        if self._system.clock() - self._healed_at >= RECOVER_SECONDS:
            return True
        assert self._target is not None
        return not self._missing() and not late(
            self._before, self._count(), self._target
        )

    def _finish(self) -> None:
        self.phase = "done"
        firings = self._hooks.firings
        report = self.report()
        replay = write_plan(self._hooks.replay()) if firings else ""
        self._result = evolve(report, replay=replay)
        self._observer.look_away()
        facts = {**report.as_json(), "campaign": self.id}
        for known in ("id", "phase", "replay"):
            del facts[known]
        log.warning("chaos.reported", **facts)

    def _missing(self) -> dict[str, str]:
        """Return the phase of everybody who ended and is not up again, by path.

        Who was removed since, or rests because its supervisor says so, is not missing.
        """
        cells = self._system.cells
        return {
            path: cell.phase
            for path in self._observer.seen.down
            if (cell := cells.get(path)) is not None and cell.resting is None
        }
