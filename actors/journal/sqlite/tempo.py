"""How long the pump waits, and for what."""

from __future__ import annotations

from typing import Final

LINGER_PASSES: Final = 16
"""How often a batch that grows is given one more pass."""
STILL_PASSES: Final = 2
"""After so many passes in which it has not grown, it grows no more."""
RIDE_SECONDS: Final = 0.05
"""How long what is only noted waits for company."""
SWEEP_EFFECTS: Final = 200
"""After so many effects something old is looked for, if there may be any: as much may
leave the file as comes into it, however busy it is."""
RETRY_SECONDS: Final = 1.0
HANGS_SECONDS: Final = 5.0
"""A batch that takes longer has stalled the journal."""
CLOSE_SECONDS: Final = 5.0
PAGE_ROWS: Final = 5_000
"""Open rows that are read at once when the file is opened."""
