"""The lines of IRC as a `Peer` wants to know them: which are answers, which are events."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from platforms.base import Answer, Habits, Peer, Unreadable
from platforms.irc import wire

IrcPeer: TypeAlias = Peer[wire.Line, wire.Verdict]
IrcHabits: TypeAlias = Habits[wire.Line, wire.Verdict]


class IrcLanguage:
    """Lines in, events and answers out; a PING is answered at once, whatever waits."""

    def __init__(
        self, confirming: wire.Confirming, pinged: Callable[[str], None]
    ) -> None:
        self._confirming = confirming
        self._pinged = pinged

    def read(self, raw: str | bytes) -> wire.Line:
        line = wire.parse(raw if isinstance(raw, str) else wire.decode(raw))
        if line is None:
            msg = "a line must hold a command"
            raise Unreadable(msg)
        if line.command == "PING":
            self._pinged(line.param(-1))
        return line

    def answer_of(self, frame: wire.Line) -> Answer[wire.Verdict] | None:
        settles = self._confirming.hear(frame)
        return None if settles is None else Answer(settles.ref, settles.verdict)
