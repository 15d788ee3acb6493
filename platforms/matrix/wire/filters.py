"""What is asked of a homeserver: targets, with their filters. Pure.

Source: Matrix specification v1.15, client-server API, "Filtering". A filter stands in
the query itself; so nothing has to be kept on the server.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode

import msgspec

TIMELINE_EVENTS: Final = 20
"""Of each room in one answer; what is more is a gap, which is filled."""
PAGE_EVENTS: Final = 100

_MEMBERS: Final[Mapping[str, object]] = {
    "lazy_load_members": True,
    "include_redundant_members": True,
}
_NOTHING: Final[Mapping[str, object]] = {"types": []}


def _filter(timeline: Mapping[str, object], state: Mapping[str, object]) -> str:
    return msgspec.json.encode(
        {
            "room": {
                "timeline": timeline,
                "state": state,
                "ephemeral": _NOTHING,
                "account_data": _NOTHING,
            },
            "presence": _NOTHING,
            "account_data": {"types": ["m.direct"]},
        }
    ).decode()


# Names come with each answer, so that none has to be remembered from an earlier one.
_EVENTS: Final = _filter({"limit": TIMELINE_EVENTS, **_MEMBERS}, _MEMBERS)
_FEWER: Final = _filter({"limit": 1, **_MEMBERS}, _MEMBERS)
_TOKEN_ONLY: Final = _filter({"limit": 1, **_NOTHING}, _NOTHING)
_PAGE: Final = msgspec.json.encode(_MEMBERS).decode()


def first_sync() -> str:
    """Return the target that says where we are, and nothing of what was."""
    return f"/_matrix/client/v3/sync?{urlencode({'timeout': 0, 'filter': _TOKEN_ONLY})}"


def sync(since: str, hold_seconds: float, *, fewer: bool = False) -> str:
    """Return the target that says what is new since *since*.

    Args:
        since: A `next_batch`.
        hold_seconds: How long the server may wait for something new.
        fewer: As little of each room as can be: the rest is asked for in pages.
    """
    asked = {
        "since": since,
        "timeout": round(hold_seconds * 1000),
        "filter": _FEWER if fewer else _EVENTS,
    }
    return f"/_matrix/client/v3/sync?{urlencode(asked)}"


def page(room: str, begin: str, end: str) -> str:
    """Return the target of the events of *room* from *begin* back to *end*."""
    asked = {
        "dir": "b",
        "from": begin,
        "to": end,
        "limit": PAGE_EVENTS,
        "filter": _PAGE,
    }
    return (
        f"/_matrix/client/v3/rooms/{quote(room, safe='')}/messages?{urlencode(asked)}"
    )
