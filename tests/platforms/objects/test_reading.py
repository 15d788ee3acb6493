"""JSON of strangers: what it holds, whatever is broken in it."""

from __future__ import annotations

import json
from contextlib import suppress
from math import isfinite

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from platforms.objects import KEPT_NESTING, deeper_than, read_json
from tests.platforms.poison import HOLES, NUMBERS, POISON, TEXTS, poisoned

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=20,
)
BRACKETS = st.text(st.sampled_from('[]{}",:1a\\ '), max_size=300)


@given(JSON)
def test_json_is_read_as_it_is(value: object) -> None:
    told = json.dumps(value).replace("Infinity", "0.5")
    assert read_json(told) == read_json(told.encode()) == json.loads(told)


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON)
def test_what_cannot_be_read_costs_only_itself(poison: str | bytes) -> None:
    told = poisoned(
        '[{"text": "fine"}, {"is": "POISON"}, {"text": "fine, too"}]', poison
    )
    value = read_json(told)
    assert isinstance(value, list)
    first, broken, last = value
    assert (first, last) == ({"text": "fine"}, {"text": "fine, too"})
    json.dumps(broken)


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS)
def test_a_number_beyond_all_bounds_is_nothing(number: str) -> None:
    value = read_json(number)
    assert value is None or isinstance(value, int)  # those that Python reads it reads


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_what_is_no_text_is_replaced(text: str | bytes) -> None:
    value = read_json(text)
    assert value in ("\ufffd", "a\x01b")


@pytest.mark.parametrize("hole", HOLES.values(), ids=HOLES)
def test_what_is_nested_too_deeply_still_is(hole: str) -> None:
    value = read_json(hole)
    assert deeper_than(value, 64)


def test_a_hole_behind_half_an_emoji_costs_only_itself() -> None:
    told = poisoned('{"a": "\\ud83d", "b": "POISON", "c": ["]}", 1]}', HOLES["deepest"])
    value = read_json(told)
    assert isinstance(value, dict)
    assert (value["a"], value["c"]) == ("\ufffd", ["]}", 1])


@given(BRACKETS | st.text() | st.binary())
@example("[" * 100_000)
@example("]" * 100_000 + "[" * 100_000)
@example('{"' * 50_000)
@example('"\\' * 50_000)
@example("[" * 2_000 + '"]' * 2_000)
@example('[1e400, "' + "[" * 2_000)
def test_whatever_comes_is_read_or_refused(told: str | bytes) -> None:
    with suppress(ValueError):
        value = read_json(told)
        assert not isinstance(value, float) or isfinite(value)


@given(JSON, st.integers(0, 300), st.sampled_from("[{"))
def test_only_what_is_too_deep_is_cut(value: object, depth: int, kind: str) -> None:
    opened, closed = ("[", "]") if kind == "[" else ('{"a":', "}")
    inner = json.dumps(value).replace("Infinity", "0.5")
    hole = opened * 3_000 + "7" + closed * 3_000
    told = opened * depth + f"[{inner}, {hole}, {inner}]" + closed * depth
    found = read_json(told)
    for _ in range(depth):
        assert isinstance(found, list | dict)
        found = found[0] if isinstance(found, list) else found["a"]
        if found is None:
            assert depth >= KEPT_NESTING
            return
    if depth + _depth_of(value) < KEPT_NESTING:
        assert isinstance(found, list)
        assert found[0] == found[2] == json.loads(inner)


def _depth_of(value: object) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(_depth_of, value), default=0) if isinstance(value, list) else 0
