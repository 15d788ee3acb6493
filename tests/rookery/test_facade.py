"""The facade: what it offers, and that it costs nothing until it is used."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import rookery


@pytest.mark.parametrize("name", rookery.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(rookery, name) is not None


def test_it_is_what_the_type_checker_sees() -> None:
    """The lazy table, `__all__` and the imports under TYPE_CHECKING say the same."""
    source = ast.parse(Path(rookery.__file__).read_text("utf-8"))
    [seen] = [node for node in source.body if isinstance(node, ast.If)]
    typed = {
        (alias.name, node.module)
        for node in seen.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }

    assert typed == set(rookery._HOME_OF.items())
    assert sorted(name for name, _ in typed) == sorted(rookery.__all__)


def test_a_wrong_name_is_an_ordinary_mistake() -> None:
    with pytest.raises(ImportError, match="cannot import name 'Bott'"):
        exec("from rookery import Bott")
    assert "Bot" in dir(rookery)


def test_importing_it_loads_nothing() -> None:
    code = "import sys, rookery; print('trio' in sys.modules, 'actors' in sys.modules)"

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout == "False False\n"
