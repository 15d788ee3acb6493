"""Tokens that stay away for the whole period: no window of it sees more than there are.

A bucket that fills bit by bit (`bucket`) lets its whole burst through, and then what has
grown back: in one unlucky period nearly twice its count. A platform that counts messages
per period takes that for too much. Here a token comes back exactly one period after it was
taken, so the rate holds in every window, wherever that begins.

Pure: time is an argument, and whole microseconds inside.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Sequence
from math import ceil
from typing import Final, Generic, TypeVar

from supervision.limits.bucket import TICKS, Pace, tick_at
from supervision.limits.values import heeded

MAX_KEYS: Final = 10_000
"""How many keys may have tokens out; one more waits until one of them has all back."""
GRAINS: Final = 1_000
"""Into how many parts a period is divided: tokens taken in one part come back together."""

K = TypeVar("K", bound=Hashable)


class _Taken:
    """Tokens that were taken one shortly after the other, and come back together."""

    __slots__ = ("back_at", "count", "first_at")

    def __init__(self, first_at: int, back_at: int) -> None:
        self.first_at = first_at
        self.back_at = back_at
        self.count = 1


class Tokens:
    """The tokens of one pace: `count` of them, each away for `seconds` once it is taken.

    All of them may go at once; the pace's `burst` says nothing here.
    """

    __slots__ = ("_away", "_free", "_grain", "span")

    def __init__(self, pace: Pace) -> None:
        self.span = round(pace.seconds * TICKS)
        self._free = pace.count
        # Late rather than early: tokens of one grain come back with the last of them.
        self._grain = self.span // GRAINS if pace.count > GRAINS else 0
        self._away: deque[_Taken] = deque()

    def wait(self, tick: int) -> int:
        """Return the microseconds from *tick* until one is there; 0 when one is."""
        away = self._away
        while away and away[0].back_at <= tick:
            self._free += away.popleft().count
        return 0 if self._free else away[0].back_at - tick

    def take(self, tick: int) -> None:
        """Take one; `wait` said that it is there."""
        self._free -= 1
        last = self._away[-1] if self._away else None
        if last is not None and tick - last.first_at <= self._grain:
            last.count += 1
            last.back_at = tick + self.span
        else:
            self._away.append(_Taken(tick, tick + self.span))


class _Key:
    """What one key has taken, and when all of it is back."""

    __slots__ = ("idle_at", "tokens")

    def __init__(self, paces: Sequence[Pace]) -> None:
        self.tokens = tuple(map(Tokens, paces))
        self.idle_at = 0


class Pacer(Generic[K]):
    """Paces that all keys share, and paces that each key has for itself.

    A key all of whose tokens are back is as good as one that was never seen, and is
    forgotten. Everything here costs the same however many keys there are.
    """

    def __init__(
        self,
        shared: Sequence[Pace] = (),
        each: Sequence[Pace] = (),
        *,
        some: Sequence[tuple[Callable[[K], bool], Pace]] = (),
        max_keys: int = MAX_KEYS,
    ) -> None:
        """Begin with all tokens there.

        Args:
            shared: Hold for all keys together.
            each: Hold for every key by itself.
            some: The same, for those keys only of which it is true.
            max_keys: So many are remembered; beyond, a new one waits for an old one.
        """
        self._shared = tuple(map(Tokens, shared))
        self._each = tuple(each)
        self._some = tuple(some)
        # Of all of them, so that keys come home in the order in which they were used.
        own = [*each, *(pace for _, pace in some)]
        self._longest = max((round(p.seconds * TICKS) for p in own), default=0)
        self._max_keys = max_keys
        # By last use: the front is the first of which all tokens are back.
        self._keys: OrderedDict[K, _Key] = OrderedDict()
        self._closed_until: int | None = None

    def __len__(self) -> int:
        return len(self._keys)

    def wait(self, now: float) -> float:
        """Return the seconds until some key may go on, by what all of them share."""
        if not self._shared and self._closed_until is None:
            return 0.0
        tick = tick_at(now)
        longest = 0
        if self._closed_until is not None:
            longest = max(0, self._closed_until - tick)
            if not longest:
                self._closed_until = None
        for tokens in self._shared:
            longest = max(longest, tokens.wait(tick))
        return longest / TICKS

    def take(self, key: K, now: float) -> float:
        """Take one token of everything for *key*, and return 0.0.

        Or take nothing, and return the seconds until it is worth asking again.
        """
        wait = self.wait(now)
        own = self._each or self._some
        if wait or not (own or self._shared):
            return wait
        # Rounded up: a token is never back before its period is over.
        taken_at = ceil(now * TICKS)
        if own:
            ticks = self._take_of(key, tick_at(now), taken_at)
            if ticks:
                return ticks / TICKS
        for tokens in self._shared:
            tokens.take(taken_at)
        return 0.0

    def close(self, now: float, seconds: float) -> None:
        """Let nothing through for so long, as the peer asked. Never shortens another."""
        until = tick_at(now) + ceil(heeded(seconds) * TICKS)
        self._closed_until = max(until, self._closed_until or until)

    def _take_of(self, key: K, tick: int, taken_at: int) -> int:
        """Take for *key*, or return the microseconds until that may be."""
        keys = self._keys
        # Two for each that comes: so they are fewer again after a rush.
        for _ in range(2):
            if keys and next(iter(keys.values())).idle_at <= tick:
                keys.popitem(last=False)
        mine = keys.get(key)
        if mine is None:
            if len(keys) >= self._max_keys:
                return next(iter(keys.values())).idle_at - tick
            mine = _Key(self._paces_of(key))
        longest = max((tokens.wait(tick) for tokens in mine.tokens), default=0)
        if longest:
            return longest
        for tokens in mine.tokens:
            tokens.take(taken_at)
        mine.idle_at = taken_at + self._longest
        keys[key] = mine
        keys.move_to_end(key)
        return 0

    def _paces_of(self, key: K) -> list[Pace]:
        return [*self._each, *(pace for holds, pace in self._some if holds(key))]
