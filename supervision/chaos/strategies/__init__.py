"""Plans of chaos for hypothesis, which shrink to the fewest faults that still break something.

This is the only folder here that needs hypothesis, which is no dependency of ours, so it is
imported by tests only. Everything is in `plans`.
"""

from supervision.chaos.strategies.plans import faults, paths_of, plans

__all__ = ["faults", "paths_of", "plans"]
