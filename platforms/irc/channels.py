"""What of a channel is not told by the account's cursor, kept beside the journal.

The cursor says how far everything was journalled, whatever its channel. Two things differ
from one to the next, and there is a note of each for as many channels as are configured:

    came      when we came into it for the first time: what was said before is its history
    missing   since when something of it is missing: it could not be joined, or the server
              did not tell what was missed, while the others went on

Rules of this file:

1. A note is written down before the cursor passes what it is about, and struck out once
   what was missing is journalled. Whatever dies in between, the same is asked for again.
2. What is missing for a day is given up: nobody could tell whether it was heard.
3. The clocks of a network differ, so that a line may be older than one that was before
   it. It is asked for from a bit earlier; what is known by its `msgid` changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final

from actors.messages import DEDUP_SECONDS
from platforms.irc import wire
from platforms.irc.times import written

if TYPE_CHECKING:
    from platforms.base import Shelf

OVERLAP_SECONDS: Final = 60.0
"""Servers do not link whose clocks differ by more (UnrealIRCd; InspIRCd: by half of it)."""


class Channels:
    """The channels of one connection, by their names as the server folds them."""

    def __init__(self, shelf: Callable[[str], Shelf], now: Callable[[], float]) -> None:
        """Begin with none.

        Args:
            shelf: Of the platform, by its name.
            now: Seconds since 1970.
        """
        self._came = _Notes(shelf("channels"))
        self._missing = _Notes(shelf("missing"))
        self._now = now
        self._new: dict[str, str] = {}
        self._wanted: frozenset[str] = frozenset()
        self._open: dict[str, str] = {}
        """How far each was heard that is not whole yet."""

    async def recall(
        self, account: str, wanted: Iterable[str], cursor: str
    ) -> dict[str, str]:
        """Return since when each channel is to be asked for; empty for: not at all.

        Args:
            account: Whose notes they are.
            wanted: Channels that we want to be in.
            cursor: The time of the newest line of before; empty for none.
        """
        self._wanted = frozenset(wanted)
        await self._came.recall(account, self._wanted)
        await self._missing.recall(account, self._wanted)
        heard_at = wire.time_of(cursor)
        if heard_at is None:
            return {}
        if not self._came:  # kept by nobody before; where we have been nobody knows
            await self._came.note(dict.fromkeys(self._wanted, cursor))
        oldest = self._now() - DEDUP_SECONDS
        for channel, since in list(self._missing.items()):
            if since < oldest:
                await self._missing.strike(channel)
        missing = dict(self._missing.items())
        asked = dict.fromkeys(self._wanted, "")
        for channel, came in self._came.items():
            at = min(heard_at, missing.get(channel, heard_at))
            self._open[channel] = written(at)
            # Whatever our clock said when we came: the cursor is by that of the server.
            since = max(at - OVERLAP_SECONDS, min(came, heard_at))
            asked[channel] = written(since)
        return asked

    def joined(self, channel: str, time: str) -> None:
        """We are in *channel*, since *time* by the server's clock, if it tells."""
        if channel in self._wanted and channel not in self._came:
            at, now = wire.time_of(time), self._now()
            self._new.setdefault(channel, written(now if at is None else min(at, now)))

    def whole(self, channel: str) -> None:
        """What was missed of *channel* is found, and goes to the journal next."""
        self._open.pop(channel, None)

    async def before_the_cursor(self) -> None:
        """Write down what it will tell nobody any more."""
        new, self._new = self._new, {}
        await self._came.note(new)
        await self._missing.note(self._open)

    async def behind_the_cursor(self) -> None:
        """Strike out what is missing no longer, now that it is journalled."""
        for channel, _ in list(self._missing.items()):
            if channel not in self._open:
                await self._missing.strike(channel)


class _Notes:
    """A time of each channel, on a shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._account = ""
        self._times: dict[str, float] = {}

    def __contains__(self, channel: str) -> bool:
        return channel in self._times

    def __bool__(self) -> bool:
        return bool(self._times)

    def items(self) -> Iterable[tuple[str, float]]:
        return self._times.items()

    async def recall(self, account: str, wanted: frozenset[str]) -> None:
        """Find what was noted, and drop what nobody wants to know any more."""
        self._account = account
        for name, body in (await self._shelf.all()).items():
            whose, _, channel = name.partition(" ")
            at = wire.time_of(body.decode("ascii", "replace"))
            if whose != account:
                continue
            if channel in wanted and at is not None:
                self._times[channel] = at
            else:
                await self._shelf.drop(name)

    async def note(self, times: dict[str, str]) -> None:
        """Write down what is not known yet."""
        for channel, time in times.items():
            at = wire.time_of(time)
            if channel not in self._times and at is not None:
                await self._shelf.put(f"{self._account} {channel}", time.encode())
                self._times[channel] = at

    async def strike(self, channel: str) -> None:
        await self._shelf.drop(f"{self._account} {channel}")
        del self._times[channel]
