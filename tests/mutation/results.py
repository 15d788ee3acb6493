"""What is known of mutants: what became of them the last time, and which are no bugs."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import TypeAlias

from tests.mutation.mutants import Mutant
from tests.mutation.running import ROOT, Fate

PAGE = ROOT / "docs/explanation/how-supervision-is-tested.md"
_ROW = re.compile(r"\| `(\w+)` \| `(.+?)` -> `(.+?)` \| (.+) \|")

Key: TypeAlias = tuple[str, str, str, int]
"""Module, text before and after, and which of those that look the same."""


def keyed(mutants: list[Mutant]) -> dict[Key, Mutant]:
    """Name mutants by what they are: lines and numbers move with every edit."""
    named: dict[Key, Mutant] = {}
    seen: Counter[tuple[str, str, str]] = Counter()
    for mutant in mutants:
        what = (mutant.module, mutant.before, mutant.after)
        named[*what, seen[what]] = mutant
        seen[what] += 1
    return named


def equal_ones() -> dict[tuple[str, str, str], str]:
    """Return why some changes can be observed by nobody, as the page says."""
    rows = map(_ROW.fullmatch, PAGE.read_text("utf-8").splitlines())
    return {
        (f"supervision.{row[1]}", _plain(row[2]), _plain(row[3])): row[4]
        for row in rows
        if row
    }


def _plain(cell: str) -> str:
    return cell.replace("\\|", "|")


def read(results: Path) -> dict[Key, Fate]:
    if not results.exists():
        return {}
    rows = json.loads(results.read_text("utf-8"))
    return {(m, before, after, n): Fate(fate) for m, before, after, n, fate in rows}


def write(results: Path, fates: dict[Key, Fate]) -> None:
    rows = [[*key, fate.value] for key, fate in fates.items()]
    results.write_text(json.dumps(rows, indent=0), "utf-8")
