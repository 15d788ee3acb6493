"""New lines are kept back until what was missed before them has come. Reads no clock.

The cursor is the time of the newest line that was journalled, as the server wrote it. It is
never in the future: a line that claims to be from then would stay the newest for ever. While
lines are missing the cursor does not move. So whatever happens, the next session asks for
the same lines again, and those that are known by their `msgid` change nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from actors.messages import Inbound
from platforms.irc import wire
from platforms.irc.times import written

MAX_HELD: Final = 2_000
"""Events; when more are new than that, they wait no longer for what is older."""


class Filling:
    """Takes events in as they come, and gives them out as they are to be journalled."""

    def __init__(self, cursor: str | None, now: Callable[[], float]) -> None:
        self._now = now
        self._missed: list[Inbound] = []
        self._new: list[Inbound] = []
        self._newest = cursor or ""
        self._newest_at = wire.time_of(self._newest) or 0.0

    def add(self, line: wire.Line, events: Sequence[Inbound]) -> None:
        """Take in a line that is new, and what it is."""
        self._new += events
        self._saw(line, events)

    def put_before(self, line: wire.Line, events: Sequence[Inbound]) -> None:
        """Take in a line that was missed: it is older than what is new."""
        self._missed += events
        self._saw(line, events)

    def ready(
        self, *, missing: bool, waits: bool = True
    ) -> tuple[list[Inbound], str | None]:
        """Return what is to be journalled now, and the cursor with it.

        Args:
            missing: There is still something to be put before what is new.
            waits: What is new waits for that.
        """
        if not missing:
            return [*self._missed, *self._new], self._newest or None
        if not waits or len(self._new) > MAX_HELD:
            return self.everything(), None
        return list(self._missed), None

    def everything(self) -> list[Inbound]:
        """Return all that was not journalled yet."""
        return [*self._missed, *self._new]

    def kept(self, events: Sequence[Inbound]) -> None:
        """Forget *events*, which `ready` has returned: they are journalled."""
        new = len(events) - len(self._missed)
        self._missed.clear()
        del self._new[: max(new, 0)]

    def _saw(self, line: wire.Line, events: Sequence[Inbound]) -> None:
        at = events[0].sent_at_utc if events else None
        if at is None or at <= self._newest_at:
            return
        now = self._now()
        if at <= now:
            self._newest, self._newest_at = line.tags["time"], at
        elif now > self._newest_at:
            self._newest, self._newest_at = written(now), now
