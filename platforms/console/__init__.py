"""The console: lines of standard input are messages, replies go to standard output.

The smallest whole platform; read `platform`, then `terminal` for what it takes to read
a terminal politely. `text` is pure. No line editing, no colours, no history.
"""

from platforms.console.config import ConsoleConfig
from platforms.console.platform import Console
from platforms.console.terminal import StandardTerminal, Terminal

__all__ = ["Console", "ConsoleConfig", "StandardTerminal", "Terminal"]
