"""What is known of a connection: who we are there, what the server can, who is where. Pure."""

from __future__ import annotations

from typing import Final

from attrs import define, field

from platforms.irc.wire.capabilities import Capabilities
from platforms.irc.wire.line import Line
from platforms.irc.wire.roster import Roster
from platforms.irc.wire.support import Support

_SAID: Final = frozenset({"PRIVMSG", "NOTICE", "TAGMSG"})


@define
class Known:
    """Learned from each line, in order; see `hear`."""

    account: str
    """What the host calls us: the nick that we want, whatever we are called just now."""
    nick: str
    mask: str = ""
    """Our `user@host`, as others see it; empty until the server has shown it."""
    support: Support = field(factory=Support)
    capabilities: Capabilities = field(factory=Capabilities)
    roster: Roster = field(factory=Roster)

    def fold(self, name: str) -> str:
        """Return *name* so that equal ones are equal texts."""
        return self.support.fold(name)

    def is_us(self, nick: str) -> bool:
        """Say whether *nick* is ours."""
        return self.fold(nick) == self.fold(self.nick)

    def hear(self, line: Line) -> None:
        """Take in what *line* changes. An event is read before, with what was so until then."""
        fold = self.support.fold
        us = fold(self.nick)
        if line.prefix and fold(line.nick) == us:
            mask = line.prefix.partition("!")[2]
            self.mask = mask or self.mask
        if line.command in _SAID:  # nearly always: nothing else is changed by it
            return
        self.roster.hear(line, us, self.support)
        match line.command:
            case "NICK" if self.is_us(line.nick):
                self.nick = line.param(0)
            case "005":
                self.support = self.support.told(line.params)
            case "CAP":
                self.capabilities = self.capabilities.told(line)
            case "396":  # RPL_HOSTHIDDEN: our host is another one now
                user = self.mask.partition("@")[0]
                host = line.param(1).rpartition("@")[2]
                self.mask = f"{user}@{host}" if user and host else ""
            case _:
                pass
