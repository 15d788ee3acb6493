"""A context for plain functions, which run in threads beside the loop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

import trio

from actors.bots.errors import TurnEnded
from actors.bots.speech import as_body, parsed
from actors.messages import ChatAddress, Emoji, OutboundKind, Segment
from actors.tracker import Receipt

if TYPE_CHECKING:
    from actors.bots.context import Context
    from actors.bots.turn import Turn

P = ParamSpec("P")
T = TypeVar("T")

ASK_SECONDS = 60.0


class Sync:
    """A context for threads: each call waits until trio has done it."""

    __slots__ = ("_ctx", "_turn")

    def __init__(self, ctx: Context, turn: Turn) -> None:
        self._ctx = ctx
        self._turn = turn

    def reply(self, *body: Segment | str, key: str | None = None) -> Receipt:
        """See `Context.reply`.

        Raises:
            TurnEnded: the handler's deadline has passed; nothing was said.
        """
        ctx = self._ctx
        to = ctx.address
        said = as_body(body)
        out = ctx._outbound(to, str(to), said, key, OutboundKind.REPLY)  # noqa: SLF001
        return self.run(ctx._say, out)  # noqa: SLF001

    def send(
        self, address: str | ChatAddress, *body: Segment | str, key: str | None = None
    ) -> Receipt:
        """See `Context.send`.

        Raises:
            TurnEnded: the handler's deadline has passed; nothing was said.
        """
        ctx = self._ctx
        to = parsed(address)
        said = as_body(body)
        out = ctx._outbound(to, str(to), said, key, OutboundKind.NOTICE)  # noqa: SLF001
        return self.run(ctx._say, out)  # noqa: SLF001

    def edit(
        self, message: Receipt | str, *body: Segment | str, key: str | None = None
    ) -> Receipt:
        """See `Context.edit`.

        Raises:
            TurnEnded: the handler's deadline has passed; nothing was edited.
        """
        ctx = self._ctx
        return self.run(ctx._replace, ctx._edit(message, body, key))  # noqa: SLF001

    def delete(self, message: Receipt | str, *, key: str | None = None) -> Receipt:
        """See `Context.delete`.

        Raises:
            TurnEnded: the handler's deadline has passed; nothing was deleted.
        """
        ctx = self._ctx
        return self.run(ctx._say, ctx._delete(message, key))  # noqa: SLF001

    def react(
        self,
        emoji: str | Emoji,
        to: Receipt | str | None = None,
        *,
        remove: bool = False,
        key: str | None = None,
    ) -> Receipt:
        """See `Context.react`.

        Raises:
            TurnEnded: the handler's deadline has passed; nothing was done.
        """
        ctx = self._ctx
        return self.run(ctx._say, ctx._react(emoji, to, key, remove=remove))  # noqa: SLF001

    def ask(self, *question: Segment | str, within: float = ASK_SECONDS) -> Context:
        """See `Context.ask`.

        Raises:
            NoAnswer: nothing came within so many seconds.
            TurnEnded: the handler's deadline has passed.
        """
        ctx = self._ctx
        return self.run(ctx._ask, ctx._question(question), within)  # noqa: SLF001

    def call(self, action: str, /, **params: object) -> object:
        """See `Context.call`.

        Raises:
            NotConnected: the account is not connected; nothing went out.
            CallRefused: no such action, wrong parameters, or the platform said no.
            CallUnknown: no answer came; it may have been done.
            TurnEnded: the handler's deadline has passed; nothing was called.
        """
        return self.run(self._ctx._call, action, params)  # noqa: SLF001

    def later(
        self,
        delay: str | float | timedelta,
        handler: Callable[Concatenate[Context, P], object],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> datetime:
        """See `Context.later`.

        Raises:
            BotMistake: *delay* is no duration, or *handler* cannot be run so.
            TooManyLaters: as much as may wait, waits already.
            TurnEnded: the handler's deadline has passed; nothing was asked for.
        """
        ctx = self._ctx

        async def keep() -> datetime:
            return await ctx._keep(ctx._later(delay, handler, args, kwargs))  # noqa: SLF001

        return self.run(keep)

    def run(
        self, function: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Await any coroutine function: `ctx.sync.run(receipt.outcome, within=5)`.

        Raises:
            TurnEnded: the handler's deadline has passed; nothing was called.
        """

        async def call() -> T:
            if self._turn.over:
                raise TurnEnded(self._turn.handler)
            return await function(*args, **kwargs)

        return trio.from_thread.run(call)
