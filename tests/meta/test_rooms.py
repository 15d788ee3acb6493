"""Every folder says what it is about, and what one may take from it."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest

from tests.meta.sources import FILES, PACKAGES, ROOMS, ROOT, name_of, parsed


@pytest.mark.parametrize("room", ROOMS, ids=name_of)
def test_a_folder_has_a_docstring_of_its_own(room: Path) -> None:
    said = ast.get_docstring(parsed(room))
    assert said is not None
    assert len(said.splitlines()) >= 2, "say what does not happen here, or what to read"


@pytest.mark.parametrize("room", ROOMS, ids=name_of)
def test_what_it_exports_is_listed_and_there(room: Path) -> None:
    module = import_module(".".join(room.parent.relative_to(ROOT).parts))
    takes = any(isinstance(node, ast.ImportFrom) for node in parsed(room).body)
    listed = getattr(module, "__all__", None)
    if listed is None:
        assert not takes, "it imports names for others: list them in __all__"
        return
    assert len(set(listed)) == len(listed)
    for name in listed:
        assert getattr(module, name) is not None


def test_every_folder_is_a_package() -> None:
    for package in PACKAGES:
        for folder in {file.parent for file in (ROOT / package).rglob("*.py")}:
            assert (folder / "__init__.py").exists(), folder
        assert (ROOT / package / "py.typed").exists(), package


def test_a_file_says_what_it_is_about() -> None:
    assert [name_of(f) for f in FILES if not ast.get_docstring(parsed(f))] == []


def test_another_top_folder_is_entered_by_its_rooms() -> None:
    """`actors.kernel`, never `actors.kernel.cell`: what is inside may move."""
    beside = [
        f"{name_of(file)}: {module}"
        for file in FILES
        for module in imported(file)
        if module.partition(".")[0] in PACKAGES
        and module.partition(".")[0] != file.relative_to(ROOT).parts[0]
        and not (ROOT / module.replace(".", "/") / "__init__.py").exists()
    ]
    assert beside == []


def imported(file: Path) -> list[str]:
    return [
        node.module
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.ImportFrom) and node.module is not None
    ]


def test_a_room_is_entered_by_its_door_from_the_next_one_too() -> None:
    """Inside a room its files know each other; `actors.lanes` knows `actors.kernel`."""
    beside = [
        f"{name_of(file)}: {module}"
        for file in FILES
        for module in imported(file)
        if len(parts := module.split(".")) > 2
        and parts[0] in PACKAGES
        and list(file.relative_to(ROOT).parts[:2]) != parts[:2]
        and not (ROOT / module.replace(".", "/") / "__init__.py").exists()
    ]
    assert beside == []
