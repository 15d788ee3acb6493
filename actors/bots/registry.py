"""What a bot listens to, collected handler by handler as its author declares them. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from actors.bots.errors import BotMistake
from actors.bots.handlers import Function, Handler
from actors.bots.matching import Table, Test
from actors.schedule import Schedule


class Registry:
    """The handlers of one bot, by name, and what each of them is for."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._commands: dict[str, Handler] = {}
        self._listeners: dict[str, list[tuple[Handler, Test]]] = {}
        self.handlers: dict[str, Handler] = {}
        """In the order of declaration."""
        self.schedules: list[Schedule] = []

    def add_command(self, handler: Handler, words: Iterable[str]) -> None:
        """Let *handler* have the commands of these names.

        Raises:
            BotMistake: one of them is another one's.
        """
        keys = [(self._prefix + word).casefold() for word in words]
        for key in keys:
            other = self._commands.get(key)
            if other is not None:
                msg = f"a command must have a name of its own (got {key!r} for {handler.name!r}, which {other.name!r} has)"
                raise BotMistake(msg)
        self._commands |= dict.fromkeys(keys, handler)
        self.handlers[handler.name] = handler

    def add_listener(self, event: str, handler: Handler, test: Test) -> None:
        """Let *handler* have every *event* that passes *test*."""
        self._listeners.setdefault(event, []).append((handler, test))
        self.handlers[handler.name] = handler

    def fresh(self, kind: str, function: Function) -> str:
        """Return a name for a handler that is its own, and the same at every start.

        A number is appended where there is one of that name: many are called `_`.
        """
        base = f"{kind}:{getattr(function, '__name__', 'handler')}"
        name, number = base, 1
        while name in self.handlers:
            number += 1
            name = f"{base}#{number}"
        return name

    def table(self) -> Table:
        """Return what it listens to, as of now: later declarations do not change it."""
        listeners = {event: tuple(all_) for event, all_ in self._listeners.items()}
        return Table(self._prefix, dict(self._commands), listeners)
