"""IRC: one nick on one network, over lines of text, with whatever of IRCv3 is offered.

What does not happen here: sockets, when to dial again, keeping messages.

Read `platform` first. Then by what you look for:

- one connection, from the first line to the last: `session`; how it is opened: `dialling`
- what goes out: `speaker`, `speaking` (a message becomes lines), `language` (which lines
  are answers to ours)
- what was missed while we were away: `filling`, `channels`
- the nick and the channels that we want and may not have yet: `wanting`
- the protocol as values: `wire`; the keys of its table: `config`
"""

from platforms.irc.config import IrcConfig
from platforms.irc.platform import Irc

__all__ = ["Irc", "IrcConfig"]
