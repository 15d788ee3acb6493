"""The difference between what runs and what is wanted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rookery.host.changes import Changes, changes

entries = st.dictionaries(st.sampled_from("abcde"), st.integers(0, 2))


@given(running=entries, wanted=entries)
def test_doing_what_it_says_leads_there(
    running: dict[str, int], wanted: dict[str, int]
) -> None:
    todo = changes(running, wanted)

    after = {key: value for key, value in running.items() if key not in todo.removed}
    after |= {key: wanted[key] for key in (*todo.added, *todo.changed)}
    assert after == wanted
    assert bool(todo) == (running != wanted)


@given(running=entries, wanted=entries)
def test_each_entry_is_named_once(
    running: dict[str, int], wanted: dict[str, int]
) -> None:
    todo = changes(running, wanted)

    named = [*todo.added, *todo.changed, *todo.kept, *todo.removed]
    assert sorted(named) == sorted(running.keys() | wanted.keys())


@given(entries)
def test_nothing_changes_where_nothing_changed(running: dict[str, int]) -> None:
    assert changes(running, dict(running)) == Changes(kept=tuple(running))
