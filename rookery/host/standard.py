"""Standard input, output and error, also where whoever started us closed them.

A descriptor that is closed is given to the next file that is opened: replies would go
into the lock, and the lock would be read as what somebody typed.
"""

from __future__ import annotations

import os
import sys

# The wrong way round on purpose: reading ends at once, and what is written is refused
# rather than lost without a word. Log lines may be lost: that is what closing asks for.
_FLAGS = {0: os.O_WRONLY, 1: os.O_RDONLY, 2: os.O_WRONLY}


def fill_standard_files() -> None:
    """Occupy each of the three that is closed. Call it before anything is opened."""
    for fd, flags in _FLAGS.items():
        try:
            os.fstat(fd)
        except OSError:
            taken = os.open(os.devnull, flags)
            if taken != fd:
                os.dup2(taken, fd)
                os.close(taken)
    if sys.stderr is None:  # Python's mark of a standard error that was closed
        sys.stderr = os.fdopen(2, "w", errors="backslashreplace", closefd=False)
