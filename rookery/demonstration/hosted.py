"""The host of the demo: a process of its own that leaves in order when the demo is gone.

`python -m rookery.demonstration.hosted FILE DESCRIPTOR`: nothing ever comes through the
pipe, so its end means that the demo has closed it, or was killed.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from rookery.host import run_host


def _leave_with(demo: int) -> None:
    os.read(demo, 1)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    file, descriptor = sys.argv[1:]
    threading.Thread(target=_leave_with, args=(int(descriptor),), daemon=True).start()
    sys.exit(run_host(Path(file), data=None, verbose=False, allow_chaos=True))
