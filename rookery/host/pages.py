"""Pages of the outbox and of the shelf: what is asked for, and what is answered. Pure.

The same whether a host answers or the file is read without one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeAlias

from actors.journal import (
    OPEN_OUTBOUND,
    Kind,
    Letter,
    Place,
    Said,
    Sought,
    place_of,
)
from actors.messages import DEAD_INBOUND, DEAD_OUTBOUND, OutboundState
from rookery.control import ListOutbox
from rookery.host.showing import DIRECTIONS, MAIL, RANKS, letter_row, said_row

Counts: TypeAlias = Mapping[tuple[int, str], int]
Row: TypeAlias = Mapping[str, object]


def sought_of(request: ListOutbox) -> Sought:
    """Return what to look for: one more than is shown tells whether there is more."""
    return Sought(
        states=tuple(map(OutboundState, request.states)) or OPEN_OUTBOUND,
        platform=request.platform,
        account=request.account,
        after=request.after,
        limit=request.limit + 1,
    )


def outbox_page(rows: Sequence[Said], limit: int) -> dict[str, object]:
    """Return a page of the outbox."""
    shown = rows[:limit]
    more = len(rows) > len(shown)
    return {
        "messages": list(map(said_row, shown)),
        "next": shown[-1].seq if more else None,
    }


def letters_page(
    letters: Iterable[Letter],
    mail: Iterable[tuple[Place, Row]],
    limit: int,
    counts: Row,
) -> dict[str, object]:
    """Return a page of the shelf: what the journal has on it, and mail."""
    found = [(place_of(letter), letter_row(letter)) for letter in letters]
    found += [(place, dict(row)) for place, row in mail]
    found.sort(key=lambda pair: pair[0], reverse=True)
    shown = found[:limit]
    more = len(found) > len(shown)
    return {
        "dead_letters": [row for _, row in shown],
        "next": token(shown[-1][0]) if more else None,
        "counts": counts,
    }


def counted(shelf: Counts, mail: int | None) -> dict[str, object]:
    """Return how many dead letters there are; *mail* is known to a running host only."""
    by_direction: dict[str, dict[str, int]] = {"inbound": {}, "outbound": {}}
    for (rank, state), n in sorted(shelf.items()):
        by_direction[DIRECTIONS[rank]][state] = n
    return {**by_direction, MAIL: mail}


def parsed_id(text: str) -> tuple[int, int]:
    """Return rank and number of a dead letter.

    Raises:
        ValueError: it is no id; the message says what one looks like.
    """
    word, _, number = text.partition("-")
    if word in RANKS and number.isascii() and number.isdigit() and len(number) < 19:
        return RANKS.index(word), int(number)
    msg = f"a dead letter must be named as in the list, such as in-12 or out-34 (got {text!r})"
    raise ValueError(msg)


def token(place: Place) -> str:
    """Return what stands for a place in `next`."""
    return f"{place.at!r}/{RANKS[place.rank]}-{place.seq}"


def parsed_token(text: str) -> Place | None:
    """Return the place that *text* stands for; `None` for an empty one.

    Raises:
        ValueError: it stands for none.
    """
    if not text:
        return None
    at, _, name = text.partition("/")
    try:
        return Place(float(at), *parsed_id(name))
    except ValueError:
        msg = f"a page must begin behind the `next` of the page before (got {text!r})"
        raise ValueError(msg) from None


def kinds_meant(words: Collection[str]) -> tuple[list[Kind], bool]:
    """Return the states that *words* mean, and whether mail is among them. None: all."""
    every: list[Kind] = [*sorted(DEAD_INBOUND), *sorted(DEAD_OUTBOUND)]
    meant = [kind for kind in every if not words or kind.value in words]
    return meant, not words or MAIL in words
