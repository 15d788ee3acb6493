"""Who came and who went: what a change of `m.room.member` means. Pure.

Source: Matrix specification v1.15, client-server API, "m.room.member": its table of
membership changes.

    before           now      sender      is
    join             leave    himself     left (leave)
    join             leave    another     left (kick)
    join             ban      another     left (ban)
    invite           join                 joined (invite)
    anything else    join                 joined (join)
    join             join                 a new name or picture
    whatever else                         nobody came or went
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from attrs import frozen

from platforms.matrix.wire.lenient import JsonObject, as_object, as_text


@frozen
class Change:
    """Somebody came or went."""

    verb: str
    """`joined` or `left`."""
    how: str
    """`join` or `invite`; `leave`, `kick` or `ban`."""


def membership_of(event: JsonObject) -> Change | None:
    """Return who came or went by *event*; `None`: nobody did."""
    now = as_text(as_object(event.get("content")).get("membership"))
    unsigned = as_object(event.get("unsigned"))
    was = as_text(as_object(unsigned.get("prev_content")).get("membership"))
    match was, now:
        case "", "join" if "replaces_state" in unsigned:
            return (
                None  # a server that does not tell what was before: rather a new name
            )
        case "join", "join":
            return None
        case "invite", "join":
            return Change("joined", "invite")
        case _, "join":
            return Change("joined", "join")
        case "join", "leave":
            left = event.get("sender") == event.get("state_key")
            return Change("left", "leave" if left else "kick")
        case "join", "ban":
            return Change("left", "ban")
        case _:
            return None


def while_present(
    events: Sequence[JsonObject], us: str
) -> Iterable[tuple[JsonObject, bool]]:
    """Return *events*, and whether we were in the room; our own coming and going count.

    Where we come before we go, we had not been there at first.
    """
    if us not in [event.get("state_key") for event in events]:  # nearly always
        return [(event, True) for event in events]
    return _between(events, us)


def _between(
    events: Sequence[JsonObject], us: str
) -> Iterator[tuple[JsonObject, bool]]:
    changes = [change for event in events if (change := _of_us(event, us))]
    present = not changes or changes[0].verb == "left"
    for event in events:
        change = _of_us(event, us)
        yield event, present or change is not None
        if change is not None:
            present = change.verb == "joined"


def _of_us(event: JsonObject, us: str) -> Change | None:
    if event.get("type") != "m.room.member" or event.get("state_key") != us:
        return None
    return membership_of(event)
