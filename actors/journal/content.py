"""What tells one message from another once the message itself is gone. Pure."""

from __future__ import annotations

from hashlib import blake2b
from typing import TypeAlias

from actors.messages import Outbound, Segment, Text

SHORT_TEXT = 1024

Content: TypeAlias = tuple[Segment, ...] | bytes
"""A body of short texts stands for itself; of anything else this is a digest."""


def content_of(out: Outbound) -> Content:
    """Return something small that is equal for two messages which say and do the same."""
    body, change = out.body, out.change
    short = (isinstance(part, Text) and len(part.text) <= SHORT_TEXT for part in body)
    if (
        change is None and body and all(short)
    ):  # an empty body would look like `b""`: not known
        return body
    digest = blake2b(digest_size=16)
    if change is not None:
        digest.update(repr(change).encode("utf-8", "surrogatepass"))
    for part in body:
        digest.update(repr(part).encode("utf-8", "surrogatepass"))
        source = getattr(part, "source", None)
        if isinstance(source, bytes):  # its repr only tells how long it is
            digest.update(source)
    return digest.digest()
