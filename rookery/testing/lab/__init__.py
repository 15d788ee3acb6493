"""A lab for platforms: a real host, a scripted peer, no port and no waiting.

What happens here: the whole host runs on a virtual clock, and where its platform dials,
or listens, a peer is at the other end of a stream in memory. So the platform's own code
runs, and the transport below it, byte by byte; and a test decides when the line is cut,
stalls, refuses or repeats itself. What does not: anything about TLS, names and ports.

    peer          what the author of a platform writes once: the other end of his wire
    wires         WebSocket, HTTP and lines for such a peer
    lab           `async with lab.open(TinyPeer) as chat: ...`
    conformance   what every platform has to stand, run by pytest from one class

Read `peer` and `values` first (what an author writes, and in which words), then `lab` (what
a test sees and does) and `opening` (how it begins and ends). `house` is the host in it, with
the bot in `people`; `network` and `pipes` are its net; `listening` hears what it logs.
"""

from rookery.testing.lab.conformance import Conformance, NotConforming, prove
from rookery.testing.lab.lab import Lab
from rookery.testing.lab.opening import LeftBehind, open  # noqa: A004 - `lab.open`
from rookery.testing.lab.peer import Peer
from rookery.testing.lab.values import Case, Heard, Said, TooMany
from rookery.testing.lab.wires import Gone

__all__ = [
    "Case",
    "Conformance",
    "Gone",
    "Heard",
    "Lab",
    "LeftBehind",
    "NotConforming",
    "Peer",
    "Said",
    "TooMany",
    "open",
    "prove",
]
