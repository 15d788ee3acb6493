"""As much of a body as one message can hold: an edit cannot be said in parts. Pure."""

from __future__ import annotations

from attrs import evolve

from actors.messages import Text
from platforms.base.caps import Caps
from platforms.base.forms.fitting import Body, fit, is_short, pieces
from platforms.base.forms.measuring import measure

MORE = "\n…"


def shortened(body: Body, caps: Caps) -> tuple[Body, str]:
    """Return *body*, or its beginning where that is too long, and what was lost then.

    Cut where a message would be cut into parts. One that would take too many parts stays
    as it is: `is_short` is false of it.
    """
    fitted = fit(body, caps)
    if is_short(fitted, caps):
        return body, ""
    assert caps.text_limit is not None
    first = next(pieces(fitted, caps), None)
    if first is None:
        return body, ""
    room = caps.text_limit - measure(MORE, caps.unit)
    if room > 0:
        for less in pieces(fitted, evolve(caps, text_limit=room)):
            marked = (*less, Text(MORE))
            first = marked if is_short(marked, caps) else first
            break
    return first, f"cut to {caps.text_limit} {caps.unit.value}"
