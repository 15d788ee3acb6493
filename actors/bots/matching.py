"""Which handlers an event is for. Pure.

Declared, so that nobody has to guess:

1. A message that starts with the prefix and the name of a command is for that
   command and for nobody else of this bot. Capitals do not matter.
2. Any other event is for every `match` and `on` handler it fits, in the order in
   which they were declared. Each is on its own: one that fails costs the others
   nothing.
3. What other bots say is only for handlers that asked for it with `bots=True`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from attrs import field, frozen

from actors.bots.arguments import Argument, NotThat, WrongArguments, read
from actors.bots.errors import BotMistake
from actors.bots.handlers import Handler, Predicate
from actors.bots.words import read_line
from actors.messages import Inbound, Text

MESSAGE = "message"
NOTHING: Mapping[str, object] = {}

Test: TypeAlias = Callable[[Inbound], Mapping[str, object] | WrongArguments | None]
"""Says whether an event fits a listener: the values of the handler's arguments, what is
wrong with the words that are there for them, or `None` if it does not fit."""


@frozen
class Match:
    """A handler an event is for, with the values of its arguments."""

    handler: Handler
    values: Mapping[str, object] = NOTHING
    wrong: WrongArguments | None = None
    """Set where the words do not fit the arguments: the handler is not run."""
    broken: Exception | None = None
    """What the author's predicate raised; it is the outcome of this handler."""


@frozen(eq=False)
class Table:
    """Everything a bot listens to, in the form that is quick to ask."""

    prefix: str
    commands: Mapping[str, Handler]
    """By prefix and name, capitals folded."""
    listeners: Mapping[str, tuple[tuple[Handler, Test], ...]]
    """By the name of the event."""
    events: frozenset[str] = field(init=False)
    # What most events come to is made once: a command as it is called, and a handler
    # that takes no arguments.
    _commands: Mapping[str, tuple[Match]] = field(init=False)
    _bare: Mapping[Handler, Match] = field(init=False)

    def __attrs_post_init__(self) -> None:
        names = set(self.listeners) | ({MESSAGE} if self.commands else set())
        heard = [handler for all_ in self.listeners.values() for handler, _ in all_]
        commands = {word: (Match(handler),) for word, handler in self.commands.items()}
        object.__setattr__(self, "events", frozenset(names))
        object.__setattr__(self, "_commands", commands)
        object.__setattr__(
            self, "_bare", {handler: Match(handler) for handler in heard}
        )

    def match(self, event: Inbound) -> tuple[Match, ...]:
        """Return the handlers *event* is for, with their arguments."""
        by_bot = event.sender is not None and event.sender.is_bot
        if event.event == MESSAGE and self.commands:
            found = self._command(event)
            if found is not None:
                return () if by_bot and not found[0].handler.bots else found
        listeners = self.listeners.get(event.event)
        if listeners is None:
            return ()
        matches = []
        for handler, test in listeners:
            if by_bot and not handler.bots:
                continue
            try:
                values = test(event)
            except Exception as error:  # noqa: BLE001 - the author's code costs its own handler only
                matches.append(Match(handler, broken=error))
                continue
            if values is NOTHING:
                matches.append(self._bare[handler])
            elif isinstance(values, WrongArguments):
                matches.append(Match(handler, wrong=values))
            elif values is not None:
                matches.append(Match(handler, values))
        return tuple(matches)

    def _command(self, event: Inbound) -> tuple[Match] | None:
        body = event.body
        if len(body) == 1 and isinstance(body[0], Text):
            text = body[0].text
        else:
            text = read_line(body).text
        first = text.split(None, 1)
        if not first or not first[0].startswith(self.prefix):
            return None
        found = self._commands.get(first[0].casefold())
        if found is None:
            return None
        handler = found[0].handler
        arguments = handler.signature.arguments
        if not arguments:
            # A command that declares nothing may read `ctx.text` for itself.
            return found
        at = text.index(first[0]) + len(first[0])
        values = read(arguments, read_line(body), at)
        if isinstance(values, WrongArguments):
            return (Match(handler, wrong=values),)
        return (Match(handler, values),)


def always(_: Inbound) -> Mapping[str, object]:
    """Every event of that name."""
    return NOTHING


def when(predicate: Predicate) -> Test:
    """Events the author's *predicate* says yes to."""

    def test(event: Inbound) -> Mapping[str, object] | None:
        return NOTHING if predicate(event) else None

    return test


def pattern_of(what: str | re.Pattern[str] | Predicate) -> re.Pattern[str] | None:
    """Return the pattern that `match(what)` means; `None`: it is a predicate.

    Raises:
        BotMistake: it is neither.
    """
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


def searching(pattern: re.Pattern[str], arguments: tuple[Argument, ...]) -> Test:
    """Messages in which *pattern* is found; its named groups are the arguments.

    Raises:
        BotMistake: an argument is no group of the pattern.
    """
    for argument in arguments:
        if argument.name not in pattern.groupindex:
            msg = f"argument {argument.name!r} must be a named group of the pattern, such as (?P<{argument.name}>...) (got {pattern.pattern!r})"
            raise BotMistake(msg)

    def test(event: Inbound) -> Mapping[str, object] | WrongArguments | None:
        found = pattern.search(event.text)
        if found is None:
            return None
        return _from_groups(arguments, found) if arguments else NOTHING

    return test


def _from_groups(
    arguments: tuple[Argument, ...], found: re.Match[str]
) -> Mapping[str, object] | WrongArguments:
    values: dict[str, object] = {}
    for argument in arguments:
        text = found[argument.name]
        if text is None and not argument.required:
            values[argument.name] = argument.default
            continue
        # A group of a pattern is one word, whatever it holds.
        try:
            values[argument.name] = argument.value(text or "")
        except NotThat as wrong:
            return WrongArguments(f"{argument.shown} must be {wrong} (got {text!r})")
    return values
