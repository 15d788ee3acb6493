"""Which names of modules are taken.

A new file of the same name would be imported in place of that module, or would never be
found behind it.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib.metadata import packages_distributions

OURS = frozenset({"actors", "platforms", "rookery", "supervision"})
"""Of this distribution; where it is installed to be edited, nobody lists them."""


def is_taken(module: str) -> bool:
    """Say whether *module* is Python's, ours, or of anything that is installed here."""
    return module in sys.stdlib_module_names or module in OURS or module in _installed()


@cache
def _installed() -> frozenset[str]:
    return frozenset(packages_distributions())
