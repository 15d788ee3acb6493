"""In which forms a body is tried, the best first. Pure.

The next form is tried only after a definite refusal of the one before: see `line`.
"""

from __future__ import annotations

from enum import Enum

from actors.messages import Mention, Raw, Reply, Segment, Text
from platforms.base.caps import Caps, MediaForm
from platforms.base.forms.fitting import Body, Media
from platforms.base.forms.words import is_link


class Rung(Enum):
    """One form of a body."""

    LINKED = "linked"
    """Media by URL stay URLs: the platform fetches them."""
    UPLOADED = "uploaded"
    """Media by URL are fetched by us and handed over as bytes."""
    WORDS = "words"
    """Everything in words."""


def rungs(body: Body, caps: Caps) -> tuple[Rung, ...]:
    """Return the forms in which *body*, which was fitted to *caps*, is tried."""
    linked = any(isinstance(part, Media) and is_link(part.source) for part in body)
    rich = any(_has_simpler_form(part) for part in body)
    found: list[Rung] = []
    if linked:
        by_form = {MediaForm.URL: Rung.LINKED, MediaForm.BYTES: Rung.UPLOADED}
        found += [by_form[form] for form in caps.media]
    else:
        found.append(Rung.LINKED)
    if rich:
        found.append(Rung.WORDS)
    return tuple(found)


def must_be_read(part: Segment, rung: Rung) -> bool:
    """Say whether the host reads the bytes of *part* before the platform gets it."""
    if not isinstance(part, Media):
        return False
    if isinstance(part.source, str):
        # Any other text is a name of the platform's own, and means something there only.
        return rung is Rung.UPLOADED and is_link(part.source)
    # Bytes are checked for their size; a path means nothing to the peer, so it is read.
    return True


def _has_simpler_form(part: Segment) -> bool:
    # Without a reply mark or a mention it would be the same text again, and words cannot
    # tell what `Raw` means: only this platform knows.
    return not isinstance(part, Text | Raw | Reply | Mention)
