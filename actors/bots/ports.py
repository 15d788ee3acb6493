"""What a bot needs of its host. `rookery` wires it; tests bring their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from attrs import field, frozen

from actors.bots.calling import CallAction, no_connections
from actors.messages import Outbound
from actors.schedule import Later
from actors.tracker import Receipt


class Outbox(Protocol):
    """Where a bot says something."""

    async def say(self, out: Outbound) -> Receipt:
        """Write *out* down and return its receipt. The same key is the same message."""
        ...

    def withdraw(self, key: str, why: str) -> bool:
        """Take back what has not left yet. False: there is none."""
        ...


class Laters(Protocol):
    """What is to be run later; see `actors.schedule.Timetable`."""

    def now(self) -> float:
        """Return the time on the wall, in seconds since 1970."""
        ...

    async def keep(self, later: Later) -> None:
        """Write *later* down. The same id is the same later.

        Raises:
            TooManyLaters: too much waits already.
        """
        ...


class Disk(Protocol):
    """Where what a bot says is kept."""

    def in_trouble(self) -> bool:
        """Could nothing be written down now? Then no handler begins."""
        ...

    def on_mended(self, ring: Callable[[], None]) -> None:
        """Call *ring* each time that is over."""
        ...

    def off_mended(self, ring: Callable[[], None]) -> None:
        """Call it no longer."""
        ...


class Sound:
    """A disk that is never in trouble."""

    def in_trouble(self) -> bool:
        return False

    def on_mended(self, ring: Callable[[], None]) -> None:
        """Never call *mended*: this disk is never in trouble."""

    def off_mended(self, ring: Callable[[], None]) -> None:
        """See `on_mended`."""


@frozen(kw_only=True)
class HandlerFault:
    """One event was not handled as it should have been. It cost that event only."""

    bot: str
    handler: str
    why: str
    """One line."""
    trace: str
    platform: str
    account: str
    chat: str
    row: int
    error: BaseException | None = field(default=None, repr=False)


@frozen(kw_only=True)
class Services:
    """The host, as a bot sees it."""

    outbox: Outbox
    laters: Laters
    journal: Callable[[], str]
    """The journal's own id: rows of two journals may have equal numbers. It is known
    once there is an event to answer."""
    disk: Disk = field(factory=Sound)
    call: CallAction = no_connections
    """Call an action of a platform by its name."""
    is_operator: Callable[[str, str], bool] = lambda _platform, _user: False
    """Is this user of this platform id an operator of the host?"""
    on_fault: Callable[[HandlerFault], None] = lambda _fault: None
    """Told of every fault. Plain and quick."""
    provided: Mapping[str, object] = field(factory=dict)
    """What the host provides to `use(...)`, such as `tree`."""
