"""What a homeserver keeps: rooms with their events, each at a place in one stream."""

from __future__ import annotations

from itertools import count
from typing import Any

from attrs import define, field

Event = dict[str, Any]
_ids = count(1)


@define(eq=False)
class Room:
    """One room. `events` are (place in the stream, event), oldest first."""

    id: str
    creator: str
    events: list[tuple[int, Event]] = field(factory=list)
    state: dict[tuple[str, str], Event] = field(factory=dict)

    def membership(self, user: str) -> str:
        member = self.state.get(("m.room.member", user))
        return "" if member is None else str(member["content"]["membership"])

    def members(self) -> list[str]:
        return [
            key
            for kind, key in self.state
            if kind == "m.room.member" and self.membership(key) == "join"
        ]

    def between(self, after: int, until: int) -> list[tuple[int, Event]]:
        return [(at, event) for at, event in self.events if after < at <= until]

    def find(self, event_id: str) -> Event | None:
        return next((e for _, e in self.events if e["event_id"] == event_id), None)

    def add(
        self,
        at: int,
        kind: str,
        sender: str,
        content: Event,
        *,
        state_key: str | None = None,
        event_id: str = "",
        sent_at: float = 0.0,
    ) -> Event:
        """Put an event at the end, and into the state if it is of it."""
        event: Event = {
            "type": kind,
            "sender": sender,
            "content": content,
            "event_id": event_id or f"$fake{next(_ids)}",
            "origin_server_ts": int(sent_at * 1000),
            "unsigned": {},
        }
        if state_key is not None:
            event["state_key"] = state_key
            before = self.state.get((kind, state_key))
            if before is not None:
                event["unsigned"] = {
                    "prev_content": before["content"],
                    "prev_sender": before["sender"],
                    "replaces_state": before["event_id"],
                }
            self.state[kind, state_key] = event
        self.events.append((at, event))
        return event

    def names_of(self, events: list[Event]) -> list[Event]:
        """Return who the senders of *events* are, as a client that loads lazily is told."""
        senders = dict.fromkeys(event["sender"] for event in events)
        return [
            member
            for sender in senders
            if (member := self.state.get(("m.room.member", sender))) is not None
        ]
