"""`rookery demo`: a real host that is broken every few seconds, and the books kept on it.

Read `process` first: it starts the host (`host`, whose process runs `hosted`), a peer that
chats with it (`peer`), and what breaks it (`breaking`), and draws until it ends. `books` is
what was seen so far, `account` how lost and doubled messages are counted, `view` what is
shown (`terminal`: where), `settings` what the host is told, `ports` where it listens.

What does not happen here: anything a host does. The demo is a stranger to it, and knows
it by its sockets, its pipes and its command line only.
"""

from rookery.demonstration.account import Account, Said, account_of
from rookery.demonstration.process import run_demo
from rookery.demonstration.settings import settings_text
from rookery.demonstration.view import Snapshot, plain_line, report_text, screen_lines

__all__ = [
    "Account",
    "Said",
    "Snapshot",
    "account_of",
    "plain_line",
    "report_text",
    "run_demo",
    "screen_lines",
    "settings_text",
]
