"""What a handler gets: who said what where, and how to say something back."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec

import structlog

from actors.bots.asking import Asked
from actors.bots.calling import called
from actors.bots.changing import Changing
from actors.bots.errors import CallRefused, NoChat
from actors.bots.helping import help_text
from actors.bots.permissions import allowed
from actors.bots.speech import as_body, in_short, parsed
from actors.bots.sync import ASK_SECONDS, Sync
from actors.bots.timing import asked_for
from actors.bots.turn import Turn
from actors.bots.voice import Voice
from actors.journal import InboundRow
from actors.messages import (
    Chat,
    ChatAddress,
    Inbound,
    Outbound,
    OutboundKind,
    Segment,
    Sender,
)
from actors.schedule import PLATFORM, Later, due_of, moment
from actors.tracker import Receipt

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from actors.bots.bot import Bot

P = ParamSpec("P")

log = structlog.get_logger()


class Context(Changing):
    """One event, for one handler: what happened, and how to say something about it.

    A handler that is a plain function, and so runs in a thread, uses `ctx.sync` to say
    something; the coroutine methods raise `NotInThread` there.
    """

    __slots__ = ("_handler", "_in_thread", "_ordinals", "_row", "_turn", "_voice")

    def __init__(
        self,
        voice: Voice,
        turn: Turn,
        row: InboundRow,
        handler: str,
        *,
        in_thread: bool = False,
    ) -> None:
        self._voice = voice
        self._turn = turn
        self._row = row
        self._handler = handler
        self._in_thread = in_thread
        self._ordinals = count()
        self._edits = None

    def __repr__(self) -> str:
        return f"<Context {self._voice.name} {self._handler} row {self._row.seq}>"

    # --- what happened -----------------------------------------------------------------

    @property
    def bot(self) -> Bot:
        """The bot as it was declared."""
        return self._voice.bot

    @property
    def event(self) -> Inbound:
        """The whole event, with its name, its facts and its id."""
        return self._row.event

    @property
    def text(self) -> str:
        """What a person reads of it, without media and mentions."""
        return self._row.event.text

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The whole message, in reading order; empty for an event that is none."""
        return self._row.event.body

    @property
    def sender(self) -> Sender:
        """Who did it; a sender without an id where the platform names nobody."""
        return self._row.event.sender or _NOBODY

    @property
    def chat(self) -> Chat | None:
        """Where; `None` where an event belongs to the account."""
        return self._row.event.chat

    @property
    def platform(self) -> str:
        """The platform's id in the configuration."""
        return self._row.platform

    @property
    def account(self) -> str:
        """Which of our logins saw it."""
        return self._row.account

    @property
    def address(self) -> ChatAddress:
        """The chat's address in this host, for `ctx.send` later on.

        Raises:
            NoChat: the event belongs to no chat.
        """
        return self._voice.address_of(self._row)[0]

    @property
    def due(self) -> datetime | None:
        """When this run was due, in the zone of its schedule; `None` for any other event."""
        return due_of(self._row.event)

    @property
    def raw(self) -> Mapping[str, object]:
        """The platform's own frame, decoded."""
        return self._row.event.raw

    @property
    def trace(self) -> str:
        """The id that ties this event, its log lines and its replies together."""
        return self._row.trace

    @property
    def is_operator(self) -> bool:
        """Whether the configuration of this host names the sender as an operator."""
        sender = self._row.event.sender
        return sender is not None and self._voice.services.is_operator(
            self._row.platform, sender.id
        )

    @property
    def log(self) -> FilteringBoundLogger:
        """A logger that knows this event; `ctx.log.info("order.placed", item=7)`."""
        row = self._row
        bound: FilteringBoundLogger = log.bind(
            trace=row.trace,
            bot=self._voice.name,
            platform=row.platform,
            account=row.account,
            chat=str(row.event.chat or ""),
            handler=self._handler,
        )
        return bound

    # --- what to say -------------------------------------------------------------------

    # These are plain functions that return a coroutine: the ordinal that makes a
    # reply's key is taken in the order of the calls, whatever order tasks run in.

    def reply(
        self, *body: Segment | str, key: str | None = None
    ) -> Coroutine[Any, Any, Receipt]:
        """Say something in the chat of this event.

        Returns once it is written down; the receipt tells what becomes of it. A handler
        that is run again for the same event (a retry, a crash) says nothing twice: it gets
        the receipts of what it said before.

        Args:
            body: Texts and segments, in reading order.
            key: A name for this reply, by which it is recognised when the handler is run
                again. Without one it is known by its number among the handler's calls, so
                give one where their order may change from run to run.

        Raises:
            BotMistake: there is nothing to say, or a part is no segment.
            NoChat: the event belongs to no chat.
        """
        self._not_in_thread("reply")
        to, target = self._voice.address_of(self._row)
        said = as_body(body)
        return self._say(self._outbound(to, target, said, key, OutboundKind.REPLY))

    def send(
        self, address: str | ChatAddress, *body: Segment | str, key: str | None = None
    ) -> Coroutine[Any, Any, Receipt]:
        """Say something in any chat: `await ctx.send("qq/10001/group:42", "hello")`.

        *address* is `PLATFORM/ACCOUNT/KIND:CHAT`, with the platform's id in the
        configuration. The rest is as for `reply`.

        Raises:
            BotMistake: there is nothing to say, or a part is no segment.
            ValueError: *address* is no address.
        """
        self._not_in_thread("send")
        to = parsed(address)
        said = as_body(body)
        return self._say(self._outbound(to, str(to), said, key, OutboundKind.NOTICE))

    def ask(
        self, *question: Segment | str, within: float = ASK_SECONDS
    ) -> Coroutine[Any, Any, Context]:
        """Ask the sender something, and return the context of the answer.

        The answer is the next message of the same person in the same chat, whatever
        it says; no other handler hears of it. Meanwhile the chat goes on, and the handler's
        deadline stands still. A handler that waits so when the host ends is not run again.

        Raises:
            NoAnswer: nothing came within *within* seconds.
            NoChat: the event belongs to no chat, or nobody did it.
            TooManyParked: too many handlers of this bot wait already.
        """
        self._not_in_thread("ask")
        return self._ask(self._question(question), within)

    def call(self, action: str, /, **params: object) -> Coroutine[Any, Any, object]:
        """Call an action of this event's platform by its name; return its answer.

        `await ctx.call("get_group_info", group_id=42)`. The answer is the data that the
        platform sent, decoded and otherwise as it came. A call is not written down: a
        handler that runs again calls again.

        Raises:
            NotConnected: the account is not connected; nothing went out.
            CallRefused: no such action, wrong parameters, or the platform said no.
            CallUnknown: no answer came; it may have been done.
        """
        self._not_in_thread("call")
        return self._call(action, params)

    def later(
        self,
        delay: str | float | timedelta,
        handler: Callable[Concatenate[Context, P], object],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Coroutine[Any, Any, datetime]:
        """Run a handler later, in this chat: `await ctx.later("5m", remind, "tea")`.

        Returns when that will be, once it is written down: it survives a restart of the
        host. A handler that is run again for the same event asks for nothing twice.

        Args:
            delay: Seconds, a `timedelta`, or a text such as `"5m"`; at most 366 days.
            handler: One that was declared with `@bot.later()`.
            args: Its arguments, by place and by name: what JSON can hold, 64 KiB at most.
            kwargs: See *args*.

        Raises:
            BotMistake: *delay* is no duration, or *handler* cannot be run so.
            TooManyLaters: as much as may wait, waits already.
        """
        self._not_in_thread("later")
        return self._keep(self._later(delay, handler, args, kwargs))

    @property
    def sync(self) -> Sync:
        """The same for plain functions, which run in a thread: `ctx.sync.reply(...)`."""
        return Sync(self, self._turn)

    def help(self) -> str:
        """Return one usage line for each command that the sender may use."""
        sender, operator = self._row.event.sender, self.is_operator
        return help_text(
            handler
            for handler in self.bot.handlers
            if allowed(handler.permission, sender, operator=operator)
        )

    # --- inside ------------------------------------------------------------------------

    def _later(
        self,
        delay: object,
        function: object,
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
    ) -> Later:
        request = asked_for(self.bot, delay, function, args, kwargs)
        mark = next(self._ordinals)
        return self._voice.later(self._row, self._handler, mark, request)

    async def _keep(self, later: Later) -> datetime:
        await self._voice.services.laters.keep(later)
        return moment(later.due)

    def _call(
        self, action: str, params: Mapping[str, object]
    ) -> Coroutine[Any, Any, object]:
        row = self._row
        if row.platform == PLATFORM:
            why = "no platform began this run, so there is none to call"
            raise CallRefused(action, why)
        return called(
            self._voice.services.call, row.platform, row.account, action, params
        )

    def _question(self, parts: tuple[Segment | str, ...]) -> tuple[Asked, Outbound]:
        sender = self._row.event.sender
        if sender is None:
            raise NoChat(self._row.event.event)
        to, target = self._voice.address_of(self._row)
        said = as_body(parts)
        out = self._outbound(to, target, said, None, OutboundKind.REPLY)
        return (to.platform, to.account, to.chat, sender.id), out

    async def _ask(self, question: tuple[Asked, Outbound], within: float) -> Context:
        asked, out = question
        await self._say(out)
        row = await self._turn.wait(asked, in_short(out.body), within)
        return Context(
            self._voice, self._turn, row, self._handler, in_thread=self._in_thread
        )


_NOBODY = Sender("")
