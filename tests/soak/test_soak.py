"""A host does not grow; `python -m tests.soak` looks for a million messages."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.soak.running import ALLOWED, Look, grown, soak

WARM_UP = 30_000


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_is_flat_over_fifty_thousand_messages(tmp_path: Path) -> None:
    """Law 9."""
    found = grown(soak(tmp_path, WARM_UP + 50_000), WARM_UP)
    assert found.ratio <= ALLOWED, found


def test_growth_is_seen_wherever_it_peaks() -> None:
    looks = [Look(n, mb) for n, mb in [(1, 50.0), (10, 80.0), (20, 88.0), (30, 80.0)]]
    assert grown(looks, 10).ratio == pytest.approx(1.1)
    with pytest.raises(ValueError, match="two looks"):
        grown(looks, 25)
