"""The console: lines of standard input are messages, replies go to standard output.

The smallest whole platform. Read `platform` with its `config`, then `terminal` for what it
takes to read a terminal politely; `text` is pure. What does not happen here: line editing,
colours, history.
"""

from platforms.console.config import ConsoleConfig
from platforms.console.platform import Console
from platforms.console.terminal import StandardTerminal, Terminal

__all__ = ["Console", "ConsoleConfig", "StandardTerminal", "Terminal"]
