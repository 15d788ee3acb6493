"""What mypy must refuse, it refuses, on that line and in those words; the rest passes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from mypy import api

ROOT = Path(__file__).parents[2]
CASES = sorted((Path(__file__).parent / "cases").glob("*.py"))
REPORTED = re.compile(r"^(?P<path>.+?):(?P<line>\d+): error: (?P<text>.*)$")


@pytest.fixture(scope="module")
def reported() -> dict[str, dict[int, list[str]]]:
    """Run mypy once over all cases; errors by file and line."""
    out, broken, _ = api.run(
        [f"--config-file={ROOT / 'pyproject.toml'}", "--no-pretty", *map(str, CASES)]
    )
    assert not broken, broken
    found: dict[str, dict[int, list[str]]] = {case.name: {} for case in CASES}
    for line in out.splitlines():
        error = REPORTED.match(line)
        if error is not None:
            name = Path(error["path"]).name
            assert name in found, line
            found[name].setdefault(int(error["line"]), []).append(error["text"])
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_type_checker_refuses_exactly_what_is_marked(
    case: Path, reported: dict[str, dict[int, list[str]]]
) -> None:
    expected = {
        number: [line.split("# E: ")[1]]
        for number, line in enumerate(case.read_text().splitlines(), 1)
        if "# E: " in line
    }

    assert expected, "a case without an error proves nothing"
    assert reported[case.name] == expected
