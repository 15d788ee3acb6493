"""What holds in every tree, whatever fails in it: pure functions over a log.

A law is a function: it takes what is known so far and the next event, and says what is
wrong with that event, if anything. Its docstring is the law. `broken_by` asks them all over
a whole log; `log.Log` asks them while a tree runs. They are written from the documentation,
not from the code that they judge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from attrs import frozen

from actors.kernel import LifeBegan, LifeEnded, LifeUp, NeedsOperator
from rookery.testing.census import Census, Reign, above, clean, join
from supervision import (
    DYNAMIC,
    EQUAL,
    FULL,
    ONE_FOR_ALL,
    PERMANENT,
    TEMPORARY,
    TRANSIENT,
    Supervisor,
    events,
)

Law: TypeAlias = Callable[[Census, float, object], Iterator[str]]

HAIR = 1e-6
"""Seconds by which a timer may seem early, since sums of floats are not exact."""


@frozen
class Broken:
    """A law that was broken, when, and how."""

    law: str
    at: float
    what: str

    def __str__(self) -> str:
        return f"{self.law} at {self.at:.6f} s: {self.what}"


def broken_by(root: Supervisor, log: Iterable[tuple[float, object]]) -> list[Broken]:
    """Return what is wrong with *log*, the events of a tree with *root* from its start."""
    census = Census(root)
    found = []
    for at, event in log:
        for law in LAWS:
            found += [Broken(law.__name__, at, what) for what in law(census, at, event)]
        census.note(at, event)
    return found


# --- lives ----------------------------------------------------------------------------


def one_life_at_a_time(census: Census, at: float, event: object) -> Iterator[str]:
    """A child has at most one live incarnation; it comes up and ends once."""
    match event:
        case LifeBegan(path, number):
            if path in census.lives:
                yield f"{path}#{number} begins while #{census.lives[path]} lives"
        case LifeUp(path, number) | LifeEnded(path, number):
            if census.lives.get(path) != number:
                yield f"{path}#{number} does not live, and yet: {type(event).__name__}"
        case _:
            pass


def nobody_lives_without_a_supervisor(
    census: Census, at: float, event: object
) -> Iterator[str]:
    """A life begins under a living supervisor, and ends before it does."""
    match event:
        case LifeBegan(path, number):
            if path != "/" and above(path) not in census.lives:
                yield f"{path}#{number} begins, and its supervisor does not live"
        case LifeEnded(path, number):
            for left in census.below(path):
                yield f"{path}#{number} ends, and {left} lives"
        case _:
            pass


def exits_are_told_as_they_were(
    census: Census, at: float, event: object
) -> Iterator[str]:
    """What a supervisor takes for a child's end is the end that it had."""
    match event:
        case events.Decided(path, events.ChildEnded(child, number, reason)):
            ended = census.ended.get(join(path, child))
            if ended != (number, reason):
                yield f"{path} heard of {child}#{number} ({reason}); it was {ended}"
        case _:
            pass


# --- stopping -------------------------------------------------------------------------


def nothing_starts_after_the_end(
    census: Census, at: float, event: object
) -> Iterator[str]:
    """Who gives up or ends starts nobody any more."""
    for path, reign, start in _starts(census, event):
        if reign.leaving or reign.over:
            yield f"{path} starts {start.child} although it ends"


def exit_only_when_all_are_down(
    census: Census, at: float, event: object
) -> Iterator[str]:
    """A supervisor ends after everybody below it."""
    match event:
        case events.Decided(path, events.Exit() | events.BootFailed()):
            for left in census.below(path):
                yield f"{path} ends, and {left} lives"
        case _:
            pass


def stops_go_in_reverse(census: Census, at: float, event: object) -> Iterator[str]:
    """The last started stops first, and one at a time."""
    match event:
        case events.Decided(path, events.Halt(child)):
            reign = census.reigns[path]
            if not reign.halted:
                return
            before = reign.halted[-1]
            if before not in reign.after(child) and before in reign.children:
                yield f"{path} halts {before} before {child}, which started later"
            if join(path, before) in census.lives:
                yield f"{path} halts {child} while {before} still leaves"
        case events.Decided(path, events.HaltAll()):
            if census.reigns[path].flags.strategy is not DYNAMIC:
                yield f"{path} halts all at once, and is not dynamic"
        case _:
            pass


# --- restarting -----------------------------------------------------------------------


def restarts_are_those_of_the_type(
    census: Census, at: float, event: object
) -> Iterator[str]:
    """Permanent: always. Transient: after a failure. Temporary: never."""
    match event:
        case events.Decided(path, events.ChildEnded(child, _, reason, restarts)):
            kind = census.reigns[path].children[child].restart
            meant = kind is PERMANENT or (kind is TRANSIENT and not clean(reason))
            meant = meant and not isinstance(reason, NeedsOperator)
            if restarts is not meant:
                does = "restarts" if restarts else "does not restart"
                yield f"{path} {does} {kind.value} {child} after {reason}"
        case events.Decided(path, events.Rest(child, reason)):
            kind = census.reigns[path].children[child].restart
            if kind is TEMPORARY and not isinstance(reason, NeedsOperator):
                yield f"{path} keeps temporary {child} after {reason}"
        case _:
            pass
    for path, reign, start in _starts(census, event):
        # One that needed an operator at its first start rests, for a person to start.
        again = start.child in reign.children and start.child not in reign.resting
        if start.spec.restart is TEMPORARY and again:
            yield f"{path} starts temporary {start.child} once more"


def siblings_are_left_alone(census: Census, at: float, event: object) -> Iterator[str]:
    """One for one: nobody is stopped for another. Else: who shares its fate is down first."""
    for path, reign, start in _starts(census, event):
        if reign.alone and reign.halted:
            yield f"{path} halts {reign.halted[-1]} and starts {start.child}"
        yield from _group_is_down(census, path, reign)
    match event:
        case events.Decided(path, events.SetTimer()):
            yield from _group_is_down(census, path, census.reigns[path])
        case _:
            pass


def _group_is_down(census: Census, path: str, reign: Reign) -> Iterator[str]:
    if not reign.restarting or reign.alone:
        return
    group = list(reign.children)
    if reign.flags.strategy is not ONE_FOR_ALL:
        group = reign.after(reign.restarting)
    for child in group:
        if join(path, child) in census.lives:
            yield f"{path} restarts for {reign.restarting}, and {child} still lives"


def the_window_is_never_exceeded(
    census: Census, at: float, event: object
) -> Iterator[str]:
    """More failures than the window allows end a supervisor; fewer do not."""
    for path, reign, start in _starts(census, event):
        retries = start.child in reign.retrying and reign.alone
        count, most = reign.recent(at) + retries, reign.flags.max_restarts
        if count > most:
            yield f"{path} restarts after {count} failures within its window of {most}"
    match event:
        case events.Decided(path, events.GaveUp() as note):
            yield from _gave_up(census.reigns[path], at, path, note)
        case _:
            pass


def _gave_up(reign: Reign, at: float, path: str, note: events.GaveUp) -> Iterator[str]:
    child, failures = note.child, note.failures
    backoff = reign.children[child].backoff
    limit: object = reign.flags.max_restarts
    if note.breaker == "give_up":
        limit = backoff.give_up if backoff is not None else None
    elif reign.alone:
        counted = reign.recent(at) + (child in reign.retrying)
        if counted != failures:
            yield f"{path} gives up over {failures} failures; it had {counted}"
    if not isinstance(limit, int) or failures <= limit:
        yield f"{path} gives up over {failures} failures of {child} ({note.breaker})"


# --- sleeping -------------------------------------------------------------------------


def delays_are_in_bounds(census: Census, at: float, event: object) -> Iterator[str]:
    """A sleep is as long as the backoff says for that streak; a streak grows by one."""
    match event:
        case events.Decided(path, events.SetTimer(child, _, seconds, streak)):
            reign = census.reigns[path]
            low, high = _bounds(reign, child, streak)
            if not low - HAIR <= seconds <= high + HAIR:
                yield f"{path}/{child} sleeps {seconds} s, not {low} to {high}"
            backoff = reign.children[child].backoff
            limit = backoff.give_up if backoff is not None else None
            if isinstance(limit, int) and streak > limit:
                yield f"{path}/{child} tries again after {streak} failures of {limit}"
            before = 0 if child in reign.stable else reign.streaks.get(child, 0)
            if reign.alone and streak != before + 1:
                yield f"{path}/{child} is at failure {streak} in a row after {before}"
        case _:
            pass


def _bounds(reign: Reign, child: str, streak: int) -> tuple[float, float]:
    if not reign.alone:
        # Two failures of a group become one sleep, as long as the longer one.
        caps = [s.backoff.cap for s in reign.children.values() if s.backoff is not None]
        return 0.0, max(caps, default=0.0)
    backoff = reign.children[child].backoff
    if backoff is None:
        return 0.0, 0.0
    high = min(backoff.cap, backoff.first * backoff.factor ** min(streak - 1, 1000))
    low = 0.0 if backoff.jitter is FULL else high
    if backoff.jitter is EQUAL:
        low = high / 2
    if child in reign.clean:
        low = max(low, backoff.first)
    return low, high


def sleep_is_not_cut_short(census: Census, at: float, event: object) -> Iterator[str]:
    """Who sleeps is started when its time has come, and not before."""
    for path, reign, start in _starts(census, event):
        _, until = reign.asleep.get(start.child, (0, at))
        if at < until - HAIR:
            yield f"{path} starts {start.child} {until - at} s before its time"


def _starts(census: Census, event: object) -> Iterator[tuple[str, Reign, events.Start]]:
    match event:
        case events.Decided(path, events.Start() as start):
            yield path, census.reigns[path], start
        case _:
            pass


LAWS: tuple[Law, ...] = (
    one_life_at_a_time,
    nobody_lives_without_a_supervisor,
    exits_are_told_as_they_were,
    nothing_starts_after_the_end,
    exit_only_when_all_are_down,
    stops_go_in_reverse,
    restarts_are_those_of_the_type,
    siblings_are_left_alone,
    the_window_is_never_exceeded,
    delays_are_in_bounds,
    sleep_is_not_cut_short,
)


# --- in a quiet moment ----------------------------------------------------------------


def lost(census: Census, now: float) -> Iterator[str]:
    """Say who is neither up, nor waiting for its time, nor resting: nobody, when all is quiet."""
    for path, reign in census.reigns.items():
        if path not in census.lives or reign.over:
            continue
        for child in reign.children:
            _, until = reign.asleep.get(child, (0, -1.0))
            if (
                join(path, child) not in census.lives
                and child not in reign.resting
                and until < now
            ):
                yield f"{path} has lost {child}"
