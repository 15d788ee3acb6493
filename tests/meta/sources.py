"""The source tree as data, for tests that read it."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("actors", "supervision", "platforms", "rookery")
FILES = tuple(
    file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))
)
TESTS = tuple(sorted((ROOT / "tests").rglob("*.py")))
ROOMS = tuple(file for file in FILES if file.name == "__init__.py")


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text("utf-8"), name_of(file))


def room_of(module: str) -> str:
    """Return the folder that a module is in: `actors.kernel.cell` -> `actors.kernel`."""
    path = ROOT / module.replace(".", "/")
    return module if path.is_dir() else module.rpartition(".")[0]


def docstrings(file: Path) -> list[str]:
    return [
        ast.get_docstring(node) or ""
        for node in ast.walk(parsed(file))
        if isinstance(
            node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        )
    ]
