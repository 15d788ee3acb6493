"""What was said is held against what was heard; nothing is believed."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rookery.demonstration import Account, Said, account_of

ONE, TWO, THREE = Said("a", "one"), Said("a", "two"), Said("a", "three")


def test_what_is_heard_once_has_come_through() -> None:
    heard = {"a": [], "b": ["one", "two"], "c": ["one", "two"]}
    assert account_of([ONE, TWO], heard) == Account(said=4, through=4)


def test_what_is_missing_at_the_end_is_under_way() -> None:
    assert account_of([ONE, TWO], {"b": ["one"]}).under_way == 1
    assert account_of([ONE, TWO], {"b": []}).under_way == 2


def test_what_was_passed_by_a_later_one_of_its_chat_is_lost() -> None:
    assert account_of([ONE, TWO, THREE], {"b": ["one", "three"]}) == Account(
        said=3, through=2, lost=1
    )
    other = Said("c", "else")
    assert account_of([ONE, other], {"b": ["else"]}).under_way == 1


def test_what_is_missing_when_it_is_over_is_lost() -> None:
    assert account_of([ONE], {"b": []}, over=True).lost == 1


def test_what_the_host_does_not_know_is_neither() -> None:
    found = account_of([ONE, TWO], {"b": ["two"]}, {("b", "one"), ("c", "two")})
    assert found == Account(said=2, through=1, unknown=1)


def test_an_unknown_one_that_came_has_come() -> None:
    assert account_of([ONE], {"b": ["one"]}, {("b", "one")}).unknown == 0


def test_more_often_heard_than_said_is_doubled() -> None:
    assert account_of([ONE], {"b": ["one", "one", "one"]}).doubled == 2
    assert account_of([ONE, ONE], {"b": ["one", "one"]}).doubled == 0


def test_pages_of_people_are_not_ours_to_count() -> None:
    heard = {"b": ["one", "[web] somebody: hi"]}
    assert account_of([ONE], heard) == Account(said=1, through=1)


LINES = st.lists(
    st.builds(Said, st.sampled_from("abc"), st.sampled_from("tuvwxyz")), max_size=20
)


@given(
    LINES, st.dictionaries(st.sampled_from("abc"), st.lists(st.sampled_from("tuvwxyz")))
)
def test_everything_is_counted_exactly_once(
    said: list[Said], heard: dict[str, list[str]]
) -> None:
    for over in (False, True):
        found = account_of(said, heard, {("a", "t")}, over=over)
        parts = found.through + found.under_way + found.unknown + found.lost
        assert parts == found.said
        assert not (over and found.under_way)
