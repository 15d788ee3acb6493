"""What a fault does, as values, and where each of them is possible. Pure.

An actor stands still at the points of its *life*, a message passes those of its *way*.
`TICK` is no point of the kernel: once a second it is every living actor's turn, for those
that rarely have a message in hand. There only `FillsMailbox`, `BlocksLoop`, `Kills`.

| effect          | an actor's life                        | a message's way                |
| --------------- | -------------------------------------- | ------------------------------ |
| `Raises`        | it fails there                         | SEND, DELIVER: refused so      |
| `Hangs`         | it stands still, perhaps past its kill | -                              |
| `Delays`        | it stands still for a moment           | arrives later                  |
| `Drops`         | -                                      | never arrives                  |
| `Duplicates`    | -                                      | arrives twice                  |
| `Reorders`      | -                                      | arrives among those behind it  |
| `FillsMailbox`  | all but STOP                           | DELIVER                        |
| `BlocksLoop`    | everywhere: nobody at all goes on      | everywhere                     |
| `Kills`         | everywhere: that incarnation is over   | everywhere: the place's        |
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import copy
from enum import Enum
from math import inf
from sys import float_info
from types import MappingProxyType
from typing import ClassVar, Final, TypeAlias

from attrs import frozen

from actors.kernel import ActorDown, MailboxFull, Point
from supervision.chaos.wrongs import Wrong, is_seconds, is_whole


class Clock(Enum):
    """Points that are no message's and no actor's doing: time passes."""

    TICK = "tick"
    """Once a second, for each actor that lives."""


Where: TypeAlias = Point | Clock
POINTS: Final[tuple[Where, ...]] = (*Point, Clock.TICK)
"""Everywhere that something can go wrong."""

LIFE: Final = frozenset(
    {
        Point.RESTART,
        Point.START,
        Point.BEFORE_HANDLE,
        Point.AFTER_HANDLE,
        Point.STOP,
    }
)
"""Where an actor stands still."""
WAY: Final = frozenset({Point.SEND, Point.DELIVER, Point.TIMER, Point.REPLY})
"""Where a message passes."""
WITH_MESSAGE: Final = WAY | {Point.BEFORE_HANDLE, Point.AFTER_HANDLE}
REFUSALS: Final = (ActorDown, MailboxFull)
"""What `tell` and `send` may raise because of the receiver."""
REORDER_WITHIN = 1.0
MAX_BLOCK_SECONDS: Final = 60.0
"""While the loop is held up nobody can heal the plan, nor stop the process."""


@frozen
class Raises:
    """Raise it: a fresh one for each firing."""

    name: ClassVar[str] = "raises"
    exception: type[Exception] | Exception

    @property
    def kind(self) -> type[Exception]:
        given = self.exception
        return given if isinstance(given, type) else type(given)

    def fresh(self) -> Exception:
        """Return one to raise: an object raised twice would collect tracebacks.

        Raises:
            TypeError: it can be made neither from a text nor from nothing.
        """
        given = self.exception
        if not isinstance(given, type):
            try:
                return copy(given)
            except TypeError:  # it cannot be made from its `args`
                return given
        try:
            return given("chaos")
        except TypeError:
            return given()

    def __str__(self) -> str:
        return f"raises {self.kind.__name__}"


@frozen
class Hangs:
    """Do not go on for *seconds*, or until the plan is healed."""

    name: ClassVar[str] = "hangs"
    seconds: float = inf
    ignore_cancel: bool = False
    """A kill does not help either: its supervisor has to fence it as a zombie."""

    def __str__(self) -> str:
        how = "for ever" if self.seconds == inf else f"{self.seconds:g} s"
        return f"hangs {how}{' through a kill' if self.ignore_cancel else ''}"


@frozen
class Delays:
    """Go on after a while: *low* to *high* seconds, evenly spread."""

    name: ClassVar[str] = "delays"
    low: float
    high: float

    def __str__(self) -> str:
        if self.low == self.high:
            return f"delays {self.low:g} s"
        return f"delays {self.low:g} to {self.high:g} s"


@frozen
class Drops:
    """The message is a dead letter."""

    name: ClassVar[str] = "drops"

    def __str__(self) -> str:
        return "drops"


@frozen
class Duplicates:
    """A copy goes with it. A question still has one answer."""

    name: ClassVar[str] = "duplicates"

    def __str__(self) -> str:
        return "duplicates"


@frozen
class Reorders:
    """Hold it until *window* of them are held, then let them go in another order.

    Held at most *within* seconds: the last ones have nobody behind them.
    """

    name: ClassVar[str] = "reorders"
    window: int
    within: float = REORDER_WITHIN

    def __str__(self) -> str:
        return f"reorders {self.window}"


@frozen
class FillsMailbox:
    """Fill the mailbox up with what nobody gets to handle."""

    name: ClassVar[str] = "fills_mailbox"

    def __str__(self) -> str:
        return "fills the mailbox"


@frozen
class BlocksLoop:
    """Hold the whole loop up for *seconds*, at most `MAX_BLOCK_SECONDS`."""

    name: ClassVar[str] = "blocks_loop"
    seconds: float

    def __str__(self) -> str:
        return f"blocks the loop {self.seconds:g} s"


@frozen
class Kills:
    """Kill the incarnation, and with it everything below."""

    name: ClassVar[str] = "kills"

    def __str__(self) -> str:
        return "kills"


Effect: TypeAlias = (
    Raises
    | Hangs
    | Delays
    | Drops
    | Duplicates
    | Reorders
    | FillsMailbox
    | BlocksLoop
    | Kills
)

_ALL: Final[frozenset[Where]] = frozenset(POINTS)

POSSIBLE: Final[Mapping[type[Effect], frozenset[Where]]] = MappingProxyType(
    {
        Raises: LIFE | {Point.SEND, Point.DELIVER},
        Hangs: LIFE,
        Delays: LIFE | WAY,
        Drops: WAY,
        Duplicates: WAY,
        Reorders: WAY,
        FillsMailbox: LIFE - {Point.STOP} | {Point.DELIVER, Clock.TICK},
        BlocksLoop: _ALL,
        Kills: _ALL,
    }
)
"""The one table of what can happen where."""


def effect_wrongs(effect: Effect, point: Where) -> Iterator[Wrong]:
    """Yield what is wrong with *effect* at *point*."""
    possible = POSSIBLE[type(effect)]
    if point not in possible:
        where = ", ".join(each.value for each in POINTS if each in possible)
        yield Wrong("at", f"must be one of {where} for {effect.name}", point.value)
    match effect:
        case Raises():
            yield from _exception_wrongs(effect, point)
        case Hangs(seconds, ignore_cancel):
            if seconds != inf and not is_seconds(seconds):
                yield Wrong("hangs", "must be a positive number of seconds", seconds)
            if ignore_cancel and seconds == inf:
                must = "must be seconds with ignore_cancel: nobody could end it"
                yield Wrong("hangs", must, "for ever")
        case Delays(low, high):
            if not (_is_number(low) and _is_number(high) and 0 <= low <= high):
                must = "must be two numbers of seconds, 0 <= low <= high"
                yield Wrong("delays", must, [low, high])
        case Reorders(window, within):
            if not is_whole(window) or window < 2:
                yield Wrong("reorders", "must be a whole number from 2", window)
            if not is_seconds(within):
                yield Wrong("within", "must be a positive number of seconds", within)
        case BlocksLoop(seconds):
            if not is_seconds(seconds) or seconds > MAX_BLOCK_SECONDS:
                must = (
                    "must be a positive number of seconds, at most "
                    f"{MAX_BLOCK_SECONDS:g}: nobody could end it"
                )
                yield Wrong("blocks_loop", must, seconds)
        case Drops() | Duplicates() | FillsMailbox() | Kills():
            pass


def _exception_wrongs(effect: Raises, point: Where) -> Iterator[Wrong]:
    given: object = effect.exception
    kind = given if isinstance(given, type) else type(given)
    if not issubclass(kind, Exception):
        yield Wrong("raises", "must be an Exception, or a class of them", given)
    elif point in WAY and kind not in REFUSALS:
        must = "must be MailboxFull or ActorDown where a message is refused"
        yield Wrong("raises", must, kind.__name__)
    elif kind not in REFUSALS and not _can_be_made(effect):
        must = "must be made from one text or from nothing; give an instance of it"
        yield Wrong("raises", must, kind.__name__)


def _can_be_made(effect: Raises) -> bool:
    try:
        effect.fresh()
    except Exception:  # noqa: BLE001 - whatever it says, it will not be made later
        return False
    return True


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= float_info.max
