"""What goes stale next is known, in whatever order rows come and go."""

from __future__ import annotations

from attrs import define

from actors.journal.stale import ByAge
from actors.messages import OutboundKind


@define(eq=False)
class Row:
    seq: int
    expires_at: float
    kind: OutboundKind = OutboundKind.REPLY


def test_a_new_row_may_go_stale_before_one_that_had_begun_again() -> None:
    """Which after a restart stands among those that had not."""
    by_age: ByAge[Row] = ByAge()
    by_age.add(Row(1, expires_at=11.0))
    first = Row(2, expires_at=10.0)
    by_age.add(first)
    assert by_age.next_at() == 10.0
    assert by_age.stale(10.5) is first
    assert by_age.discard(first)
    assert by_age.next_at() == 11.0
