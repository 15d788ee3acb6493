"""IRC: one nick on one network, over lines of text, with whatever of IRCv3 is offered.

Read `platform` first, then `session` (one connection from the first line to the last),
`speaker` (what goes out over it), `language` (which lines are answers) and `speaking` (a
message becomes lines). `wire` is the protocol as values; `filling` and `channels` are about
what was missed; `config` and `wanting` are small and pure. Not here: sockets, when to dial again, keeping messages.
"""

from platforms.irc.config import IrcConfig
from platforms.irc.platform import Irc

__all__ = ["Irc", "IrcConfig"]
