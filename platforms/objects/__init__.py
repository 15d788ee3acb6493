"""JSON as it comes in from a stranger: bounded, or refused. Pure.

Here: text becomes values, of a frame (`object_of`) or of an answer that holds the news of
many (`read_json`). Not here: what they mean, which is the wire of each platform, and
writing. Everything is in `reading`.
"""

from platforms.objects.reading import (
    KEPT_NESTING,
    MAX_NESTING,
    NoObject,
    deeper_than,
    object_of,
    read_json,
)

__all__ = [
    "KEPT_NESTING",
    "MAX_NESTING",
    "NoObject",
    "deeper_than",
    "object_of",
    "read_json",
]
