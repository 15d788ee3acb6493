"""The kernel: actors, addresses, mailboxes, time, and one isolated life at a time.

What happens here: a message gets from an address to a handler, an answer gets back, and
whatever a handler does wrong ends exactly one incarnation. What does not: deciding
whether there is a next one. That is `supervision`.

Read these first, in this order:

    actor         what an author writes
    address       how an actor is reached: `tell`, `send`, `ask`
    cell          what an address points at; with `lanes` (its mail) and `admission` (who
                  gets in) it is all that outlives a restart
    life          one incarnation, as its supervisor holds it
    incarnation   the same from inside: one task, isolated, with exactly one end
    system        the whole: every task, every cell, time and randomness

The rest is small:

    mailbox, reasons, errors           what is declared, how a life ended, what is raised
    context                            what a handler gets as `ctx`
    envelope, turn                     what travels; trace and deadline, handed on
    alarms, timers, watches            deadlines, messages to oneself, `Down` notices
    graph                              who waits for whom, so that no ring hangs
    watchdog, snapshot, deadletters    for looking at a tree that runs
    hooks, hooked                      for breaking it on purpose
"""

from actors.kernel.actor import (
    IGNORE,
    Actor,
    AnyActor,
    Down,
    Ignore,
    Query,
    StopRequested,
)
from actors.kernel.address import Address
from actors.kernel.cell import DEFAULT_SHUTDOWN_SECONDS, Cell
from actors.kernel.context import ActorContext
from actors.kernel.deadletters import DeadLetter, DeadLetters
from actors.kernel.envelope import Envelope
from actors.kernel.errors import (
    ActorDown,
    ActorError,
    AddressNotFound,
    AlreadyAnswered,
    AskTimeout,
    BackgroundFailed,
    CapacityExceeded,
    ForeignCancelled,
    HandlerCrashed,
    MailboxFull,
    WouldDeadlock,
)
from actors.kernel.hooked import HookedCell
from actors.kernel.hooks import (
    Hooks,
    LifeBegan,
    LifeEnded,
    LifeUp,
    Passage,
    Point,
    Witness,
)
from actors.kernel.incarnation import Incarnation
from actors.kernel.mailbox import Mailbox, Overflow, OverflowKind, Poison
from actors.kernel.reasons import (
    LOST_LINE,
    Crash,
    ExitReason,
    InWords,
    Killed,
    NeedsOperator,
    Normal,
    Shutdown,
    StartFailed,
    Zombie,
    leaves,
    shown,
)
from actors.kernel.snapshot import ActorSnapshot
from actors.kernel.system import ChildExited, StartupFailed, System
from actors.kernel.timers import Timer
from actors.kernel.turn import (
    Span,
    Turn,
    current_actor,
    current_deadline,
    current_facts,
    current_trace,
    tracing,
)
from actors.kernel.turn import current as current_turn
from actors.kernel.watchdog import Blocked, Watchdog
from actors.kernel.watches import Watch

__all__ = [
    "DEFAULT_SHUTDOWN_SECONDS",
    "IGNORE",
    "LOST_LINE",
    "Actor",
    "ActorContext",
    "ActorDown",
    "ActorError",
    "ActorSnapshot",
    "Address",
    "AddressNotFound",
    "AlreadyAnswered",
    "AnyActor",
    "AskTimeout",
    "BackgroundFailed",
    "Blocked",
    "CapacityExceeded",
    "Cell",
    "ChildExited",
    "Crash",
    "DeadLetter",
    "DeadLetters",
    "Down",
    "Envelope",
    "ExitReason",
    "ForeignCancelled",
    "HandlerCrashed",
    "HookedCell",
    "Hooks",
    "Ignore",
    "InWords",
    "Incarnation",
    "Killed",
    "LifeBegan",
    "LifeEnded",
    "LifeUp",
    "Mailbox",
    "MailboxFull",
    "NeedsOperator",
    "Normal",
    "Overflow",
    "OverflowKind",
    "Passage",
    "Point",
    "Poison",
    "Query",
    "Shutdown",
    "Span",
    "StartFailed",
    "StartupFailed",
    "StopRequested",
    "System",
    "Timer",
    "Turn",
    "Watch",
    "Watchdog",
    "Witness",
    "WouldDeadlock",
    "Zombie",
    "current_actor",
    "current_deadline",
    "current_facts",
    "current_trace",
    "current_turn",
    "leaves",
    "shown",
    "tracing",
]
