"""A bot as its author declares it. Everything is checked where it is declared. Pure.

Nothing runs here: a `Bot` is a description, and a `BotActor` brings it to life. A module may
hold several bots, and a bot may run in several hosts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import TypeVar

from attrs import evolve

from actors.bots import arguments
from actors.bots.errors import BotMistake
from actors.bots.handlers import (
    COMMAND_MAX_AGE,
    EVENT_MAX_AGE,
    TIMEOUT,
    Function,
    Handler,
    Options,
    Predicate,
    check_event,
    check_word,
    make_handler,
)
from actors.bots.matching import (
    MESSAGE,
    Table,
    always,
    pattern_of,
    searching,
    when,
)
from actors.bots.middleware import Middleware, check_middleware
from actors.bots.permissions import Allow
from actors.bots.providers import Provider, check_provider
from actors.bots.registry import Registry
from actors.bots.timing import RUN_MAX_AGE, on_request, on_schedule
from actors.schedule import Schedule, cron, every

F = TypeVar("F", bound=Function)
M = TypeVar("M", bound=Middleware)
P = TypeVar("P", bound=Provider)


class Bot:
    """A bot: its commands, what it listens to, and what these need.

    Args:
        name: One word, used in logs and in the tree.
        prefix: What a command starts with.
    """

    def __init__(self, name: str, prefix: str = "/") -> None:
        if not _fits(name, r"[\w.-]{1,64}"):
            msg = f"a bot's name must be 1 to 64 letters, digits, '.', '_' or '-' (got {name!r})"
            raise BotMistake(msg)
        if not _fits(prefix, r"\S{0,16}"):
            msg = f"a prefix must be at most 16 characters without white space (got {prefix!r})"
            raise BotMistake(msg)
        self.name = name
        self.prefix = prefix
        self._registry = Registry(prefix)
        self._middleware: list[Middleware] = []
        self._providers: dict[str, Provider] = {}

    def __repr__(self) -> str:
        return f"<Bot {self.name!r}: {len(self.handlers)} handlers>"

    # --- what an author declares -------------------------------------------------------

    def command(  # noqa: PLR0917 - the contract's order, mostly used by name
        self,
        name: str,
        aliases: Iterable[str] = (),
        allow: Allow = "anyone",
        rate: str | None = None,
        timeout: float = TIMEOUT,
        retry: int = 0,
        max_age: float = COMMAND_MAX_AGE,
        *,
        bots: bool = False,
    ) -> Callable[[F], F]:
        """Handle messages that start with the prefix and *name*, or one of *aliases*.

        Args:
            name: One word.
            aliases: Other words for the same.
            allow: Who may use it; anybody else is told once that they may not.
            rate: How often it may be used, such as `"5/min per user"`; whoever goes beyond
                is told once per window, and the message is dropped.
            timeout: Seconds one run may take. Time spent in `ctx.ask` is not counted.
            retry: How often to run it again after it failed; at most 10.
            max_age: Seconds after which a command that waited is not answered any more.
            bots: Whether other bots may use it, too.

        Raises:
            BotMistake: something about the declaration does not hold.
        """
        what = f"command {name!r}"
        if isinstance(aliases, str):
            msg = f"{what}: aliases must be a sequence of words, such as ('{aliases}',) (got {aliases!r})"
            raise BotMistake(msg)
        words = [check_word(f"{what}: a command", word) for word in (name, *aliases)]
        options = Options(
            allow=allow,
            rate=rate,
            timeout=timeout,
            retry=retry,
            max_age=max_age,
            bots=bots,
        )

        def declare(function: F) -> F:
            handler = make_handler(f"command:{name}", what, function, options)
            shown = arguments.usage(self.prefix + name, handler.signature.arguments)
            self._registry.add_command(evolve(handler, usage=shown), words)
            return function

        return declare

    def on(
        self,
        event: str,
        *,
        allow: Allow = "anyone",
        rate: str | None = None,
        timeout: float = TIMEOUT,
        retry: int = 0,
        max_age: float = EVENT_MAX_AGE,
        bots: bool = False,
    ) -> Callable[[F], F]:
        """Handle every event of that name, such as `"member.joined"`.

        A message that is a command is none for `on("message")`. The options are those of
        `command`; nobody is told of a refusal, since nobody asked for anything.

        Raises:
            BotMistake: something about the declaration does not hold.
        """
        options = Options(
            allow=allow,
            rate=rate,
            timeout=timeout,
            retry=retry,
            max_age=max_age,
            bots=bots,
        )
        check_event(event)

        def declare(function: F) -> F:
            handler = make_handler(
                self._registry.fresh(f"on:{event}", function),
                f"on {event!r}",
                function,
                options,
            )
            if handler.signature.arguments:
                first = handler.signature.arguments[0].name
                msg = f"on {event!r}: an event has no arguments; read them from ctx.event, or give {first!r} a default of use(...)"
                raise BotMistake(msg)
            self._registry.add_listener(event, handler, always)
            return function

        return declare

    def match(
        self,
        what: str | re.Pattern[str] | Predicate,
        *,
        allow: Allow = "anyone",
        rate: str | None = None,
        timeout: float = TIMEOUT,
        retry: int = 0,
        max_age: float = EVENT_MAX_AGE,
        bots: bool = False,
    ) -> Callable[[F], F]:
        r"""Handle messages in which a pattern is found, or that a predicate says yes to.

        Named groups of a pattern are the arguments: `r"weather in (?P<city>\w+)"` goes
        with `city: str`. A predicate gets the `Inbound` event. The options are those of
        `on`.

        Raises:
            BotMistake: something about the declaration does not hold.
        """
        options = Options(
            allow=allow,
            rate=rate,
            timeout=timeout,
            retry=retry,
            max_age=max_age,
            bots=bots,
        )
        pattern = pattern_of(what)

        def declare(function: F) -> F:
            shown = pattern.pattern if pattern is not None else what
            name = self._registry.fresh("match", function)
            handler = make_handler(name, f"match {shown!r}", function, options)
            taken = handler.signature.arguments
            if pattern is not None:
                test = searching(pattern, taken)
            elif taken or not callable(what):
                msg = f"match {shown!r}: a predicate fills no arguments (got {taken[0].name!r})"
                raise BotMistake(msg)
            else:
                test = when(what)
            self._registry.add_listener(MESSAGE, handler, test)
            return function

        return declare

    def every(
        self,
        period: str | float | timedelta,
        *,
        missed: str = "once",
        timeout: float = TIMEOUT,
        retry: int = 0,
        max_age: float = RUN_MAX_AGE,
    ) -> Callable[[F], F]:
        """Run a handler each *period*, counted from when this host first knew of it.

        There is no chat to reply in; it says something with `ctx.send(address, ...)`.

        Args:
            period: Seconds, a `timedelta`, or a text such as `"1h"`: from 1 s to 366 days.
                A restart of the host does not begin it anew.
            missed: What becomes of runs that came due while the host was down: `"once"`
                makes up for all with one, `"all"` for each (the latest 100), `"skip"` for none.
            timeout: Seconds one run may take.
            retry: How often to run it again after it failed.
            max_age: Seconds after which a run that waited for the bot is `expired`.

        Raises:
            BotMistake: something about the declaration does not hold.
        """
        options = Options(timeout=timeout, retry=retry, max_age=max_age)
        return on_schedule(
            self._registry, "every", lambda: every(period), missed, options
        )

    def cron(
        self,
        expression: str,
        *,
        tz: str = "UTC",
        missed: str = "once",
        timeout: float = TIMEOUT,
        retry: int = 0,
        max_age: float = RUN_MAX_AGE,
    ) -> Callable[[F], F]:
        """Run a handler when the clocks of *tz* show it: `cron("0 9 * * 1-5", tz="Asia/Shanghai")`.

        *expression* is minute, hour, day, month and weekday, as in crontab(5); *tz* is the
        name of a time zone. The rest is as for `every`.

        Raises:
            BotMistake: something about the declaration does not hold.
        """
        options = Options(timeout=timeout, retry=retry, max_age=max_age)
        return on_schedule(
            self._registry, "cron", lambda: cron(expression, tz), missed, options
        )

    def later(
        self,
        *,
        timeout: float = TIMEOUT,
        retry: int = 0,
        max_age: float = EVENT_MAX_AGE,
    ) -> Callable[[F], F]:
        """Declare a handler that `ctx.later` may run, perhaps after a restart of the host.

        By its function's name it is found again then, so that has to be its own and stay.
        The options are those of `command`, but *max_age* is a day.

        Raises:
            BotMistake: something about the declaration does not hold.
        """
        options = Options(timeout=timeout, retry=retry, max_age=max_age)
        return on_request(self._registry, options)

    def middleware(self, function: M) -> M:
        """Run `async def function(ctx, call_next)` around the handlers of every event.

        It runs once per event, however many handlers that is for; the first one declared
        is the outermost. An example: `actors/bots/middleware.py`.

        Raises:
            BotMistake: it is no coroutine function of a context and what comes next.
        """
        check_middleware(function)
        self._middleware.append(function)
        return function

    def provide(self, name: str) -> Callable[[P], P]:
        """Provide a dependency, which handlers take with `db: Database = use("db")`.

        What is decorated is a function that returns the value, a coroutine function that
        does, or an asynchronous generator that yields it once and cleans up after the
        `yield`. It is opened when the bot starts, and closed when that ends.

        Raises:
            BotMistake: *name* is taken, or the function takes arguments.
        """

        def declare(provider: P) -> P:
            check_provider(name, provider)
            if name in self._providers:
                msg = f"a dependency must be provided once (got {name!r} again)"
                raise BotMistake(msg)
            self._providers[name] = provider
            return provider

        return declare

    # --- what a host reads -------------------------------------------------------------

    @property
    def handlers(self) -> tuple[Handler, ...]:
        """Every handler, in the order of declaration."""
        return tuple(self._registry.handlers.values())

    @property
    def middlewares(self) -> tuple[Middleware, ...]:
        return tuple(self._middleware)

    @property
    def providers(self) -> Mapping[str, Provider]:
        return MappingProxyType(self._providers)

    @property
    def schedules(self) -> tuple[Schedule, ...]:
        """The handlers of `every` and `cron`: what is run again and again, and when."""
        return tuple(self._registry.schedules)

    def table(self) -> Table:
        """Return what it listens to, as of now: later declarations do not change it."""
        return self._registry.table()


def _fits(value: object, pattern: str) -> bool:
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None
