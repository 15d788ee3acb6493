"""As much of a body as one message can hold, since an edit cannot be in parts. Pure."""

from __future__ import annotations

from attrs import evolve

from actors.messages import Text
from platforms.base.caps import Caps
from platforms.base.forms.fitting import Body, fit, is_short, pieces
from platforms.base.forms.measuring import measure

CUT = "cut to one message"


def shortened(body: Body, caps: Caps) -> tuple[Body, str]:
    """Return *body*, or its beginning where that is too long, and what was lost then.

    Cut where a message would be cut into parts. One that would take too many parts stays
    as it is: `is_short` is false of it.
    """
    fitted = fit(body, caps)
    if is_short(fitted, caps):
        return body, ""
    more = " …" if caps.one_line else "\n…"
    for less in pieces(fitted, _with_room(caps, measure(more, caps.unit))):
        marked = (*less, Text(more))
        if is_short(marked, caps):
            return marked, CUT
        break
    first = next(pieces(fitted, caps), None)
    return (body, "") if first is None else (first, CUT)


def _with_room(caps: Caps, room: int) -> Caps:
    """Return *caps* with room left in each message, where there is any."""
    text, caption = caps.text_limit, caps.caption_limit
    return evolve(
        caps,
        text_limit=text if text is None or text <= room else text - room,
        caption_limit=None if caption is None else max(0, caption - room),
    )
