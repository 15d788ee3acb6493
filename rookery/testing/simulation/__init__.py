"""The simulation: a tree, random faults and a random operator, hours of it, from one seed.

What happens here: a world is made from a seed (its tree, its plan of chaos, what an
operator does to it), lives on a virtual clock, and is judged: by `rookery.testing.laws`
all the time, by an audit of mailboxes and mail now and then, and in the end by whether
everybody came back once the faults were over. The same seed gives the same log, byte for
byte, in any process. What does not: platforms, bots and the journal.

Read `run` first; then `worlds` (random trees), `workers` (who lives in them), `faults`
(random plans), `operations` (what is done from outside), `audit` and `ending` (what is
checked beside the laws), `clock`, and `sweeping` (many seeds).
"""

from rookery.testing.simulation.run import Outcome, replay_command, simulate
from rookery.testing.simulation.sweeping import report, survived, sweep

__all__ = ["Outcome", "replay_command", "report", "simulate", "survived", "sweep"]
