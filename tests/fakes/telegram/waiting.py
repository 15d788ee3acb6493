"""Updates that wait to be fetched, by Telegram's rules. Pure: time is an argument.

Sources: core.telegram.org/bots/api#getupdates; tdlib/telegram-bot-api `do_get_updates`
and tdlib/td `TQueue.cpp`. They are kept for 24 hours, or until a request with a higher
offset confirms them. An offset that is far from all of them confirms nothing: numbers
begin anew somewhere after a quiet week.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypeAlias

from attrs import define, field

KEPT_SECONDS = 24 * 3600.0
MAX_LIMIT = 100
AHEAD, BEHIND = 10, 2_000_000
"""What is farther away is no offset of these updates."""
NOT_BY_DEFAULT = frozenset(
    {"chat_member", "message_reaction", "message_reaction_count"}
)

Update: TypeAlias = dict[str, Any]


@define
class Waiting:
    """One bot's."""

    next_id: int = 1
    allowed: frozenset[str] = frozenset()
    """What the last request asked for; empty: everything that comes by default."""
    _updates: list[tuple[float, Update]] = field(factory=list)

    def __len__(self) -> int:
        return len(self._updates)

    def put(self, kind: str, payload: object, now: float) -> Update | None:
        """Let something wait; `None`: nobody wants that kind."""
        wanted = kind in self.allowed if self.allowed else kind not in NOT_BY_DEFAULT
        if not wanted:
            return None
        update = {"update_id": self.next_id, kind: payload}
        self.next_id += 1
        self._updates.append((now, update))
        return update

    def allow(self, kinds: Collection[str] | None) -> None:
        """From now on only *kinds* are kept; `None` changes nothing."""
        if kinds is not None:
            self.allowed = frozenset(kinds)

    def fetch(self, offset: int, limit: int, now: float) -> list[Update]:
        """Confirm what is before *offset*, and return what waits from there on."""
        self._updates = [each for each in self._updates if now - each[0] < KEPT_SECONDS]
        if offset < 0:
            self._updates = self._updates[offset:]
        elif self.next_id - BEHIND <= offset <= self.next_id + AHEAD:
            self._updates = [
                each for each in self._updates if each[1]["update_id"] >= offset
            ]
        limit = min(max(limit, 1), MAX_LIMIT)
        return [update for _, update in self._updates[:limit]]

    def drop(self) -> None:
        self._updates.clear()
