"""The tables of a plan's file as they are written, and what may stand for each value."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from functools import lru_cache
from math import inf
from typing import Final

from attrs import fields, frozen
from cattrs import Converter

from actors.kernel import ActorDown, MailboxFull
from rookery.config import Wrong, seconds, shown, strict_converter
from supervision.chaos import Chaos

FOREVER_WORD = "forever"
# Python's own and the two that a mailbox has: a plan's file never names code.
EXCEPTIONS: Final[Mapping[str, type[Exception]]] = {
    **{
        name: value
        for name, value in vars(builtins).items()
        if isinstance(value, type)
        and issubclass(value, Exception)
        and value.__name__ == name
    },
    "ActorDown": ActorDown,
    "MailboxFull": MailboxFull,
}


# A type for each sort of value, so that a hook of the converter reads it and says in its
# own words what is wrong with it.


@frozen
class Chance:
    """`p`: how likely it is, above 0 and at most 1."""

    value: float


@frozen
class Hang:
    """`hangs`: for how long; `forever` is infinite."""

    seconds: float


@frozen
class Span:
    """`delays`, `between`: two durations, in seconds."""

    low: float
    high: float


@frozen
class Named:
    """`raises`: an exception by its name."""

    kind: type[Exception]


@frozen
class Yes:
    """`drops`, `kills` and others that take nothing but `true`."""


@frozen(kw_only=True)
class PlanTable:
    """`[plan]` as it is written."""

    seed: int = 0
    duration: float = inf
    max_faults: int = Chaos().max_faults


@frozen(kw_only=True)
class FaultTable:
    """`[[fault]]` as it is written: place, conditions, and one effect."""

    at: str
    path: str = "/**"
    message: str | None = None
    nth: int | None = None
    times: int | None = None
    every: int | None = None
    p: Chance | None = None
    between: Span | None = None
    after: int = 0
    raises: Named | None = None
    hangs: Hang | None = None
    ignore_cancel: bool | None = None
    delays: Span | None = None
    drops: Yes | None = None
    duplicates: Yes | None = None
    reorders: int | None = None
    within: float | None = None
    fills_mailbox: Yes | None = None
    blocks_loop: float | None = None
    kills: Yes | None = None


EFFECTS: Final = (
    "raises",
    "hangs",
    "delays",
    "drops",
    "duplicates",
    "reorders",
    "fills_mailbox",
    "blocks_loop",
    "kills",
)
"""The keys of which a fault has exactly one."""
BELONGS = {"ignore_cancel": "hangs", "within": "reorders"}
"""Keys that may only stand beside an effect, with that effect."""


# --- values -----------------------------------------------------------------------------


@lru_cache(maxsize=1)
def plan_converter() -> Converter:
    converter = strict_converter({})
    hooks: dict[type[object], Callable[[object], object]] = {
        Chance: _chance,
        Hang: _hang,
        Span: _span,
        Named: _named,
        Yes: _yes,
    }
    for kind, hook in hooks.items():
        converter.register_structure_hook(kind, _ignoring_kind(hook))
    return converter


def _ignoring_kind(
    hook: Callable[[object], object],
) -> Callable[[object, object], object]:
    return lambda value, _: hook(value)


def _chance(value: object) -> Chance:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Chance(value)
    raise Wrong(expected="a chance above 0 and at most 1", got=shown(value))


def _hang(value: object) -> Hang:
    return Hang(inf if value == FOREVER_WORD else seconds(value))


def _span(value: object) -> Span:
    """Two durations, or one that is both."""
    match value:
        case [low, high]:
            return Span(seconds(low), seconds(high))
        case list():
            got = f"{len(value)} in a list"
            raise Wrong(expected="one duration, or two in a list", got=got)
        case _:
            one = seconds(value)
            return Span(one, one)


def _named(value: object) -> Named:
    kind = EXCEPTIONS.get(value) if isinstance(value, str) else None
    if kind is None:
        expected = (
            "the name of one of Python's own exceptions, or MailboxFull or ActorDown"
        )
        raise Wrong(expected, shown(value))
    return Named(kind)


def _yes(value: object) -> Yes:
    if value is True:
        return Yes()
    raise Wrong(expected="true, or for it to be left out", got=shown(value))


KEYS: Final = tuple(each.name for each in fields(FaultTable))
"""Every key of `[[fault]]`."""
PLAN_KEYS: Final = tuple(each.name for each in fields(PlanTable))
