"""Everything this room raises on purpose.

BotError
├── BotMistake          a bot was declared wrongly; raised where it is declared
├── BotNotLoaded        the code a configuration names is not there, or is no bot
├── MissingDependency   a handler uses what nobody provides
├── NoAnswer            `ctx.ask`: nobody answered in time
├── NoChat              this event belongs to no chat, so there is nowhere to reply
├── CallFailed          `ctx.call`: an action of the platform gave no answer
│   ├── NotConnected    nothing went out; it may be tried again later
│   ├── CallRefused     no such action, wrong parameters, or the platform said no
│   └── CallUnknown     it may or may not have been done
├── NotInThread         a plain function called what only a coroutine may await
├── TurnEnded           a thread that outlived its deadline wants to say something
├── HandlerTimedOut     a handler was still running at its deadline
├── HandlerExited       a handler tried to end the process, or a loop that is not ours
├── Nonsense            a handler returned what nobody can say
└── BridgeClosed        the asyncio loop behind a bridge is gone
"""

from __future__ import annotations

from attrs import frozen


class BotError(Exception):
    """The base of all of them."""


class BotMistake(BotError, ValueError):
    """What must hold, what was got, what to do: read it, fix the line it points at."""


@frozen
class BotNotLoaded(BotError):
    """`use` names no bot we can run; `why` is one sentence."""

    use: str
    why: str

    def __str__(self) -> str:
        return f"cannot load the bot {self.use!r}: {self.why}"


@frozen
class MissingDependency(BotError):
    """A name given to `use()` that neither the bot nor the host provides."""

    bot: str
    handler: str
    name: str
    known: tuple[str, ...]

    def __str__(self) -> str:
        known = ", ".join(self.known) or "nothing"
        return (
            f"handler {self.handler!r} of bot {self.bot!r} uses {self.name!r}, which nobody provides"
            f" (provided: {known}); add @bot.provide({self.name!r})"
        )


@frozen
class NoAnswer(BotError):
    """The question was asked; the same person said nothing in the same chat in time."""

    question: str
    within: float

    def __str__(self) -> str:
        return f"nobody answered {self.question!r} within {self.within:g} s"


@frozen
class NoChat(BotError):
    """`ctx.reply` and `ctx.ask` need a chat; `ctx.send(address, ...)` does not."""

    event: str

    def __str__(self) -> str:
        return f"an event {self.event!r} belongs to no chat; use ctx.send(address, ...) instead"


@frozen
class CallFailed(BotError):
    """An action of a platform that was called by name gave no answer."""

    action: str
    why: str

    def __str__(self) -> str:
        return f"{self.action}: {self.why}"


@frozen
class NotConnected(CallFailed):
    """The account is not connected. Nothing went out; it may be tried again later."""


@frozen
class CallRefused(CallFailed):
    """No such action, wrong parameters, or the platform said no: `why` tells which."""


@frozen
class CallUnknown(CallFailed):
    """No answer came, or none that says what became of it: it may have been done."""


@frozen
class NotInThread(BotError):
    """A plain function runs in a thread, where there is nothing to await."""

    method: str

    def __str__(self) -> str:
        return (
            f"a plain function cannot await ctx.{self.method}(...); "
            f"call ctx.sync.{self.method}(...), or write the handler as `async def`"
        )


@frozen
class TurnEnded(BotError):
    """The turn this context belonged to was given up; what comes late is not said."""

    handler: str

    def __str__(self) -> str:
        return f"the turn of {self.handler!r} is over; what it says now is not sent"


@frozen
class HandlerTimedOut(BotError):
    """A handler was still running at its deadline."""

    handler: str
    timeout: float

    def __str__(self) -> str:
        return f"{self.handler!r} did not end within {self.timeout:g} s"


@frozen
class HandlerExited(BotError):
    """`sys.exit()` in a handler, or a stranger's cancellation: it ends the event only."""

    handler: str
    raised: str

    def __str__(self) -> str:
        return f"{self.handler!r} raised {self.raised}; a handler cannot end the host"


_EMPTY = ("''", "[]", "()")


@frozen
class Nonsense(BotError):
    """A handler may return None, a text, a segment or a sequence of these."""

    handler: str
    got: str

    def __str__(self) -> str:
        known = "None, a str, a segment or a sequence of these"
        hint = "; None says nothing" if self.got in _EMPTY else ""
        return f"{self.handler!r} must return {known} (got {self.got}{hint})"


class BridgeClosed(BotError):
    """The bridge was closed before, or while, the coroutine ran."""
