"""Which types of platforms there are: ours, those of installed packages, one's own.

A configuration names one by `type = "NAME"`, or by `use = "FILE.py:CLASS"`. Nothing is
imported before it is asked for. What does not happen here: making a platform, reading
its table. Read `values` first (what a type is, and what is wrong with one), then
`shelf` (where they are found) and `loading` (how a file becomes a class).
"""

from rookery.kinds.shelf import GROUP, Kinds
from rookery.kinds.values import AnyKind, Kind, Listed, NoKind, check_kind

__all__ = ["GROUP", "AnyKind", "Kind", "Kinds", "Listed", "NoKind", "check_kind"]
