"""How long the pump waits, and for what."""

from __future__ import annotations

from typing import Final

LINGER_PASSES: Final = 16
"""For how many passes of the scheduler a batch that grows is kept open, at most."""
STILL_PASSES: Final = 2
"""A batch that has not grown for so many passes is closed."""
RIDE_SECONDS: Final = 0.05
"""How long what is only noted waits for a batch to go with; then it goes alone."""
SWEEP_EFFECTS: Final = 200
"""After how many effects old rows are looked for, if there may be any, however busy it is:
so as much may leave the file as comes into it."""
RETRY_SECONDS: Final = 1.0
HANGS_SECONDS: Final = 5.0
"""A batch that takes longer has stalled the journal."""
CLOSE_SECONDS: Final = 5.0
CLOSE_IN_TROUBLE_SECONDS: Final = 2.0
"""So long it is still tried at the end where it is in trouble already: once or twice."""
PAGE_ROWS: Final = 5_000
"""Open rows that are read at once when the file is opened."""


def close_seconds(in_trouble: bool) -> float:
    """Return how long what is left may take to be written at the end."""
    return CLOSE_IN_TROUBLE_SECONDS if in_trouble else CLOSE_SECONDS
