"""Our platforms are written with what a stranger has: the names of the facade, no more."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import rookery
from rookery.kinds import Kinds

ROOT = Path(__file__).parents[2] / "platforms"
OURS = [kind.name for kind in Kinds().listed() if kind.origin == "rookery"]
FILES = [path for name in OURS for path in sorted(ROOT.glob(f"{name}/**/*.py"))]
OF_THE_HOST = ("actors", "supervision", "rookery", "platforms")


def imported(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (module, name) of what a file takes from the rest of the project."""
    room = f"platforms.{path.relative_to(ROOT).parts[0]}"
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if not module.startswith(room):
                yield from ((module, alias.name) for alias in node.names)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_it_takes_what_the_front_door_has(path: Path) -> None:
    for module, name in imported(path):
        if module.partition(".")[0] in OF_THE_HOST:
            ours = getattr(import_module(module), name)
            assert getattr(rookery, name, None) is ours, f"{module}.{name}"


@pytest.mark.parametrize("name", OURS)
def test_there_is_something_to_look_at(name: str) -> None:
    assert len([path for path in FILES if path.is_relative_to(ROOT / name)]) > 3
