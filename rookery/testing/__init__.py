"""For tests: a tree on a virtual clock, the laws it must keep, and storms from a seed.

What happens here: whoever tunes a restart policy, or writes a platform or a bot, runs a
tree for hours of virtual time in a test and looks at what became of it. What does not:
anything that a running host needs; it never imports this.

    kit           a tree in a test: `with kit.run(tree) as k: ...`
    strategies    backoffs, child specs, trees and exits for hypothesis (which it needs)
    laws          what holds in every tree, as pure functions over the log of events
    simulation    random trees and random faults from a seed: `python -m rookery.testing`
    lab           a host with one platform, the server at the other end, and what breaks

Read `kit` first. It stands on `stage` (a system for a test), `seen` (what there is to see of
it), `steps` (what can be done to it), `log` and `telling` (what it writes down), `portal` and
`scheduling` (how trio is driven). `census` is what the laws know of a tree; `plugin` is the
pytest plugin.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

__all__ = ["kit", "lab", "laws", "simulation", "strategies"]


def __getattr__(name: str) -> ModuleType:
    # On first use only: pytest loads this package in every environment that has it.
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
