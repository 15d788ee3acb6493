"""Rings: who waits for a turn, in order, and may leave from anywhere. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar, cast


class Link:
    """What may stand in a ring, but in only one at a time."""

    __slots__ = ("after", "before")

    before: Link
    after: Link


_NOBODY = Link()

L = TypeVar("L", bound=Link)


class Ring(Generic[L]):
    """First in, first out; every call costs the same however many stand in it.

    The links are in the members themselves. A deque is quick at both ends only, and a
    dict slow at its front once much was taken from there.
    """

    __slots__ = ("_ends",)

    def __init__(self) -> None:
        ends = self._ends = Link()
        ends.before = ends.after = ends

    def __bool__(self) -> bool:
        return self._ends.after is not self._ends

    def __iter__(self) -> Iterator[L]:
        """Go through them from the front; the one in hand may be removed."""
        link = self._ends.after
        while link is not self._ends:
            after = link.after
            yield cast(L, link)
            link = after

    @property
    def first(self) -> L:
        """Return who stands in front; the ring must not be empty."""
        return self._ends.after  # type: ignore[return-value]  # only L is appended

    def append(self, link: L) -> None:
        """Let *link* stand at the end; it must stand in no ring."""
        ends = self._ends
        last = ends.before
        link.before = last
        link.after = ends
        last.after = link
        ends.before = link

    def remove(self, link: L) -> None:
        """Take *link* out, wherever it stands in this ring."""
        before, after = link.before, link.after
        before.after = after
        after.before = before
        # Neither to its neighbours, which it would keep alive when they are gone, nor to
        # itself: what refers to itself is freed by the collector only.
        link.before = link.after = _NOBODY
