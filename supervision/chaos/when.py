"""When a fault fires: a few conditions, and the pure judgement of one moment."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from supervision.chaos.wrongs import Wrong, is_seconds, is_whole


@frozen(kw_only=True)
class When:
    """All that is given must hold; with nothing given, it fires each time.

    A *time* is a moment that the fault's point, path and message fit, within `between`.
    Times are counted for the whole fault, however many actors its path means.
    """

    nth: int | None = None
    """Only this time, counted from 1."""
    times: int | None = None
    """At most so often: alone, the first so many times."""
    every: int | None = None
    """Only each time that this number divides."""
    p: float | None = None
    """With this chance, above 0 and at most 1."""
    between: tuple[float, float] | None = None
    """Only from the one to before the other, in seconds since the plan began."""
    after: int = 0
    """Not the first so many times; what is counted above begins behind them."""

    def wrongs(self) -> Iterator[Wrong]:
        """Yield what is wrong with these conditions."""
        for field in ("nth", "times", "every"):
            value = getattr(self, field)
            if value is not None and (not is_whole(value) or value < 1):
                yield Wrong(field, "must be a whole number from 1", value)
        if not is_whole(self.after) or self.after < 0:
            yield Wrong("after", "must be a whole number from 0", self.after)
        if self.p is not None and (not is_seconds(self.p) or self.p > 1):
            yield Wrong("p", "must be a chance above 0 and at most 1", self.p)
        if self.between is not None and not _is_span(self.between):
            must = "must be two numbers of seconds, 0 <= from < to"
            yield Wrong("between", must, list(self.between))
        if self.nth is not None:
            for field in ("times", "every", "p"):
                if getattr(self, field) is not None:
                    must = "must be nothing beside nth, which is one time only"
                    yield Wrong(field, must, getattr(self, field))


ALWAYS = When()


@frozen
class Tally:
    """How often a fault's time has come, and how often it fired."""

    seen: int = 0
    fired: int = 0


def judge(when: When, tally: Tally, at: float, u: float) -> tuple[Tally, bool]:
    """Return the tally after one more moment, and whether the fault fires now.

    Args:
        when: the fault's conditions.
        tally: what the last call returned, or a new `Tally`.
        at: seconds since the plan began.
        u: a random number, 0 <= u < 1.
    """
    if when.between is not None and not when.between[0] <= at < when.between[1]:
        return tally, False
    seen = tally.seen + 1
    fires = _is_due(when, seen - when.after, tally.fired, u)
    return Tally(seen, tally.fired + fires), fires


def _is_due(when: When, time: int, fired: int, u: float) -> bool:
    if time < 1:
        return False
    if when.nth is not None:
        return time == when.nth
    if when.times is not None and fired >= when.times:
        return False
    if when.every is not None and time % when.every:
        return False
    return when.p is None or u < when.p


def _is_span(between: tuple[object, ...]) -> bool:
    if len(between) != 2:
        return False
    low, high = between
    return (low == 0 or is_seconds(low)) and is_seconds(high) and low < high  # type: ignore[operator]  # both are numbers
