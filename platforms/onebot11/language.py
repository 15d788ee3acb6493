"""The wire of OneBot v11, as a `Peer` wants to know it. Pure."""

from __future__ import annotations

from typing import TypeAlias

from platforms.base import Answer, Habits, Peer, Unreadable
from platforms.onebot11 import wire

Heard: TypeAlias = wire.Event | wire.Answer
"""What comes in. An `Answer` among it is one without an `echo`: nobody has asked for it."""
OneBotPeer: TypeAlias = Peer[Heard, wire.Answer]
OneBotHabits: TypeAlias = Habits[Heard, wire.Answer]


class OneBotLanguage:
    """Frames in, events and answers out."""

    def read(self, raw: str | bytes) -> Heard:
        match wire.decode(raw):
            case wire.Fault(kind, why):
                msg = f"{kind.value}: {why}"
                raise Unreadable(msg)
            case heard:
                return heard

    def answer_of(self, frame: Heard) -> Answer[wire.Answer] | None:
        if isinstance(frame, wire.Answer) and frame.key:
            return Answer(frame.key, frame)
        return None
