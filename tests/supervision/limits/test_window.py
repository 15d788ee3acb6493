"""What a window holds, against a list of everything that ever was."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from supervision.limits.window import SLOTS, Totals, Window

steps = st.lists(
    st.tuples(st.floats(0, 20), st.booleans(), st.booleans(), st.booleans()),
    max_size=60,
)


@given(steps=steps, start=st.floats(-50, 1e6), seconds=st.floats(0.5, 30))
def test_it_holds_what_a_list_would(
    steps: list[tuple[float, bool, bool, bool]], start: float, seconds: float
) -> None:
    window = Window(seconds)
    everything: list[tuple[int, bool, bool]] = []
    now = start
    for pause, adds, failed, slow in steps:
        now += pause
        slot = int(now // (seconds / SLOTS))
        if adds:
            window.add(now, failed=failed, slow=slow)
            everything.append((slot, failed, slow))
        alive = [entry for entry in everything if entry[0] > slot - SLOTS]
        assert window.totals(now) == Totals(
            len(alive), sum(e[1] for e in alive), sum(e[2] for e in alive)
        )


def test_it_is_between_nine_and_ten_tenths_of_its_length() -> None:
    window = Window(10.0)
    window.add(0.5, failed=True, slow=False)

    assert window.totals(9.9).calls == 1
    assert window.totals(10.1).calls == 0


def test_a_clock_that_steps_back_loses_nothing() -> None:
    window = Window(10.0)
    window.add(100.0, failed=True, slow=True)
    window.add(3.0, failed=False, slow=False)

    assert window.totals(2.0) == Totals(2, 1, 1)
    assert window.totals(111.0) == Totals()
