"""How often somebody may: `"5/min per user"`. Pure; the clock is an argument.

A window opens with the first use and lasts one unit; in it, `count` uses are
allowed, and the first one beyond them is told so. Then a new window opens. A key
costs a few numbers whatever its rate is, and only so many keys are remembered.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

from attrs import define, frozen

from actors.bots.errors import BotMistake
from actors.messages import Rate, read_rate

MAX_KEYS = 10_000
"""Users or chats remembered per handler; the one idle for longest is forgotten."""


def parse_rate(text: object) -> Rate:
    """Read `COUNT/UNIT [per user|per chat]`.

    Raises:
        BotMistake: *text* is no rate; the message says what one looks like.
    """
    rate = read_rate(text)
    if rate is None:
        msg = (
            "a rate must look like COUNT/UNIT, with UNIT s, min, h or day and "
            f"`per user` or `per chat` after it if you like, such as '5/min per user' (got {text!r})"
        )
        raise BotMistake(msg)
    return rate


@frozen
class TooMany:
    """Refused: try again in `again_in` seconds. `first` is true once per window."""

    again_in: float
    first: bool


@define
class _Window:
    closes_at: float
    left: int
    told: bool = False


class Windows:
    """The open windows of one rate, one for each key (a user, a chat, or all)."""

    def __init__(self, rate: Rate, *, max_keys: int = MAX_KEYS) -> None:
        self._rate = rate
        self._max_keys = max_keys
        # Ordered by last use: the front is what may be forgotten first.
        self._open: OrderedDict[Hashable, _Window] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open)

    def take(self, key: Hashable, now: float) -> TooMany | None:
        """Spend one of *key*'s allowance at *now* (monotonic seconds).

        `None` if there was one left, else when there will be.
        """
        window = self._open.get(key)
        if window is None or now >= window.closes_at:
            window = _Window(now + self._rate.seconds, self._rate.count)
            self._open[key] = window
        self._open.move_to_end(key)
        if len(self._open) > self._max_keys:
            self._open.popitem(last=False)
        if window.left:
            window.left -= 1
            return None
        first, window.told = not window.told, True
        return TooMany(window.closes_at - now, first)
