"""How fast a platform may be spoken to: `"1/s per chat"`, and what keeps that. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from attrs import evolve, frozen

from actors.messages import ChatKind, Rate, Scope, read_rate
from supervision.limits import Pace, Pacer

_PER_GROUP: Final = " per group"


@frozen
class BadRate(ValueError):
    """The author of a platform has written something that is no rate."""

    got: object

    def __str__(self) -> str:
        return (
            "a platform's rate must look like COUNT/UNIT, with UNIT s, min, h or day, and "
            "`per chat` after it where each chat has its own (`per group`: each that is "
            "not private), such as '1/s per chat' "
            f"(got {self.got!r})"
        )


def parse_rates(given: str | Rate | Sequence[str | Rate]) -> tuple[Rate, ...]:
    """Read one rate or several; all of them hold.

    A `Rate` itself may stand for a text, where no unit fits: `Rate(4, 8.0)`.

    Raises:
        BadRate: one of them is no rate, or is per user: no platform counts those we write to.
    """
    rates = (given,) if isinstance(given, str | Rate) else given
    return tuple(map(_parsed, rates))


def _read(text: str) -> Rate | None:
    if not text.endswith(_PER_GROUP):
        return read_rate(text)
    rate = read_rate(text.removesuffix(_PER_GROUP))
    if rate is None or rate.per is not Scope.ALL:
        return None
    return evolve(rate, per=Scope.GROUP)


def _parsed(given: str | Rate) -> Rate:
    rate = given if isinstance(given, Rate) else _read(given)
    if rate is None or rate.per is Scope.USER:
        raise BadRate(given)
    return rate


def pacer_of(rates: Iterable[Rate]) -> Pacer[tuple[str, str]]:
    """Return what keeps *rates* for one account: by chat where they are per chat or group."""
    paces = [(rate.per, Pace(rate.count, rate.seconds)) for rate in rates]
    return Pacer(
        shared=[pace for per, pace in paces if per is Scope.ALL],
        each=[pace for per, pace in paces if per is Scope.CHAT],
        some=[(_is_group, pace) for per, pace in paces if per is Scope.GROUP],
    )


def _is_group(chat: tuple[str, str]) -> bool:
    return chat[0] != ChatKind.PRIVATE
