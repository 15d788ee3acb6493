"""The whole host simulated: its real tree, in a world of faults, from one seed.

What happens here: a world is made from a seed, with platforms whose lines break, people
who talk, bots that fail, a disk with moods, and somebody who kills actors and processes.
The host in it is the real one, on the real journal; only sockets, threads, the clock and
chance are of our making. In the end everybody's books are held against the laws of the
design. The same seed is the same log, byte for byte. What does not: the control socket,
ports, the lock, signals; they are tested with real processes.

Read `world` first (its course), then `process` (one life of the host), `trouble` (what
goes wrong) and `laws`, with `truthful` and `timely` (what must hold in the end; pure). Then
by what you look for:

- what a seed decides: `climate` (what sort of world), `plans` (which faults)
- the outside of the host: `servers`, `wires` and `platform` (the platforms), `people` and
  `bots` (who talks there), `words` (what they say), `disk` (what the journal is on)
- what is written down: `diary` (what everybody did), `chronicle` (the log), `agenda` (what
  is still to come); what is seen inside of the host: `overseer`
- the end: `judging` holds the books against the laws; `outcome`, `telling`
- the way in: `run` (one world), `sweeping` (many)
"""

from rookery.testing.hostsim.outcome import Outcome
from rookery.testing.hostsim.run import simulate
from rookery.testing.hostsim.sweeping import sweep
from rookery.testing.hostsim.telling import report

__all__ = ["Outcome", "report", "simulate", "sweep"]
