"""Starting a crowd of children with the garbage collector paused.

It would walk over all that was made so far again and again, while more is being made.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

CROWD = 256
"""From how many children on it is worth the trouble."""


@contextmanager
def collector_paused(children: int) -> Iterator[None]:
    """Keep the collector out while that many *children* are made, if they are a crowd.

    What is being made stays: looking at it for garbage, a dozen times over, takes about
    as long as making it. Where somebody else has paused it, it stays paused.
    """
    pausing = children >= CROWD and gc.isenabled()
    if pausing:
        gc.disable()
    try:
        yield
    finally:
        if pausing:
            gc.enable()
