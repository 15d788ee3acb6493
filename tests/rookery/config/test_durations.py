"""Durations as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rookery.config import Wrong
from rookery.config.durations import seconds


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("30s", 30),
        ("1.5s", 1.5),
        ("5m", 300),
        ("1h", 3600),
        ("1d", 86400),
        ("250ms", 0.25),
        (7, 7),
        (0.5, 0.5),
        (0, 0),
    ],
)
def test_a_duration_is_a_number_of_seconds_or_has_a_unit(
    written: object, meant: float
) -> None:
    assert seconds(written) == meant


@given(
    st.text(max_size=5).filter(lambda text: not text[:1].isdigit())
    | st.booleans()
    | st.none()
    | st.floats(max_value=-0.001)
    | st.sampled_from(["1", "1 s", "1S", "-1s", "1s1", "s", "٣s" * 2])
)
def test_anything_else_is_none(written: object) -> None:
    with pytest.raises(Wrong, match="seconds"):
        seconds(written)
