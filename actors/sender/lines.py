"""Which of our accounts are connected: the switchboard. Lines are compared by identity."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import structlog

from actors.journal import AccountKey
from actors.sender.line import Line
from actors.sender.terms import Terms

log = structlog.get_logger()

Changed: TypeAlias = Callable[[AccountKey, Line | None], None]


class Lines:
    """One line per account, the newest. One object for the life of the host.

    A connection connects its line when it is up and disconnects it when it ends; a
    late farewell of an old one cannot take the line of its successor away.
    """

    def __init__(self) -> None:
        self._lines: dict[AccountKey, Line] = {}
        self._keys: dict[int, AccountKey] = {}
        self._terms: dict[AccountKey, Terms] = {}
        self._changed: Changed | None = None

    def on_change(self, changed: Changed) -> None:
        """Call *changed(account, lost line)*. One listener; the last one counts."""
        self._changed = changed

    def off_change(self, changed: Changed) -> None:
        """Call it no longer; nothing happens if another one has taken its place."""
        if self._changed is changed:
            self._changed = None

    def connect(self, line: Line, terms: Terms | None = None) -> None:
        """From now on this is the line of its account; a former one is lost.

        Args:
            line: Where things can be said.
            terms: On which its platform takes them. By default there is no rate, and the
                platform recognises no key.
        """
        key = (line.platform, line.account)
        former = self._lines.get(key)
        if former is line:
            return
        self._lines[key] = line
        self._terms[key] = terms or Terms()
        self._keys[id(line)] = key
        if former is not None:
            del self._keys[id(former)]
            log.info("line.replaced", platform=key[0], account=key[1])
        self._tell(key, former)

    def disconnect(self, line: Line) -> None:
        """The line is lost. Nothing happens if another one has taken its place."""
        key = self._keys.get(id(line))
        if key is None or self._lines.get(key) is not line:
            return
        del self._keys[id(line)], self._lines[key], self._terms[key]
        self._tell(key, line)

    def _tell(self, account: AccountKey, lost: Line | None) -> None:
        if self._changed is not None:
            self._changed(account, lost)

    def of(self, account: AccountKey) -> Line | None:
        return self._lines.get(account)

    def terms(self, account: AccountKey) -> Terms | None:
        """Return the terms of an account that is connected."""
        return self._terms.get(account)

    def accounts(self) -> list[AccountKey]:
        """Return the accounts that are connected."""
        return list(self._lines)
