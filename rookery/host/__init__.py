"""The host: one process with one tree, from the lock on its data to its last word.

Read `tree` (what runs), `parts` (what outlives restarts) and `manager` (what makes the
one equal to the configuration) first; then `process` (the life of the process),
`leaving` and `signals`. `messages` is what an operator may do with single messages,
`pages` and `showing` how they are told. `changes` and `banner` are pure. What does not
happen here: anything with sockets of a platform, or the way of a message.

A simulation puts the same host together without a process around it: `Estate`, `Parts`,
`host_tree`.
"""

from rookery.host.collector import settle_collector
from rookery.host.estate import Estate
from rookery.host.journals import JOURNAL_NAME, compact_file
from rookery.host.leaving import drain
from rookery.host.lock import DataTaken, DataUnusable, locked
from rookery.host.manager import Manager, Reload
from rookery.host.notify import Notifier
from rookery.host.parts import PROVIDED, Parts
from rookery.host.process import run_host
from rookery.host.tree import host_tree
from rookery.host.unattended import look_at_file

__all__ = [
    "JOURNAL_NAME",
    "PROVIDED",
    "DataTaken",
    "DataUnusable",
    "Estate",
    "Manager",
    "Notifier",
    "Parts",
    "Reload",
    "compact_file",
    "drain",
    "host_tree",
    "locked",
    "look_at_file",
    "run_host",
    "settle_collector",
]
