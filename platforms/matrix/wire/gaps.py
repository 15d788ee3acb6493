"""A gap in what one room has told, and how it is filled. Pure.

From where the timeline begins we go back, page by page, until one of these:

    the last sync    the server has nothing more down to that token
    too much         a bound, so that a room that was busy for weeks holds up no other
"""

from __future__ import annotations

from typing import Final

from attrs import evolve, frozen

from platforms.matrix.wire import filters
from platforms.matrix.wire.lenient import JsonObject, as_text
from platforms.matrix.wire.sync import Page, Timeline

MAX_EVENTS: Final = 2_000
"""Of one room and gap; what is older is given up, counted and logged."""
MAX_PAGES: Final = 60
"""The same, for a server whose pages are short, or empty."""


@frozen
class Gap:
    """What of one room is missing, as far as it was found."""

    room: str
    since: str
    """The token of the last sync: it was told up to here."""
    begin: str
    """Where the next page begins; empty where none is needed."""
    found: tuple[JsonObject, ...] = ()
    """Newest first."""
    state: tuple[JsonObject, ...] = ()
    pages: int = 0
    cut: bool = False
    """There is more than we want."""

    @property
    def target(self) -> str:
        """What to ask for next; empty where the gap is filled, or given up."""
        return filters.page(self.room, self.begin, self.since) if self.begin else ""

    def filled(self) -> tuple[JsonObject, ...]:
        """Return what was found, oldest first."""
        return self.found[::-1]


def gap_in(timeline: Timeline, since: str) -> Gap | None:
    """Return the gap before *timeline*; `None` if there is none."""
    if not (timeline.limited and timeline.prev_batch and since):
        return None
    return Gap(timeline.room, since, timeline.prev_batch)


def with_page(gap: Gap, page: Page, timeline: Timeline) -> Gap:
    """Return *gap* with one more page of it."""
    known = {as_text(e.get("event_id")) for e in (*timeline.events, *gap.found)}
    found = [
        *gap.found,
        *(e for e in page.events if as_text(e.get("event_id")) not in known),
    ]
    end = "" if page.end == gap.begin else page.end
    pages = gap.pages + 1
    cut = bool(end) and (len(found) >= MAX_EVENTS or pages >= MAX_PAGES)
    return evolve(
        gap,
        begin="" if cut else end,
        found=tuple(found[:MAX_EVENTS]),
        state=(*gap.state, *page.state),
        pages=pages,
        cut=cut,
    )
