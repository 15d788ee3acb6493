"""Bots: what an author declares, and how it comes to life.

Read `bot` (what one declares) and `context` (what a handler gets), then `matching`
(which handlers an event is for). These are pure, and so are `words`, `arguments`,
`signatures`, `rates`, `permissions`, `helping`. Then the shell: `desk` (where events
wait), `runner` (from an event to a settled row), `actor` (the incarnation), `bridge`
(asyncio), `loading` (from a configuration to a bot).

What does not happen here: routing, sending, deciding whether a bot is restarted. An
exception in a handler never leaves this room: it is the outcome of one event.
"""

from actors.bots.actor import BotActor, BotMessage, Ready
from actors.bots.bot import Bot
from actors.bots.bridge import AsyncioBridge, asyncio_bridge
from actors.bots.calling import CallAction
from actors.bots.context import Context
from actors.bots.desk import BotDesk
from actors.bots.errors import (
    BotError,
    BotMistake,
    BotNotLoaded,
    BridgeClosed,
    CallFailed,
    CallRefused,
    CallUnknown,
    HandlerExited,
    HandlerTimedOut,
    MissingDependency,
    NoAnswer,
    NoChat,
    Nonsense,
    NotConnected,
    NotInThread,
    TurnEnded,
)
from actors.bots.loading import load_bot
from actors.bots.middleware import Middleware, Next
from actors.bots.permissions import Allow
from actors.bots.ports import HandlerFault, Outbox, Services
from actors.bots.providers import check_uses
from actors.bots.signatures import use
from actors.bots.sync import Sync

__all__ = [
    "Allow",
    "AsyncioBridge",
    "Bot",
    "BotActor",
    "BotDesk",
    "BotError",
    "BotMessage",
    "BotMistake",
    "BotNotLoaded",
    "BridgeClosed",
    "CallAction",
    "CallFailed",
    "CallRefused",
    "CallUnknown",
    "Context",
    "HandlerExited",
    "HandlerFault",
    "HandlerTimedOut",
    "Middleware",
    "MissingDependency",
    "Next",
    "NoAnswer",
    "NoChat",
    "Nonsense",
    "NotConnected",
    "NotInThread",
    "Outbox",
    "Ready",
    "Services",
    "Sync",
    "TurnEnded",
    "asyncio_bridge",
    "check_uses",
    "load_bot",
    "use",
]
