"""The dedup window against a list of everything that was ever marked."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.journal.dedup import Dedup

steps = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.floats(0, 40, width=16)), max_size=80
)


@settings(max_examples=150, deadline=None)
@given(steps=steps, cap=st.integers(1, 6))
def test_a_key_is_known_for_its_time_unless_the_window_is_full(
    steps: list[tuple[str, float]], cap: int
) -> None:
    """B21: bounded by time and by number; each early loss is counted."""
    window: Dedup[str] = Dedup(cap)
    naive: dict[str, tuple[float, int]] = {}  # in order of marking
    now = 0.0
    evicted = 0
    for row, (key, pause) in enumerate(steps):
        now += pause
        known = naive.get(key)
        expected = known[1] if known is not None and known[0] > now else None
        assert window.row_of(key, now) == expected
        if expected is not None:
            continue
        naive.pop(key, None)
        naive[key] = (now + 60.0, row)
        window.mark(key, row, now, 60.0)
        alive = [k for k, (until, _) in naive.items() if until > now]
        if len(alive) > cap:
            del naive[alive[0]]
            evicted += 1
        assert len(window) <= cap
    assert window.evicted == evicted


def test_memory_follows_what_is_alive() -> None:
    """B21, E01: after a flood has expired, a trickle frees it."""
    window: Dedup[int] = Dedup(1_000)
    for n in range(900):
        window.mark(n, n, 0.0, 60.0)
    for n in range(300):
        window.mark(10_000 + n, n, 100.0, 60.0)
    assert len(window) == 300
    window.sweep(1_000.0, 1_000)
    assert len(window) == 0
