"""Bots: what an author declares, and how it comes to life.

Read `bot`, `context`, `matching`, `desk` and `runner`, in this order.

What an author declares, all of it pure:

    bot                      the decorators; `registry` keeps what they declare
    handlers, signatures     one handler, and what its parameters say
    timing                   handlers that no message starts: `every`, `cron`, `later`
    matching                 which handlers an event is for
    words, arguments         a message as words; words as typed values
    permissions, rates       who may, and how often
    helping                  usage lines and refusals

What a handler gets:

    context, changing        `ctx`: what happened; to say, ask and call, to edit and react
    sync, threads            the same for plain functions, which run in threads
    voice, speech            in whose name it is said, and how it becomes a body
    asking, calling          `ctx.ask` and `ctx.call`
    providers, middleware    what it takes by name, what stands around it
    bridge                   libraries that only know asyncio

What runs it:

    desk                     where events wait; it outlives incarnations and reloads
    actor                    one incarnation of the bot
    runner, turn             from an event to a settled row; one event in hand
    gate                     what is asked before a handler runs
    loading                  from a line of the configuration to a bot
    blame                    which line of the author's it was
    errors                   what bots and their authors are refused
    failing, binding         what a handler leaves behind: an error, log variables
    ports                    what all of this needs of the host

What does not happen here: routing, sending, deciding whether a bot is restarted. An
exception in a handler never leaves this room: it is the outcome of one event.
"""

from actors.bots.actor import BotActor, BotMessage, Ready
from actors.bots.blame import blamed, line_awaited, line_now
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
from actors.bots.ports import Disk, HandlerFault, Outbox, Services, Sound
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
    "Disk",
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
    "Sound",
    "Sync",
    "TurnEnded",
    "asyncio_bridge",
    "blamed",
    "check_uses",
    "line_awaited",
    "line_now",
    "load_bot",
    "use",
]
