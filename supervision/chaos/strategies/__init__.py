"""Plans for hypothesis: any that could be written for a tree, shrinking to the fewest faults.

The only room that needs hypothesis, which is no dependency of ours: import it in tests.
Read `plans`.
"""

from supervision.chaos.strategies.plans import faults, paths_of, plans

__all__ = ["faults", "paths_of", "plans"]
