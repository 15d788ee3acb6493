"""The changes that mutation makes to a module."""

from __future__ import annotations

import ast

from tests.mutation.__main__ import MODULES, everybody
from tests.mutation.mutants import mutants_of, mutated
from tests.mutation.results import equal_ones

SOURCE = '''
"""What it is."""
class Thing:
    __slots__ = ("left", "alone")
    limit: int = 3
def f(a: int, b: int = 1) -> bool:
    """What it does."""
    assert a < 9
    if a <= b and not b:
        a.total += b
    match a:
        case 1 if b is None:
            return True
    return a.state is ChildState.HELD
'''


def test_each_place_is_changed_in_each_way_that_fits() -> None:
    found = [
        f"{m.line} {m.operator}: {m.before} -> {m.after}"
        for m in mutants_of("m", SOURCE)
    ]

    assert found == [
        "5 constant: limit: int = 3 -> limit: int = 4",
        "9 negate: a <= b and (not b) -> not (a <= b and (not b))",
        "9 boolean: a <= b and (not b) -> a <= b or not b",
        "9 comparison: a <= b and (not b) -> a < b and (not b)",
        "9 drop not: a <= b and (not b) -> a <= b and b",
        "10 delete: a.total += b -> pass",
        "10 arithmetic: a.total += b -> a.total -= b",
        "12 comparison: b is None -> b is not None",
        "13 return: return True -> return None",
        "13 constant: return True -> return False",
        "14 return: return a.state is ChildState.HELD -> return None",
        "14 comparison: return a.state is ChildState.HELD -> return a.state is not ChildState.HELD",
        "14 state: return a.state is ChildState.HELD -> return a.state is ChildState.NEEDS_OPERATOR",
    ]


def test_exactly_one_change_is_made() -> None:
    whole = ast.unparse(ast.parse(SOURCE)).splitlines()

    for mutant in mutants_of("m", SOURCE):
        changed = ast.unparse(mutated(SOURCE, mutant.number)).splitlines()
        different = [i for i, line in enumerate(whole) if line != changed[i]]
        assert len(changed) == len(whole)
        assert len(different) == 1
        compile(mutated(SOURCE, mutant.number), "m", "exec")


def test_what_the_page_says_to_be_equal_is_a_change_that_is_made() -> None:
    made = {key[:3] for key in everybody(list(MODULES))}

    assert equal_ones().keys() - made == set()
