"""The host: one process with one tree, from the lock on its data to its last word.

First what a host is made of:

    tree                  what runs, as one value
    parts                 what outlives every restart of it: stores, switchboards, registers
    estate                what should run, by the configuration
    manager               the actor that makes the one equal to the other; its hands are
                          `bots` and `platforms`, and `changes` says what is to be done

Then the process around it:

    process               `rookery run`, from the lock to the exit code
    lock, standard        one host per data directory; the three standard files
    signals, leaving      what asks it to leave, and how it does that in order
    notify, heartbeat     how systemd hears of it
    banner, collector     what a person reads at the start; Python's garbage collector

And what it can be asked, by way of `rookery.control`:

    operations            each command that needs a running host
    messages              those about single messages; `unattended` without a host
    pages, showing        how rows of the journal are told to programs

The rest makes one thing each: `journals`, `media`, `kinds`, `loading`, `ingress` (the actor
with the port), `announcer` (tells bots how connections stand).

What does not happen here: anything with sockets of a platform, or the way of a message. A
simulation puts the same host together without a process around it, from `Estate`, `Parts`
and `host_tree`.
"""

from rookery.host.collector import settle_collector
from rookery.host.estate import Estate
from rookery.host.journals import JOURNAL_NAME, compact_file
from rookery.host.leaving import drain
from rookery.host.loading import Loader
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
    "Loader",
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
