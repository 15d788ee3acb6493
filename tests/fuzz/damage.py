"""JSON with something wrong inside, still JSON. Pure.

Bytes changed at random are refused by the reader of JSON before a codec sees them.
"""

from __future__ import annotations

from random import Random
from typing import Any, Final, TypeAlias

Json: TypeAlias = object

ODD: Final[tuple[Json, ...]] = (
    None, True, False, 0, -1, 1, 2**31, 2**53, 2**63, -(2**63), 2**64, 10**30, 0.5, -0.0, 1e300,
    "", "0", "-1", "all", " ", "\x00", "\n", "\u202e", "\ud83d", "\U0001f44d\u200d", "[CQ:at,qq=all]",
    "a" * 5000, "1" * 5000, "<b>" * 200, "\U0001f44d" * 300,
    [], {}, [[]], [{}], {"": None}, {"type": "text", "data": {}},
)  # fmt: skip
"""Where codecs go wrong: limits, other types, halves of characters."""
LARGE: Final = 300
"""So many things are not multiplied."""


def damaged(value: Json, random: Random) -> Json:
    """Return *value* with one thing in it changed, removed, doubled or moved."""
    places = list(_places(value))
    if not places:
        return _copy(random.choice(ODD))
    holder, key = random.choice(places)
    what = random.randrange(6)
    if what == 0:
        del holder[key]
    elif what == 1:
        holder[key] = _copy(random.choice(ODD))
    elif what == 2:
        other, name = random.choice(places)
        holder[key] = _copy(other[name])
    elif what == 3:
        holder[key] = _near(holder[key], random)
    elif what == 4:
        times = random.choice((1, 2, 70)) if len(places) < LARGE else 1
        holder[key] = [_copy(holder[key]) for _ in range(times)]
    elif isinstance(holder, dict):
        holder[str(random.choice(places)[1])] = holder.pop(key)
    else:
        holder.insert(random.randrange(len(holder)), _copy(holder[key]))
    return value


def _near(value: Json, random: Random) -> Json:
    """Return another value of the same type, where that means something."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + random.choice((-1, 1, 2**31, -(2**31), -2 * value))
    if isinstance(value, str):
        at = random.randrange(len(value) + 1)
        odd = random.choice([one for one in ODD if isinstance(one, str)])
        return value[:at] + odd + value[at + random.randrange(3) :]
    return str(value)


def _places(value: Json) -> list[tuple[Any, Any]]:
    """Return where something stands: (holder, key), outer ones first."""
    found: list[tuple[Any, Any]] = []
    level = [value]
    while level:
        inner: list[Json] = []
        for holder in level:
            if isinstance(holder, dict):
                found += [(holder, key) for key in holder]
                inner += holder.values()
            elif isinstance(holder, list):
                found += [(holder, index) for index in range(len(holder))]
                inner += holder
        level = inner
    return found


def _copy(value: Json) -> Json:
    if isinstance(value, dict):
        return {key: _copy(inner) for key, inner in value.items()}
    return [_copy(inner) for inner in value] if isinstance(value, list) else value
