"""What goes stale next is known, in whatever order rows come and go."""

from __future__ import annotations

from attrs import define

from actors.journal.stale import Shelf
from actors.messages import OutboundKind


@define(eq=False)
class Row:
    seq: int
    expires_at: float
    kind: OutboundKind = OutboundKind.REPLY


def test_a_new_row_may_go_stale_before_one_that_had_begun_again() -> None:
    """Which after a restart stands among those that had not."""
    shelf: Shelf[Row] = Shelf()
    shelf.add(Row(1, expires_at=11.0))
    first = Row(2, expires_at=10.0)
    shelf.add(first)
    assert shelf.next_at() == 10.0
    assert shelf.stale(10.5) is first
    assert shelf.discard(first)
    assert shelf.next_at() == 11.0
