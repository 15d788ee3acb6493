"""The table of OTP's cases names what exists, and leaves none out."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.otp.records import CASES as BY_HAND
from tests.otp.records import CORPUS, recorded
from tests.otp.test_coverage import CASES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/otp-checklist.md").read_text("utf-8")
ROW = re.compile(r"^\| ([a-z]\w+) \| (.+) \| (.+) \|$", re.MULTILINE)
ROWS = [row for row in ROW.findall(PAGE.split("## Where")[0]) if row[0] != "case"]
COVERED = {case: where for case, _, where in ROWS}
TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")


def test_every_case_of_the_suite_has_its_row() -> None:
    assert len(ROWS) == len(COVERED) == 93
    assert CASES.keys() <= COVERED.keys()


@pytest.mark.parametrize("case", sorted(COVERED))
def test_it_is_covered_by_what_exists_or_says_why_not(case: str) -> None:
    where = COVERED[case]
    if where.startswith("n/a: "):
        assert case not in CASES
        return
    named = TEST.findall(where)
    assert ("recorded" in where) == (case in CASES)
    assert named or case in CASES
    assert re.sub(r"recorded|, ", "", TEST.sub("", where)) == ""
    for file, test in named:
        assert test in functions_of(ROOT / "tests" / file), f"{file}::{test}"


def functions_of(file: Path) -> set[str]:
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    tree = ast.parse(file.read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, functions)}


def test_the_number_of_scenarios_is_right() -> None:
    many = sum(1 for path in (CORPUS, BY_HAND) for _ in recorded(path))
    assert f"in {many} scenarios" in PAGE
