"""How often Python's garbage collector looks for cycles, in a process that lives for months."""

from __future__ import annotations

import gc
import sys

THRESHOLDS = (10_000, -1 if sys.version_info < (3, 14) else 10, 1_250)
"""A look at everything after some 12 million new objects: with 100,000 actors it takes
0.6 s. At the new ones it looks often: 10,000 at a time are still in the processor's
cache; a million took 0.4 s, in which nothing else ran. No more often than after 10,000,
though: a hundred messages on their way are a few thousand objects that come and go
together, and each wave of them would be looked at in vain.

The second number, which is always exceeded, leaves out the generation in between: what
outlives one look is old. To look at it once more, when it is in no cache any more, took
longer than the first look did, and of new actors nothing is ever garbage. From Python
3.14 on there is no such generation, and it says how slowly what is old is looked
through: as slowly as by default."""


def settle_collector() -> None:
    """Let the collector leave out what is there now, and look less often than by default.

    What was made at the start stays to the end, so it need not be looked at again and
    again; messages live for milliseconds and rarely form cycles.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
