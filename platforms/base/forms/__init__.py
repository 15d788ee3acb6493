"""A message becomes what a platform can carry: simpler, or in parts.

Here: words for what cannot be shown, markdown as plain text, parts of what is too long,
and which simpler form is tried after a refusal. Everything is pure. Not here: fetching a
picture (`platforms.media`), sending (`platforms.base.line`).

Read `fitting` first. Then by what you look for:

- where a long text is cut: `splitting`, with `fences` (code blocks) and `measuring` (how
  long a text is, as a platform counts)
- what takes the place of what cannot be shown: `words`, `markdown`, `tables`
- which form is tried next after a refusal: `ladder`
- an edit that is too long for one message: `shortening`
"""

from platforms.base.forms.fitting import (
    Body,
    Media,
    all_in_words,
    fit,
    instead,
    is_short,
    length_of,
    lost_in,
    pieces,
    split,
)
from platforms.base.forms.ladder import Rung, must_be_read, rungs
from platforms.base.forms.markdown import plain
from platforms.base.forms.measuring import measure
from platforms.base.forms.shortening import shortened
from platforms.base.forms.splitting import cut_text
from platforms.base.forms.words import in_words, told

__all__ = [
    "Body",
    "Media",
    "Rung",
    "all_in_words",
    "cut_text",
    "fit",
    "in_words",
    "instead",
    "is_short",
    "length_of",
    "lost_in",
    "measure",
    "must_be_read",
    "pieces",
    "plain",
    "rungs",
    "shortened",
    "split",
    "told",
]
