"""How old the oldest waiting row is, against a dict of all of them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from actors.journal.ages import SPANS, STEP_SECONDS, Ages

steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.floats(0, 3)),
        st.tuples(st.just("remove"), st.floats(0, 1)),
        st.tuples(st.just("back"), st.floats(0, 1)),
    ),
    max_size=60,
)


@settings(max_examples=200, deadline=None)
@given(steps)
def test_the_oldest_is_known_to_within_a_step(plan: list[tuple[str, float]]) -> None:
    ages, now, seq = Ages(), 0.0, 0
    here: dict[int, float] = {}
    away: dict[int, float] = {}
    for what, x in plan:
        if what == "add":
            now += x
            seq += 1
            here[seq] = now
            ages.add(seq, now)
        elif what == "remove" and here:
            number = sorted(here)[int(x * (len(here) - 1))]
            away[number] = here.pop(number)
            ages.remove(number)
        elif what == "back":  # their claimer is gone; some have ended before
            for number in sorted(away, reverse=True)[int(x * len(away)) :]:
                here[number] = away[number]
                ages.add_again(number, here[number])
            away.clear()
        oldest = ages.oldest()
        if here:
            assert oldest is not None
            assert abs(oldest - min(here.values())) <= STEP_SECONDS
        else:
            assert oldest is None


def test_a_day_of_rows_takes_no_more_room_than_a_minute() -> None:
    """Law 9: and the answer is right to within a small part of itself."""
    ages = Ages()
    for seq in range(86_400):
        ages.add(seq, float(seq))
        assert len(ages._seqs) <= SPANS
    for seq in range(86_000):
        ages.remove(seq)
        oldest = ages.oldest()
        assert oldest is not None
        assert 0 <= seq + 1 - oldest <= 86_400 / SPANS * 2
