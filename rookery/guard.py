"""Are the packages that Python finds under our names ours?

`actors`, `supervision` and `platforms` are top-level names, and other distributions
have some of them, too. This looks before anything of them is imported; a traceback
from the middle of a stranger's package would help nobody.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

OURS = ("actors", "supervision", "platforms")
_HOME = Path(__file__).resolve().parent.parent


class StrangePackage(ImportError):
    """Another distribution's package stands where one of ours should."""


def foreign_package(home: Path = _HOME) -> str | None:
    """Return one sentence about the first package that is not ours, or None.

    Imports nothing. *home* is the folder our packages lie in.
    """
    for name in OURS:
        found = _location(name)
        if found == home / name:
            continue
        got = f"none ({home / name} is missing)" if found is None else str(found)
        return (
            f"Rookery needs its own package {name!r} from {home}, but Python finds {got}: "
            "install rookery into a fresh environment of its own (python3 -m venv), "
            "and keep other folders out of PYTHONPATH"
        )
    return None


def check_packages() -> None:
    """Raise `StrangePackage` unless all of our packages are our own."""
    if sentence := foreign_package():
        raise StrangePackage(sentence)


def _location(name: str) -> Path | None:
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None  # something without a spec sits in sys.modules
    if spec is None:
        return None
    if spec.origin is None:
        folders = list(spec.submodule_search_locations or ())
        return Path(folders[0]).resolve() if folders else None
    origin = Path(spec.origin).resolve()
    return origin.parent if origin.name == "__init__.py" else origin
