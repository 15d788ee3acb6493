"""The changes that mutation makes to a module."""

from __future__ import annotations

import ast

from tests.mutation.mutants import mutants_of, mutated

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
        "5 constant: 3 -> 4",
        "9 negate: a <= b and (not b) -> not (a <= b and (not b))",
        "9 boolean: a <= b and (not b) -> a <= b or not b",
        "9 comparison: a <= b -> a < b",
        "9 drop not: not b -> b",
        "10 delete: a.total += b -> pass",
        "10 arithmetic: a.total += b -> a.total -= b",
        "12 comparison: b is None -> b is not None",
        "13 delete: return True -> pass",
        "13 return: True -> None",
        "13 constant: True -> False",
        "14 delete: return a.state is ChildState.HELD -> pass",
        "14 return: a.state is ChildState.HELD -> None",
        "14 comparison: a.state is ChildState.HELD -> a.state is not ChildState.HELD",
        "14 state: ChildState.HELD -> ChildState.NEEDS_OPERATOR",
    ]


def test_exactly_one_change_is_made() -> None:
    whole = ast.unparse(ast.parse(SOURCE)).splitlines()

    for mutant in mutants_of("m", SOURCE):
        changed = ast.unparse(mutated(SOURCE, mutant.number)).splitlines()
        different = [i for i, line in enumerate(whole) if line != changed[i]]
        assert len(changed) == len(whole)
        assert len(different) == 1
        compile(mutated(SOURCE, mutant.number), "m", "exec")
