r"""A plan: what shall go wrong, where and when. A value; nothing happens by writing one.

Chaos(seed=7).at("handle", "/tg", Say).nth(3).raises(ConnectionError) \
                 .at("start", "/db").times(2).raises(OSError) \
                 .at("handle", "/tg").p(0.01).hangs(30.0)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from math import inf
from typing import TypeAlias

from attrs import evolve, field, frozen

from actors.kernel import Point
from supervision.chaos.effects import (
    POINTS,
    REORDER_WITHIN,
    WITH_MESSAGE,
    BlocksLoop,
    Delays,
    Drops,
    Duplicates,
    Effect,
    FillsMailbox,
    Hangs,
    Kills,
    Raises,
    Reorders,
    Where,
    effect_wrongs,
)
from supervision.chaos.when import ALWAYS, When
from supervision.chaos.wrongs import BadPlan, Wrong, is_seconds, is_whole

EVERYWHERE = "/**"
ROOT = "/"
DEFAULT_MAX_FAULTS = 10_000
MAX_DOUBLE_STARS = 3
"""Each one more multiplies the time of a comparison by the length of a path."""
_BY_NAME: dict[str, Where] = {
    "handle": Point.BEFORE_HANDLE,
    **{point.value: point for point in POINTS},
}
_STARS = re.compile(r"(\*\*|\*)")

Kind: TypeAlias = type[object] | str
"""Which messages: a class, or the name of one."""
Predicate: TypeAlias = Callable[[object], bool]


@frozen
class PlannedFault:
    """One thing that shall go wrong.

    Raises:
        BadPlan: it could not happen there, or a number makes no sense.
    """

    point: Where
    effect: Effect
    path: str = EVERYWHERE
    """Whose: a path, where `*` and `?` stand for what has no slash in it and `**` for
    anything. The root, `/`, is meant only by itself."""
    message: Kind | None = None
    """Which: a message of this class, by the class or by its name. `None` is any."""
    when: When = ALWAYS
    where: Predicate | None = None
    """Which, for those who write Python: asked for each message."""

    def __attrs_post_init__(self) -> None:
        for wrong in fault_wrongs(
            self.point,
            self.effect,
            path=self.path,
            message=self.message,
            when=self.when,
            where=self.where,
        ):
            raise BadPlan(wrong)

    def fits(self, path: str, message: object) -> bool:
        """Say whether the fault means this path and this message, at a point that it means."""
        if ROOT in (path, self.path):
            if path != self.path:
                return False
        elif not _pattern(self.path).fullmatch(path):
            return False
        if self.message is not None and not _is_of(message, self.message):
            return False
        return self.where is None or self.where(message)

    def __str__(self) -> str:
        what = "" if self.message is None else f" {name_of(self.message)}"
        return f"{self.point.value} {self.path}{what}: {self.effect}"


def fault_wrongs(
    point: Where,
    effect: Effect,
    *,
    path: str,
    message: Kind | None,
    when: When,
    where: Predicate | None = None,
) -> Iterator[Wrong]:
    """Yield what is wrong with a fault of these parts."""
    if not path.startswith("/"):
        yield Wrong(
            "path", "must be a path with a slash in front, as actors have", path
        )
    if path.count("**") > MAX_DOUBLE_STARS:
        must = f"must hold `**` at most {MAX_DOUBLE_STARS} times: more take too long"
        yield Wrong("path", must, path)
    if point not in WITH_MESSAGE:
        must = f"must be nothing at {point.value}, where there is no message"
        if message is not None:
            yield Wrong("message", must, name_of(message))
        if where is not None:
            yield Wrong("where", must, where)
    yield from when.wrongs()
    yield from effect_wrongs(effect, point)


@frozen
class Chaos:
    """A plan: faults, and the seed of all chance in them. Immutable.

    Of several faults whose time comes at one moment the first in the plan is done; the
    others count the moment as one that they let pass.
    """

    seed: int = 0
    faults: tuple[PlannedFault, ...] = ()
    duration: float = field(default=inf, kw_only=True)
    """Seconds after which it is healed: nothing fires any more, what is held goes on."""
    max_faults: int = field(default=DEFAULT_MAX_FAULTS, kw_only=True)
    """After so many firings nothing fires any more."""

    def __attrs_post_init__(self) -> None:
        for wrong in plan_wrongs(self.duration, self.max_faults):
            raise BadPlan(wrong)

    def at(
        self,
        point: Where | str,
        path: str = EVERYWHERE,
        message: Kind | None = None,
        *,
        where: Predicate | None = None,
    ) -> At:
        """Begin to describe a fault; one of the effects ends that.

        Args:
            point: a `Point` or its name; `handle` is short for `before_handle`; `tick`
                is once a second for each actor that lives.
            path: whose life or mailbox, with `*`, `?` and `**`.
            message: only messages of this class; the name of one will do.
            where: only messages for which this is true.

        Raises:
            BadPlan: there is no such point.
        """
        return At(self, point_of(point), path, message, where)

    def with_fault(self, fault: PlannedFault) -> Chaos:
        """Return the plan with *fault* behind the others."""
        return evolve(self, faults=(*self.faults, fault))


def plan_wrongs(duration: float, max_faults: int) -> Iterator[Wrong]:
    """Yield what is wrong with the limits of a plan."""
    if duration != inf and not is_seconds(duration):
        yield Wrong("duration", "must be a positive number of seconds", duration)
    if not is_whole(max_faults) or max_faults < 1:
        yield Wrong("max_faults", "must be a whole number from 1", max_faults)


@frozen
class At:
    """A fault that is being described: conditions, then an effect, which gives the plan."""

    _plan: Chaos
    _point: Where
    _path: str
    _message: Kind | None
    _where: Predicate | None
    _when: When = ALWAYS

    # --- when ---------------------------------------------------------------------------

    def nth(self, n: int) -> At:
        """Only the *n*-th time, counted from 1."""
        return evolve(self, when=evolve(self._when, nth=n))

    def times(self, n: int) -> At:
        """At most *n* times; with nothing else, the first *n*."""
        return evolve(self, when=evolve(self._when, times=n))

    def every(self, n: int) -> At:
        """Each *n*-th time."""
        return evolve(self, when=evolve(self._when, every=n))

    def p(self, chance: float) -> At:
        """Each time with this chance, above 0 and at most 1."""
        return evolve(self, when=evolve(self._when, p=chance))

    def between(self, low: float, high: float) -> At:
        """Only from *low* to before *high* seconds after the plan began."""
        return evolve(self, when=evolve(self._when, between=(low, high)))

    def after(self, n: int) -> At:
        """Not the first *n* times."""
        return evolve(self, when=evolve(self._when, after=n))

    # --- what ---------------------------------------------------------------------------

    def raises(self, exception: type[Exception] | Exception) -> Chaos:
        """Fail there; at `send` and `deliver`, refuse: `MailboxFull` or `ActorDown`."""
        return self._does(Raises(exception))

    def hangs(self, seconds: float = inf, *, ignore_cancel: bool = False) -> Chaos:
        """Stand still so long; with *ignore_cancel*, past a kill."""
        return self._does(Hangs(seconds, ignore_cancel))

    def delays(self, low: float, high: float | None = None) -> Chaos:
        """Go on, or arrive, *low* to *high* seconds later."""
        return self._does(Delays(low, low if high is None else high))

    def drops(self) -> Chaos:
        """Lose the message."""
        return self._does(Drops())

    def duplicates(self) -> Chaos:
        """Let it arrive twice."""
        return self._does(Duplicates())

    def reorders(self, window: int, *, within: float = REORDER_WITHIN) -> Chaos:
        """Hold *window* of them, at most *within* seconds; let go in another order."""
        return self._does(Reorders(window, within))

    def fills_mailbox(self) -> Chaos:
        """Fill the mailbox of whoever is there."""
        return self._does(FillsMailbox())

    def blocks_loop(self, seconds: float) -> Chaos:
        """Hold up everybody."""
        return self._does(BlocksLoop(seconds))

    def kills(self) -> Chaos:
        """Kill whoever is there: at `send` the sender, at `deliver` the receiver."""
        return self._does(Kills())

    def _does(self, effect: Effect) -> Chaos:
        fault = PlannedFault(
            self._point, effect, self._path, self._message, self._when, self._where
        )
        return self._plan.with_fault(fault)


def point_of(point: Where | str) -> Where:
    """Return the point of this name.

    Raises:
        BadPlan: there is none.
    """
    if not isinstance(point, str):
        return point
    found = _BY_NAME.get(point)
    if found is None:
        names = ", ".join(each.value for each in POINTS)
        raise BadPlan(Wrong("at", f"must be one of {names}", point))
    return found


def name_of(kind: Kind) -> str:
    return kind if isinstance(kind, str) else kind.__name__


def _is_of(message: object, kind: Kind) -> bool:
    if isinstance(kind, str):
        return any(each.__name__ == kind for each in type(message).__mro__)
    return isinstance(message, kind)


@lru_cache(maxsize=1024)
def _pattern(path: str) -> re.Pattern[str]:
    first, *rest = _STARS.split(path)
    parts = [_plain(first)]
    while rest:
        star, behind, *rest = rest
        if star == "**":
            parts.append(f".+{_plain(behind)}")
        elif rest:
            # Where what is behind it comes first will do, for what comes then takes any
            # rest; and so no other place is tried: that would take for ever.
            parts.append(f"(?>[^/]*?{_plain(behind)})")
        else:
            parts.append(f"[^/]*{_plain(behind)}")
    return re.compile("".join(parts), re.DOTALL)


def _plain(text: str) -> str:
    return "".join("[^/]" if each == "?" else re.escape(each) for each in text)
