"""From what runs and what is wanted to what has to be done. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from attrs import frozen

T = TypeVar("T")


@frozen
class Changes:
    """Ids, in the order of the configuration they come from."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def changes(running: Mapping[str, T], wanted: Mapping[str, T]) -> Changes:
    """Return what leads from *running* to *wanted*. Equal entries are kept."""
    both = [key for key in wanted if key in running]
    return Changes(
        added=tuple(key for key in wanted if key not in running),
        changed=tuple(key for key in both if running[key] != wanted[key]),
        removed=tuple(key for key in running if key not in wanted),
        kept=tuple(key for key in both if running[key] == wanted[key]),
    )
