"""Code around every turn of a bot, composed once when the bot starts.

A middleware takes the context and what comes next. It runs once per message, however
many handlers the message is for, in the order of declaration, the first outermost::

    @bot.middleware
    async def timed(ctx: Context, call_next: Next) -> None:
        started = time.monotonic()
        await call_next(ctx)
        ctx.log.info("turn.took", seconds=time.monotonic() - started)

What a handler raises arrives here after every handler of the message has run. Not
calling `call_next` means: this message is not handled.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from actors.bots.errors import BotMistake

if TYPE_CHECKING:
    from actors.bots.context import Context

Next: TypeAlias = "Callable[[Context], Awaitable[None]]"
Middleware: TypeAlias = "Callable[[Context, Next], Awaitable[None]]"


def check_middleware(function: Middleware) -> Middleware:
    """Return *function* if it can stand around a turn.

    Raises:
        BotMistake: it is no coroutine function of two parameters.
    """
    if inspect.iscoroutinefunction(function):
        try:
            inspect.signature(function).bind(None, None)
        except TypeError:
            pass
        else:
            return function
    msg = f"a middleware must be `async def name(ctx: Context, call_next: Next)` (got {function!r})"
    raise BotMistake(msg)


def compose(around: Sequence[Middleware], innermost: Next) -> Next:
    """Return one function that runs *around*, the first outermost, then *innermost*."""
    chain = innermost
    for middleware in reversed(around):
        chain = _bind(middleware, chain)
    return chain


def _bind(middleware: Middleware, after: Next) -> Next:
    # `after` is bound here, as an argument: a closure over the loop's variable would
    # see its last value, and every middleware would call itself.
    async def step(ctx: Context) -> None:
        await middleware(ctx, after)

    return step
