"""Another distribution's package under one of our names is one clear sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rookery.guard import foreign_package

HOME = Path(__file__).resolve().parents[2]


def test_our_own_packages_are_fine() -> None:
    assert foreign_package() is None


@pytest.mark.parametrize("command", [["run"], ["tree"], ["check", "x"]])
def test_a_stranger_in_the_way_is_named_and_nothing_is_imported_from_it(
    tmp_path: Path, command: list[str]
) -> None:
    stranger = tmp_path / "supervision"
    stranger.mkdir()
    (stranger / "__init__.py").write_text("raise SystemError('imported')")

    done = _rookery(tmp_path, *command)

    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert str(stranger) in line
    assert "environment of its own" in line


def test_a_single_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "actors.py").write_text("raise SystemError('imported')")

    done = _rookery(tmp_path, "platforms")

    assert done.returncode == 2
    assert str(tmp_path / "actors.py") in done.stderr


def test_a_bot_that_imports_the_facade_hears_the_same(tmp_path: Path) -> None:
    (tmp_path / "platforms").mkdir()
    (tmp_path / "platforms" / "__init__.py").touch()

    done = subprocess.run(
        [sys.executable, "-c", "from rookery import Bot"],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{HOME}"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "StrangePackage: Rookery needs its own package 'platforms'" in done.stderr


def _rookery(first_on_path: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rookery", *command],
        env={**os.environ, "PYTHONPATH": f"{first_on_path}{os.pathsep}{HOME}"},
        cwd=first_on_path,
        capture_output=True,
        text=True,
        check=False,
    )
