"""A bot as its author declares it. Everything is checked where it is declared. Pure.

Nothing runs here: a `Bot` is a description, and a `BotActor` brings it to life. One
module may hold several, one bot may run in several hosts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
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
from actors.bots.matching import MESSAGE, Table, Test, always, searching, when
from actors.bots.middleware import Middleware, check_middleware
from actors.bots.permissions import Allow
from actors.bots.providers import Provider, check_provider

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
        self._handlers: dict[str, Handler] = {}
        self._commands: dict[str, Handler] = {}
        self._listeners: dict[str, list[tuple[Handler, Test]]] = {}
        self._middleware: list[Middleware] = []
        self._providers: dict[str, Provider] = {}

    def __repr__(self) -> str:
        return f"<Bot {self.name!r}: {len(self._handlers)} handlers>"

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
            allow: Who may; anybody else is told once that they may not.
            rate: How often, such as `"5/min per user"`; told once per window.
            timeout: Seconds one run may take. Time spent in `ctx.ask` is not counted.
            retry: How often to run it again after it failed.
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
            self._add_command(evolve(handler, usage=shown), words)
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
        """Handle every *event* of that name. Commands are not heard by `on("message")`.

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
                self._fresh(f"on:{event}", function), f"on {event!r}", function, options
            )
            if handler.signature.arguments:
                first = handler.signature.arguments[0].name
                msg = f"on {event!r}: an event has no arguments; read them from ctx.event, or give {first!r} a default of use(...)"
                raise BotMistake(msg)
            self._add_listener(event, handler, always)
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
        with `city: str`. A predicate gets the `Inbound` event.

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
        pattern = _compile(what)

        def declare(function: F) -> F:
            shown = pattern.pattern if pattern is not None else what
            name = self._fresh("match", function)
            handler = make_handler(name, f"match {shown!r}", function, options)
            taken = handler.signature.arguments
            if pattern is not None:
                test = searching(pattern, taken)
            elif taken or not callable(what):
                msg = f"match {shown!r}: a predicate fills no arguments (got {taken[0].name!r})"
                raise BotMistake(msg)
            else:
                test = when(what)
            self._add_listener(MESSAGE, handler, test)
            return function

        return declare

    def middleware(self, function: M) -> M:
        """Run *function* around every turn; see `actors/bots/middleware.py`.

        Raises:
            BotMistake: it is no coroutine function of a context and what comes next.
        """
        check_middleware(function)
        self._middleware.append(function)
        return function

    def provide(self, name: str) -> Callable[[P], P]:
        """Provide a dependency: opened when the bot starts, closed with it.

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
        return tuple(self._handlers.values())

    @property
    def middlewares(self) -> tuple[Middleware, ...]:
        return tuple(self._middleware)

    @property
    def providers(self) -> Mapping[str, Provider]:
        return MappingProxyType(self._providers)

    def table(self) -> Table:
        """Return what it listens to, as of now: later declarations do not change it."""
        listeners = {event: tuple(all_) for event, all_ in self._listeners.items()}
        return Table(self.prefix, dict(self._commands), listeners)

    # --- inside ------------------------------------------------------------------------

    def _add_command(self, handler: Handler, words: Iterable[str]) -> None:
        keys = [(self.prefix + word).casefold() for word in words]
        for key in keys:
            other = self._commands.get(key)
            if other is not None:
                msg = f"a command must have a name of its own (got {key!r} for {handler.name!r}, which {other.name!r} has)"
                raise BotMistake(msg)
        self._commands |= dict.fromkeys(keys, handler)
        self._handlers[handler.name] = handler

    def _add_listener(self, event: str, handler: Handler, test: Test) -> None:
        self._listeners.setdefault(event, []).append((handler, test))
        self._handlers[handler.name] = handler

    def _fresh(self, kind: str, function: Function) -> str:
        """Return a name that is the same at every start; many handlers are called `_`."""
        base = f"{kind}:{getattr(function, '__name__', 'handler')}"
        name, number = base, 1
        while name in self._handlers:
            number += 1
            name = f"{base}#{number}"
        return name


def _fits(value: object, pattern: str) -> bool:
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _compile(what: str | re.Pattern[str] | Predicate) -> re.Pattern[str] | None:
    """Return a pattern, or None for a predicate."""
    if isinstance(what, re.Pattern):
        return what
    if isinstance(what, str):
        try:
            return re.compile(what)
        except re.error as error:
            msg = f"match() takes a regular expression (got {what!r}: {error})"
            raise BotMistake(msg) from None
    if callable(what):
        return None
    msg = f"match() takes a pattern or a predicate (got {what!r})"
    raise BotMistake(msg)
