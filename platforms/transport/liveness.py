"""When a silent peer is dead. Pure: instants are arguments, in monotonic seconds.

Only hearing something proves life: a half-open connection takes what we send for a
long time. And only time spent waiting for a frame counts: while we are busy with the
last one, the next may be waiting for us.

A peer that has shown a heartbeat is dead after 2.5 intervals of silence. Any other
may simply have nothing to say: it is probed, and dead if even that goes unanswered.
"""

from math import inf, isfinite
from typing import Final, TypeAlias

from attrs import define, field, frozen

HEARTBEATS_MISSED: Final = 2.5
PROBE_AFTER_SECONDS: Final = 60.0
FIRST_PROBE_AFTER_SECONDS: Final = 30.0
PROBE_ANSWER_SECONDS: Final = 10.0


@frozen
class Wait:
    """All is well. Ask again at *until*; asking earlier does no harm."""

    until: float


@frozen
class Probe:
    """Ask the peer for a sign of life now, and say so with `probed`."""


@frozen
class Dead:
    """Close the connection."""

    why: str


Verdict: TypeAlias = Wait | Probe | Dead


@define
class Liveness:
    """The silence of one connection. Any frame ends it, also the answer to a probe."""

    carries_events: bool = True
    """False for a socket on which a peer sends no events, so that no heartbeat is expected."""
    _heartbeat: float | None = field(default=None, init=False)
    _heard: bool = field(default=False, init=False)
    _quiet: float = field(default=0.0, init=False)  # waited in vain before _since
    _since: float | None = field(default=None, init=False)  # waiting since
    _probed_at_quiet: float | None = field(default=None, init=False)

    def waits(self, now: float) -> None:
        """From *now* on we wait for a frame."""
        if self._since is None:
            self._since = now

    def pauses(self, now: float) -> None:
        """From *now* on we do something else; no frame came."""
        self._quiet = self._silence(now)
        self._since = None

    def heard(self) -> None:
        """A frame came; until `waits` is called the peer's time stands still."""
        self._heard = True
        self._quiet = 0.0
        self._since = None
        self._probed_at_quiet = None

    def heartbeat(self, interval: float) -> None:
        """The peer promised a frame each *interval* seconds; nonsense is ignored."""
        if isfinite(interval) and interval > 0:
            self._heartbeat = interval

    def silence_limit(self, seconds: float) -> None:
        """The peer is dead after so many seconds of silence; nonsense is ignored."""
        self.heartbeat(seconds / HEARTBEATS_MISSED)

    def probed(self, now: float) -> None:
        """A probe went out at *now*."""
        self._probed_at_quiet = self._silence(now)

    def verdict(self, now: float) -> Verdict:
        """Say what to do at *now*."""
        due = self._due()
        if now < due:
            return Wait(due)
        if self._probed_at_quiet is not None:
            return Dead(f"{self._silence(now):g} s of silence, a probe unanswered")
        if self._promised() is not None:
            return Dead(
                f"{self._silence(now):g} s of silence, "
                f"a heartbeat is due each {self._heartbeat:g} s"
            )
        return Probe()

    def _due(self) -> float:
        # While we do not wait, nothing can become due.
        return inf if self._since is None else self._since + self._limit() - self._quiet

    def _silence(self, now: float) -> float:
        waiting = 0.0 if self._since is None else max(0.0, now - self._since)
        return self._quiet + waiting

    def _promised(self) -> float | None:
        return self._heartbeat if self.carries_events else None

    def _limit(self) -> float:
        if self._probed_at_quiet is not None:
            return self._probed_at_quiet + PROBE_ANSWER_SECONDS
        promised = self._promised()
        if promised is not None:
            return promised * HEARTBEATS_MISSED
        return PROBE_AFTER_SECONDS if self._heard else FIRST_PROBE_AFTER_SECONDS
